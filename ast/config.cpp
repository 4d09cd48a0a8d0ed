// The table of settings, and the config block.
#include "ast/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>

#include "ast/number.h"

namespace fathom {

namespace {

constexpr std::uint32_t page_bytes = 4096;
constexpr std::uint32_t max_ring_pages = 1u << 18;
constexpr std::string_view prefix = "bpftrace_";

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t least, std::uint32_t most) {
  const auto value = parse_number(text);
  if (!value || *value < least || *value > most) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

ConfigKey number_key(std::string_view key, std::string_view old_key, std::uint32_t Settings::*member, std::uint32_t least, std::uint32_t most) {
  return {key, old_key, fmt::format("a number from {} to {}", least, most), [=](Settings& settings, std::string_view text) {
            auto value = number(text, least, most);
            if (value) settings.*member = *value;
            return value.has_value();
          },
          [=](const Settings& settings) -> SettingValue { return std::uint64_t{settings.*member}; }};
}

}  // namespace

std::optional<bool> is_truth(std::string_view text) {
  std::string word = lower(text);
  for (std::string_view yes : {"true", "1", "on", "yes"}) {
    if (word == yes) return true;
  }
  for (std::string_view no : {"false", "0", "off", "no"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

namespace {

ConfigKey bool_key(std::string_view key, bool Settings::*member) {
  return {key, "", "true or false", [=](Settings& settings, std::string_view text) {
            auto value = is_truth(text);
            if (value) settings.*member = *value;
            return value.has_value();
          },
          [=](const Settings& settings) -> SettingValue { return settings.*member; }};
}

// Words in the order in which they are offered; letter case does not count.
template <class Value>
ConfigKey word_key(std::string_view key, Value Settings::*member, std::vector<std::pair<std::string_view, Value>> words) {
  std::string takes;
  for (std::size_t i = 0; i < words.size(); ++i) {
    takes += fmt::format("{}`{}`", i == 0 ? "" : i + 1 == words.size() ? " or " : ", ", words[i].first);
  }
  return {key, "", takes, [member, words](Settings& settings, std::string_view text) {
            for (const auto& [word, value] : words) {
              if (lower(word) != lower(text)) continue;
              settings.*member = value;
              return true;
            }
            return false;
          },
          [member, words](const Settings& settings) -> SettingValue {
            for (const auto& [word, value] : words) {
              if (settings.*member == value) return std::string(word);
            }
            return std::string();
          }};
}

// What may still change can be used, used with a warning, or not.
ConfigKey stability_key(std::string_view key, Stability Settings::*member) {
  ConfigKey result = word_key(key, member, {{"enable", Stability::enable}, {"warn", Stability::warn}, {"error", Stability::error}});
  result.set = [set = result.set, member](Settings& settings, std::string_view text) {
    const auto wanted = is_truth(text);
    if (wanted) settings.*member = *wanted ? Stability::enable : Stability::error;
    return wanted || set(settings, text);
  };
  return result;
}

std::vector<ConfigKey> make_keys() {
  std::vector<ConfigKey> keys;
  keys.push_back(number_key("max_strlen", "strlen", &Settings::max_strlen, 1, 16384));
  keys.push_back(number_key("max_map_keys", "map_keys_max", &Settings::max_map_keys, 1, 16u << 20));
  keys.push_back(number_key("max_probes", "", &Settings::max_probes, 1, 1u << 20));
  keys.push_back(number_key("max_bpf_progs", "", &Settings::max_bpf_progs, 1, 1u << 20));
  keys.push_back(number_key("max_cat_bytes", "cat_bytes_max", &Settings::max_cat_bytes, 1, 1u << 30));
  keys.push_back(number_key("log_size", "", &Settings::log_size, 1024, 1u << 30));
  keys.push_back(number_key("on_stack_limit", "", &Settings::on_stack_limit, 0, 256));
  keys.push_back({"perf_rb_pages", "", fmt::format("a number of pages from 1 to {}", max_ring_pages), [](Settings& settings, std::string_view text) {
                    auto pages = number(text, 1, max_ring_pages);
                    if (pages) settings.ring_bytes = std::bit_ceil(*pages) * page_bytes;
                    return pages.has_value();
                  },
                  [](const Settings& settings) -> SettingValue { return std::uint64_t{settings.ring_bytes / page_bytes}; }});
  keys.push_back(word_key("missing_probes", &Settings::missing_probes,
                          {{"error", MissingProbes::error}, {"warn", MissingProbes::warn}, {"ignore", MissingProbes::ignore}}));
  keys.push_back(word_key("cache_user_symbols", &Settings::cache_user_symbols,
                          {{"PER_PID", SymbolCache::per_process}, {"PER_PROGRAM", SymbolCache::per_program}, {"NONE", SymbolCache::none},
                           {"1", SymbolCache::per_process}, {"0", SymbolCache::none}}));
  keys.push_back(word_key<std::string>("license", &Settings::license,
                                       {{"GPL", "GPL"}, {"GPL v2", "GPL v2"}, {"GPL and additional rights", "GPL and additional rights"},
                                        {"Dual BSD/GPL", "Dual BSD/GPL"}, {"Dual MIT/GPL", "Dual MIT/GPL"}, {"Dual MPL/GPL", "Dual MPL/GPL"}}));
  keys.push_back(bool_key("print_maps_on_exit", &Settings::print_maps_on_exit));
  keys.push_back(bool_key("cpp_demangle", &Settings::cpp_demangle));
  keys.push_back({"no_cpp_demangle", "", "true or false", [](Settings& settings, std::string_view text) {
                    auto value = is_truth(text);
                    if (value) settings.cpp_demangle = !*value;
                    return value.has_value();
                  },
                  nullptr});
  keys.push_back(bool_key("lazy_symbolication", &Settings::lazy_symbolication));
  keys.push_back(bool_key("show_debug_info", &Settings::show_debug_info));
  keys.push_back({"str_trunc_trailer", "", "a string", [](Settings& settings, std::string_view text) {
                    settings.truncation_trailer = std::string(text);
                    return true;
                  },
                  [](const Settings& settings) -> SettingValue { return settings.truncation_trailer; }});
  keys.push_back(word_key("stack_mode", &Settings::stack_mode,
                          {{"bpftrace", StackMode::bpftrace}, {"perf", StackMode::perf}, {"raw", StackMode::raw}, {"build_id", StackMode::build_id}}));
  keys.push_back({"use_blazesym", "", "true or false", [](Settings&, std::string_view text) { return is_truth(text).has_value(); }, nullptr,
                  "fathom reads symbols itself"});
  keys.push_back(stability_key("unstable_tseries", &Settings::unstable_tseries));
  keys.push_back(stability_key("unstable_dw_ustack", &Settings::unstable_dw_ustack));
  keys.push_back(stability_key("unstable_typeinfo", &Settings::unstable_typeinfo));
  keys.push_back(stability_key("unstable_import_statement", &Settings::unstable_import_statement));
  return keys;
}

constexpr std::string_view dead_keys[] = {"symbol_source", "max_type_res_iterations", "unstable_addr", "unstable_import", "unstable_macro", "unstable_map_decl"};

void apply_entry(const ast::ConfigEntry& entry, Settings& settings, Diagnostics& diagnostics) {
  std::string key = lower(entry.key);
  if (key.starts_with(prefix)) key = key.substr(prefix.size());
  if (std::ranges::find(dead_keys, key) != std::end(dead_keys)) {
    diagnostics.report<DiagnosticId::dead_config_key>(entry.key_range, entry.key);
    return;
  }
  std::vector<std::string> names;
  for (const ConfigKey& known : config_keys()) {
    names.emplace_back(known.key);
    if (key != known.key && (known.old_key.empty() || key != known.old_key)) continue;
    if (key == known.old_key) diagnostics.report<DiagnosticId::old_config_key>(entry.key_range, entry.key, known.key);
    if (!known.set(settings, entry.value)) {
      diagnostics.report<DiagnosticId::config_value>(entry.value_range, entry.value, known.key).with_help("it takes " + known.takes);
    } else if (!known.idle.empty() && is_truth(entry.value).value_or(false)) {
      diagnostics.report<DiagnosticId::idle_config_key>(entry.key_range, entry.key, known.idle);
    }
    return;
  }
  const std::string help = did_you_mean(key, names);
  diagnostics.report<DiagnosticId::unknown_config_key>(entry.key_range, entry.key)
      .with_help(help.empty() ? "they stand in the manual, fathom(1), under ENVIRONMENT" : help);
}

}  // namespace

std::span<const ConfigKey> config_keys() {
  static const std::vector<ConfigKey> keys = make_keys();
  return keys;
}

std::span<const std::string_view> dead_config_keys() { return dead_keys; }

void apply_config(const ast::Program& program, Settings& settings, Diagnostics& diagnostics) {
  for (const ast::ConfigEntry& entry : program.config) apply_entry(entry, settings, diagnostics);
}

}  // namespace fathom

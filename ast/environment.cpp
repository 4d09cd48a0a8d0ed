// Environment variables, by the table of settings.
#include "ast/environment.h"

#include <fmt/format.h>

#include "ast/config.h"

namespace fathom {

namespace {

std::string variable_of(std::string_view key) {
  std::string name = "BPFTRACE_";
  for (char c : key) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

}  // namespace

Result<std::vector<std::string>> apply_environment(Settings& settings, const std::function<const char*(const char*)>& get) {
  std::vector<std::string> warnings;
  for (const ConfigKey& key : config_keys()) {
    for (std::string_view name : {key.old_key, key.key}) {
      if (name.empty()) continue;
      std::string variable = variable_of(name);
      const char* text = get(variable.c_str());
      if (text == nullptr) continue;
      if (name == key.old_key) warnings.push_back(fmt::format("{} is now called {}", variable, variable_of(key.key)));
      if (!key.idle.empty() && is_truth(text).value_or(false)) warnings.push_back(fmt::format("{} changes nothing: {}", variable, key.idle));
      if (!key.set(settings, text)) return fail(fmt::format("`{}` is no value for {}", text, variable), "it takes " + key.takes);
    }
  }
  for (std::string_view key : dead_config_keys()) {
    std::string variable = variable_of(key);
    if (get(variable.c_str()) != nullptr) warnings.push_back(fmt::format("{} no longer means anything", variable));
  }
  return warnings;
}

}  // namespace fathom

// Patterns are for attach points or for types; the file of a program stands for what can be probed in it.
#include "listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/probes/attach.h"
#include "runtime/probes/listing.h"

namespace fathom {

namespace {

// Whether there is such a file with machine code in it (ELF).
bool is_program(const std::string& path) {
  constexpr std::string_view magic = "\x7f" "ELF";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return false;
  std::array<char, magic.size()> bytes{};
  const bool read = std::fread(bytes.data(), 1, bytes.size(), file) == bytes.size();
  std::fclose(file);
  return read && std::string_view(bytes.data(), bytes.size()) == magic;
}

// `struct NAME`, `union NAME`, `enum NAME`: kernel types; with -v what they hold. Empty: the pattern is none of these.
std::optional<Result<std::string>> list_types(std::string_view pattern, const LinuxTarget& target, bool whole) {
  for (const std::string_view keyword : {"struct", "union", "enum"}) {
    if (!pattern.starts_with(keyword) || !pattern.substr(keyword.size()).starts_with(' ')) continue;
    if (!target.has(Feature::btf)) return fail("types can not be listed: " + std::string(absence_of(Feature::btf)));
    std::string_view name = pattern.substr(keyword.size());
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    std::string text;
    for (const TypeDefinition& type : target.type_definitions(keyword, name, whole)) {
      if (whole) text += type.module + ": ";
      text += (whole ? type.text + "\n" : type.name) + "\n";
    }
    if (text.empty()) return fail(fmt::format("no type of this kernel matches `{}`", pattern), fmt::format("`*` stands for any text: `fathom -l '{} task*'`", keyword));
    return text;
  }
  return std::nullopt;
}

Result<std::string> list(std::string_view pattern, const Options& options, const LinuxTarget& target, const Report& report) {
  if (auto types = list_types(pattern, target, options.verbose)) return *types;
  auto probes = list_probes(all_probe_types(), pattern, target, options.verbose);
  if (!probes) return std::unexpected(probes.error());
  for (const Error& withheld : probes->withheld) report.warn(withheld);
  std::string text;
  for (const ListedProbe& probe : probes->probes) {
    text += probe.text + "\n";
    for (const std::string& argument : probe.arguments) text += "    " + argument + "\n";
  }
  return text;
}

}  // namespace

int list_machine(const Options& options, const LinuxTarget& target, const Report& report) {
  // A file name that does not exist is more likely than a pattern with a point in it.
  if (!is_program(options.file) && options.file.find('.') != std::string::npos && options.file.find_first_of(":*") == std::string::npos) {
    if (options.style == MessageStyle::own) {
      fmt::print(stderr, "warning: `{}` looks like the name of a file, but there is none; it is taken for a pattern\n", options.file);
    } else {
      fmt::print(stderr, "WARNING: It appears that '{0}' is a filename but the file does not exist. Treating '{0}' as a search pattern.\n", options.file);
    }
  }
  int code = 0;
  std::vector<std::string> patterns = is_program(options.file) ? std::vector{fmt::format("u*:\"{}\":*", options.file)} : split_patterns(options.file);
  for (const std::string& further : options.parameters) std::ranges::copy(split_patterns(further), std::back_inserter(patterns));
  for (const std::string& pattern : patterns) {
    const auto text = list(pattern, options, target, report);
    if (const int failed = text ? report.show(*text) : report(text.error()); failed != 0) code = failed;
  }
  return code;
}

// The attach points of a script.
int list_script(const CheckedProgram& program, const Report& report) {
  std::string text;
  for (const CheckedProbe& probe : program.probes) {
    for (const AttachPoint& point : probe.attach_points) text += point.text + "\n";
  }
  return report.show(text);
}

bool lists_script(const Options& options) {
  return options.list && (options.program || options.file == "-" || (std::filesystem::is_regular_file(options.file) && !is_program(options.file)));
}

}  // namespace fathom

// Conditional compilation of the C part. Scripts wrap their fallback definitions for kernels without BTF in
// `#ifndef BPFTRACE_HAVE_BTF`; with BTF those fall away and nothing else is needed.
#include "ast/passes/definitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

namespace {

struct Directive {
  std::string name;      // "include"
  std::string argument;  // first word behind it
  std::string spelling;  // "#include <linux/sched.h>"
};

std::string_view next_word(std::string_view& text) {
  std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  std::size_t end = text.find_first_of(" \t\r\n", begin);
  std::string_view word = text.substr(begin, end == std::string_view::npos ? end : end - begin);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end);
  return word;
}

Directive read_directive(std::string_view line) {
  std::string_view rest = line.substr(1);
  Directive directive;
  directive.name = next_word(rest);
  directive.argument = next_word(rest);
  directive.spelling = fmt::format("#{}{}{}", directive.name, directive.argument.empty() ? "" : " ", directive.argument);
  return directive;
}

constexpr std::string_view directives[] = {"define", "undef", "if", "elif", "pragma", "error", "warning", "line"};

struct Condition {
  bool outer_active;
  bool taken;
};

}  // namespace

void check_definitions(const ast::Program& program, bool have_btf, Diagnostics& diagnostics) {
  std::vector<Condition> conditions;
  bool active = true;
  auto unsupported = [&](const ast::Definition& definition, const std::string& what, const char* help) {
    diagnostics.report<DiagnosticId::unsupported_feature>(definition.range, what).with_help(help);
  };
  for (const ast::Definition& definition : program.definitions) {
    if (definition.kind == ast::DefinitionKind::type) {
      std::string head = definition.text.substr(0, definition.text.find_first_of(" \t\r\n"));
      if (active) unsupported(definition, fmt::format("a `{}` definition", head), "types of the kernel are known without a definition");
      continue;
    }
    Directive directive = read_directive(definition.text);
    if (directive.name == "ifdef" || directive.name == "ifndef") {
      bool defined = directive.argument == "BPFTRACE_HAVE_BTF" && have_btf;
      bool taken = defined == (directive.name == "ifdef");
      conditions.push_back({active, taken});
      active = active && taken;
    } else if (directive.name == "else" && !conditions.empty()) {
      active = conditions.back().outer_active && !conditions.back().taken;
    } else if (directive.name == "endif" && !conditions.empty()) {
      active = conditions.back().outer_active;
      conditions.pop_back();
    } else if (directive.name == "include") {
      if (active) unsupported(definition, fmt::format("`{}`", directive.spelling), "types of the kernel are known without their headers: try without this line");
    } else if (active) {
      bool is_directive = std::ranges::find(directives, directive.name) != std::end(directives);
      unsupported(definition, is_directive ? fmt::format("`{}`", directive.spelling) : "a line that begins with `#`", is_directive ? "" : "comments begin with `//`");
    }
  }
}

}  // namespace fathom

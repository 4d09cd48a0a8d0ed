// Lines, conditions and text; directives.cpp has #define and #include.
#include "definitions/preprocessor.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace fathom {

namespace {

constexpr std::string_view other_directives[] = {"line", "ident", "sccs", "assert", "unassert"};

// In a condition, a name that is no macro is 0, and `__has_include` and its like are not there.
class ConditionNames final : public ConstantNames {
 public:
  std::optional<ConstantValue> name(TokenCursor& cursor) override {
    const bool is_true = cursor.take().is("true");
    if (cursor.is("(")) cursor.skip_balanced();
    return ConstantValue{is_true ? 1 : 0, false, true};
  }
};

}  // namespace

Preprocessor::Preprocessor(const CSetup& setup, CReporter& reporter) : setup_(setup), reporter_(reporter) {
  if (setup.have_btf) predefine("BPFTRACE_HAVE_BTF", "1");
  // What scripts and the system's headers ask about the compiler and its target.
  for (const char* name : {"__linux__", "__linux", "linux", "__unix__", "__KERNEL__", "__BPF_TRACING__", "__LP64__", "_LP64", "__STDC__", "__FATHOM__"})
    predefine(name, "1");
#if defined(__x86_64__)
  predefine("__x86_64__", "1");
  predefine("__x86_64", "1");
#elif defined(__aarch64__)
  predefine("__aarch64__", "1");
#endif
  predefine("__STDC_VERSION__", "201112L");
  predefine("__GNUC__", "4");
  predefine("__GNUC_MINOR__", "2");
  predefine("__CHAR_BIT__", "8");
  predefine("__SIZEOF_LONG__", "8");
  predefine("__SIZEOF_POINTER__", "8");
  predefine("__SIZEOF_INT__", "4");
  predefine("__INT_MAX__", "2147483647");
  predefine("__LONG_MAX__", "9223372036854775807L");
  predefine("__SIZE_TYPE__", "unsigned long");
  predefine("__PTRDIFF_TYPE__", "long");
  predefine("__WCHAR_TYPE__", "int");
  predefine("__WINT_TYPE__", "unsigned");
  predefine("__INTPTR_TYPE__", "long");
  predefine("__UINTPTR_TYPE__", "unsigned long");
  predefine("__ORDER_LITTLE_ENDIAN__", "1234");
  predefine("__ORDER_BIG_ENDIAN__", "4321");
  predefine("__BYTE_ORDER__", "1234");
  if (setup.kernel_version != 0) predefine("LINUX_VERSION_CODE", std::to_string(setup.kernel_version));
  Macro version{"KERNEL_VERSION", {}, true, false, {"a", "b", "c"}, tokenize_script("(((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))", 0)};
  macros_.insert_or_assign(version.name, std::move(version));
}

void Preprocessor::predefine(const std::string& name, const std::string& text) {
  macros_.insert_or_assign(name, Macro{name, {}, false, false, {}, tokenize_script(text, 0)});
}

void Preprocessor::read(const CTokens& text) {
  for (std::size_t i = 0; i < text.size();) {
    if (!text[i].begins_line || !text[i].is("#")) {
      if (is_active()) pending_.push_back(text[i]);
      ++i;
      continue;
    }
    CTokens line{text[i++]};
    while (i < text.size() && !text[i].begins_line) line.push_back(text[i++]);
    flush();
    directive(line);
  }
  flush();
}

void Preprocessor::flush() {
  if (pending_.empty()) return;
  CTokens expanded = MacroExpansion(macros_, reporter_).expand(pending_);
  std::ranges::move(expanded, std::back_inserter(output_));
  pending_.clear();
}

void Preprocessor::finish() {
  flush();
  for (const Condition& condition : conditions_) {
    reporter_.report<DiagnosticId::unclosed_condition>(condition.place, condition.word).with_help("end it with `#endif`");
  }
  conditions_.clear();
}

void Preprocessor::directive(const CTokens& line) {
  if (line.size() == 1) return;  // a lone `#` does nothing
  const CToken& name = line[1];
  const std::string word = name.kind == CKind::identifier ? name.text : "";
  if (conditional(word, line)) return;
  if (!is_active()) return;
  if (word == "define") {
    define(line);
  } else if (word == "undef") {
    undefine(line);
  } else if (word == "include" || word == "include_next" || word == "import") {
    include(line);
  } else if (word == "pragma") {
    pragma(line);
  } else if (word == "error" || word == "warning") {
    CTokens text(line.begin() + 2, line.end());
    std::string message = text.empty() ? "#" + word : spelling(text);
    if (word == "error") {
      reporter_.report<DiagnosticId::error_directive>(name.place, message);
    } else {
      reporter_.report<DiagnosticId::warning_directive>(name.place, message);
    }
  } else if (name.kind != CKind::number && std::ranges::find(other_directives, word) == std::end(other_directives)) {
    static const std::vector<std::string> known = {"define", "undef", "include", "if", "ifdef", "ifndef", "elif", "else", "endif", "error", "warning", "pragma"};
    const std::string guess = word.empty() ? "" : did_you_mean(word, known);
    reporter_.report<DiagnosticId::unknown_directive>(name.place, name.text).with_help(guess.empty() ? "comments begin with `//`" : guess);
  }
}

bool Preprocessor::conditional(const std::string& word, const CTokens& line) {
  if (word == "if") {
    open(line, word, is_active() && condition(line));
  } else if (word == "ifdef" || word == "ifndef") {
    const std::optional<bool> defined = is_active() ? is_defined(line) : false;
    open(line, word, defined && *defined == (word == "ifdef"));
    if (!defined) conditions_.back().was_taken = true;  // reported; what follows is not guessed at
  } else if (word == "elif" || word == "else" || word == "elifdef" || word == "elifndef") {
    otherwise(line, word);
  } else if (word == "endif") {
    if (conditions_.empty()) {
      reporter_.report<DiagnosticId::bad_directive>(line[1].place, "`#endif` without an `#if`");
    } else {
      conditions_.pop_back();
    }
  } else {
    return false;
  }
  return true;
}

void Preprocessor::open(const CTokens& line, const std::string& word, bool taken) {
  const bool outer = is_active();
  conditions_.push_back({line[1].place, word, outer, outer && taken, taken, false, line[1].place.file});
}

void Preprocessor::otherwise(const CTokens& line, const std::string& word) {
  if (conditions_.empty()) {
    reporter_.report<DiagnosticId::bad_directive>(line[1].place, fmt::format("`#{}` without an `#if`", word));
    return;
  }
  Condition& innermost = conditions_.back();
  if (innermost.had_else) {
    Diagnostic& diagnostic = reporter_.report<DiagnosticId::bad_directive>(line[1].place, fmt::format("`#{}` behind an `#else`", word));
    reporter_.label(diagnostic, line[1].place, innermost.place, "of this condition");
    return;
  }
  innermost.had_else = word == "else";
  bool taken = innermost.outer_active && !innermost.was_taken;
  if (taken && word == "elif") {
    taken = condition(line);
  } else if (taken && word != "else") {
    taken = is_defined(line) == std::optional(word == "elifdef");
  }
  innermost.is_active = taken;
  innermost.was_taken = innermost.was_taken || taken;
}

void Preprocessor::know_configuration(const CTokens& line) {
  const bool asks = std::ranges::any_of(line, [](const CToken& token) { return token.text.starts_with("CONFIG_"); });
  if (!asks || knows_configuration_ || !setup_.kernel_configuration) return;
  knows_configuration_ = true;
  for (const auto& [name, value] : setup_.kernel_configuration()) predefine(name, value);
}

std::optional<bool> Preprocessor::is_defined(const CTokens& line) {
  if (line.size() < 3 || line[2].kind != CKind::identifier) {
    reporter_.report<DiagnosticId::bad_directive>(line.size() < 3 ? line[1].place : line[2].place, fmt::format("`#{}` wants the name of a macro", line[1].text));
    return std::nullopt;
  }
  know_configuration(line);
  return macros_.contains(line[2].text);
}

bool Preprocessor::condition(const CTokens& line) {
  know_configuration(line);
  // `defined` looks at names before they expand.
  CTokens text;
  for (std::size_t i = 2; i < line.size(); ++i) {
    const bool parenthesis = line[i].is("defined") && i + 1 < line.size() && line[i + 1].is("(");
    const std::size_t name = i + (parenthesis ? 2 : 1);
    if (!line[i].is("defined") || name >= line.size() || line[name].kind != CKind::identifier) {
      text.push_back(line[i]);
      continue;
    }
    CToken value = line[i];
    value.kind = CKind::number;
    value.text = macros_.contains(line[name].text) ? "1" : "0";
    text.push_back(std::move(value));
    i = name;
    if (parenthesis && i + 1 < line.size() && line[i + 1].is(")")) ++i;
  }
  const CTokens expanded = MacroExpansion(macros_, reporter_).expand(text);
  TokenCursor cursor(expanded);
  ConditionNames names;
  ConstantExpression expression(cursor, names, ConstantWidth::preprocessor);
  const std::optional<ConstantValue> value = text.empty() ? std::nullopt : expression.read();
  if (!value || !cursor.at_end()) {
    const Place& place = text.empty() ? line[1].place : value ? cursor.peek().place : expression.problem().place;
    const std::string what = text.empty() ? fmt::format("`#{}` has no condition", line[1].text)
                             : value      ? fmt::format("`{}` does not belong in a condition", cursor.peek().text)
                                          : "in this condition " + expression.problem().text;
    reporter_.report<DiagnosticId::bad_directive>(place, what);
    return false;
  }
  return value->value != 0;
}

}  // namespace fathom

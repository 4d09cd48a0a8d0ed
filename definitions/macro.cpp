// Expansion as C defines it, but for one corner: a function-like macro whose name comes out of another macro takes its arguments only from
// there, not from the text behind.
#include "definitions/macro.h"

#include <fmt/format.h>

#include <algorithm>

namespace fathom {

namespace {

// Far beyond what headers do; a few nested macros could otherwise fill the memory.
constexpr std::size_t most_tokens = 200'000;

CToken stringified(const CTokens& argument, const Place& use) {
  std::string text = "\"";
  for (char c : spelling(argument)) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return {CKind::string, text + "\"", use, false, true};
}

CToken pasted(const CToken& left, const CToken& right) {
  const CTokens read = tokenize_script(left.text + right.text, 0);
  CToken token = left;
  token.text += right.text;
  if (read.size() == 1) token.kind = read.front().kind;
  return token;
}

}  // namespace

std::string spelling(const CTokens& tokens) {
  std::string text;
  for (const CToken& token : tokens) {
    if (token.after_blank && !text.empty()) text += ' ';
    text += token.text;
  }
  return text;
}

CTokens MacroExpansion::expand(const CTokens& text) { return expand(text, {}, nullptr); }

CTokens MacroExpansion::expand(const CTokens& text, const Names& hidden, const Place* use) {
  CTokens out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const CToken& token = text[i];
    const auto found = token.kind == CKind::identifier && !hidden.contains(token.text) ? macros_.find(token.text) : macros_.end();
    const bool called = i + 1 < text.size() && text[i + 1].is("(");
    if (found == macros_.end() || (found->second.has_parameters && !called)) {
      out.push_back(token);
      if (use != nullptr) out.back().place = *use;
      continue;
    }
    std::vector<CTokens> arguments;
    if (found->second.has_parameters) {
      std::size_t at = i + 1;
      if (!read_arguments(found->second, text, at, arguments)) {
        i = at - 1;
        continue;
      }
      expand_use(found->second, arguments, token, hidden, use, out);
      i = at - 1;
    } else {
      expand_use(found->second, arguments, token, hidden, use, out);
    }
  }
  return out;
}

void MacroExpansion::expand_use(const Macro& macro, const std::vector<CTokens>& arguments, const CToken& name, const Names& hidden,
                                const Place* use, CTokens& out) {
  const Place& place = use != nullptr ? *use : name.place;
  if (too_much_) return;
  CTokens body = substitute(macro, arguments, hidden, place);
  produced_ += body.size();
  if (produced_ > most_tokens) {
    too_much_ = true;
    reporter_.report<DiagnosticId::bad_macro_use>(place, fmt::format("`{}` expands to more than {} words", macro.name, most_tokens));
    return;
  }
  Names inner = hidden;
  inner.insert(macro.name);
  CTokens expanded = expand(body, inner, &place);
  if (!expanded.empty()) {
    expanded.front().after_blank = name.after_blank;
    expanded.front().begins_line = false;
  }
  std::ranges::move(expanded, std::back_inserter(out));
}

bool MacroExpansion::read_arguments(const Macro& macro, const CTokens& text, std::size_t& at, std::vector<CTokens>& arguments) {
  const CToken& name = text[at - 1];
  int depth = 0;
  arguments.emplace_back();
  for (; at < text.size(); ++at) {
    const CToken& token = text[at];
    if (token.is("(") && ++depth == 1) continue;
    if (token.is(")") && --depth == 0) break;
    const bool is_rest = macro.is_variadic && arguments.size() == macro.parameters.size();
    if (token.is(",") && depth == 1 && !is_rest) {
      arguments.emplace_back();
    } else {
      arguments.back().push_back(token);
    }
  }
  if (at == text.size()) {
    reporter_.report<DiagnosticId::bad_macro_use>(name.place, fmt::format("the arguments of the macro `{}` have no closing `)`", macro.name));
    return false;
  }
  ++at;
  if (macro.parameters.empty() && arguments.size() == 1 && arguments.front().empty()) arguments.clear();
  if (macro.is_variadic && arguments.size() + 1 == macro.parameters.size()) arguments.emplace_back();
  if (arguments.size() == macro.parameters.size()) return true;
  Diagnostic& diagnostic = reporter_.report<DiagnosticId::bad_macro_use>(
      name.place, fmt::format("the macro `{}` takes {} {}, {} given", macro.name, macro.parameters.size(),
                              macro.parameters.size() == 1 ? "argument" : "arguments", arguments.size()));
  reporter_.label(diagnostic, name.place, macro.place, "it is defined here");
  return false;
}

CTokens MacroExpansion::substitute(const Macro& macro, const std::vector<CTokens>& arguments, const Names& hidden, const Place& use) {
  const auto parameter = [&](const CToken& token) -> const CTokens* {
    if (token.kind != CKind::identifier) return nullptr;
    const auto found = std::ranges::find(macro.parameters, token.text);
    return found == macro.parameters.end() ? nullptr : &arguments[static_cast<std::size_t>(found - macro.parameters.begin())];
  };
  CTokens out;
  bool paste = false;
  for (std::size_t i = 0; i < macro.body.size(); ++i) {
    const CToken& token = macro.body[i];
    if (token.is("##") && !out.empty() && i + 1 < macro.body.size()) {
      paste = true;
      continue;
    }
    const CTokens* argument = parameter(token);
    CTokens piece;
    if (macro.has_parameters && token.is("#") && i + 1 < macro.body.size() && parameter(macro.body[i + 1]) != nullptr) {
      piece.push_back(stringified(*parameter(macro.body[++i]), use));
    } else if (argument != nullptr) {
      const bool raw = paste || (i + 1 < macro.body.size() && macro.body[i + 1].is("##"));
      piece = raw ? *argument : expand(*argument, hidden, &use);
      if (!piece.empty()) piece.front().after_blank = token.after_blank;
    } else {
      piece.push_back(token);
    }
    for (CToken& each : piece) each.place = use;
    std::size_t first = 0;
    if (paste && !piece.empty() && !out.empty()) {
      out.back() = pasted(out.back(), piece.front());
      first = 1;
    }
    paste = false;
    out.insert(out.end(), piece.begin() + static_cast<std::ptrdiff_t>(first), piece.end());
  }
  return out;
}

}  // namespace fathom

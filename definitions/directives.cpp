// #define, #undef, #include and #pragma.
#include <fmt/format.h>

#include <algorithm>

#include "definitions/headers.h"
#include "definitions/preprocessor.h"

namespace fathom {

namespace {

constexpr std::size_t deepest_include = 64;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, std::max<std::size_t>(slash, 1));
}

bool same_definition(const Macro& a, const Macro& b) {
  return a.has_parameters == b.has_parameters && a.parameters == b.parameters && spelling(a.body) == spelling(b.body);
}

}  // namespace

void Preprocessor::define(const CTokens& line) {
  if (line.size() < 3 || line[2].kind != CKind::identifier) {
    const Place& place = line.size() < 3 ? line[1].place : line[2].place;
    reporter_.report<DiagnosticId::bad_directive>(place, "`#define` wants a name").with_help("write `#define NAME value`");
    return;
  }
  Macro macro{line[2].text, line[2].place, false, false, {}, {}};
  if (macro.name == "defined") {
    reporter_.report<DiagnosticId::bad_directive>(macro.place, "`defined` can not be a macro");
    return;
  }
  std::size_t at = 3;
  // Only a parenthesis right behind the name opens parameters.
  if (at < line.size() && line[at].is("(") && !line[at].after_blank && !read_parameters(line, at, macro)) return;
  macro.body.assign(line.begin() + static_cast<std::ptrdiff_t>(at), line.end());
  const auto known = macros_.find(macro.name);
  if (known != macros_.end() && known->second.place.range.end != 0 && !same_definition(known->second, macro)) {
    Diagnostic& diagnostic = reporter_.report<DiagnosticId::macro_redefined>(macro.place, macro.name);
    reporter_.label(diagnostic, macro.place, known->second.place, "the first definition");
    diagnostic.with_help(fmt::format("`#undef {}` in between says that it is meant", macro.name));
  }
  std::string name = macro.name;
  macros_.insert_or_assign(std::move(name), std::move(macro));
}

bool Preprocessor::read_parameters(const CTokens& line, std::size_t& at, Macro& macro) {
  macro.has_parameters = true;
  ++at;
  while (at < line.size() && !line[at].is(")")) {
    if (line[at].is("...")) {
      macro.is_variadic = true;
      macro.parameters.emplace_back("__VA_ARGS__");
    } else if (line[at].kind == CKind::identifier) {
      macro.parameters.push_back(line[at].text);
      if (at + 1 < line.size() && line[at + 1].is("...")) {
        macro.is_variadic = true;
        ++at;
      }
    } else {
      break;
    }
    ++at;
    if (at >= line.size() || !line[at].is(",")) break;
    ++at;
  }
  if (at < line.size() && line[at].is(")")) {
    ++at;
    return true;
  }
  const Place& place = at < line.size() ? line[at].place : line.back().place;
  reporter_.report<DiagnosticId::bad_directive>(place, fmt::format("the parameters of the macro `{}` can not be read", macro.name))
      .with_help(fmt::format("they are names: `#define {}(a, b) …`", macro.name));
  return false;
}

void Preprocessor::undefine(const CTokens& line) {
  if (line.size() < 3 || line[2].kind != CKind::identifier) {
    reporter_.report<DiagnosticId::bad_directive>(line.size() < 3 ? line[1].place : line[2].place, "`#undef` wants the name of a macro");
    return;
  }
  macros_.erase(line[2].text);
}

void Preprocessor::include(const CTokens& line) {
  CTokens target(line.begin() + 2, line.end());
  if (!target.empty() && target.front().kind == CKind::identifier) target = MacroExpansion(macros_, reporter_).expand(target);
  if (!target.empty() && target.front().kind == CKind::string) {
    const std::string& text = target.front().text;
    read_header(std::string_view(text).substr(1, text.size() - 2), true, target.front().place);
    return;
  }
  std::size_t end = 1;
  while (end < target.size() && !target[end].is(">")) ++end;
  if (target.empty() || !target.front().is("<") || end == target.size() || end == 1) {
    const Place& place = target.empty() ? line[1].place : target.front().place;
    reporter_.report<DiagnosticId::bad_directive>(place, "`#include` wants the name of a header").with_help("write `#include <linux/sched.h>` or `#include \"mine.h\"`");
    return;
  }
  const CTokens name(target.begin() + 1, target.begin() + static_cast<std::ptrdiff_t>(end));
  Place place = target.front().place;
  if (place.file == 0) place.range = join(place.range, target[end].place.range);
  std::string text;
  for (const CToken& token : name) text += token.text;
  read_header(text, false, place);
}

void Preprocessor::include(const std::string& path) {
  Place place;  // the command line; shown at the script's start
  read_header(path, true, place);
}

void Preprocessor::read_header(std::string_view name, bool quoted, const Place& place) {
  const bool is_unneeded = is_usual_header(name) && !setup_.reads_usual_headers;
  if (!quoted && is_unneeded) {
    accepted_.emplace_back(name);
    return;
  }
  std::optional<std::string_view> directory;
  if (quoted) directory = directories_.empty() ? std::string_view(setup_.script_directory) : std::string_view(directories_.back());
  std::optional<Header> header = find_header(name, directory, setup_);
  if (!header && is_unneeded) {
    accepted_.emplace_back(name);
    return;
  }
  if (!header && setup_.reads_usual_headers) {
    missing_.emplace_back(name);
    return;
  }
  if (!header) {
    const std::string shown = quoted ? fmt::format("\"{}\"", name) : fmt::format("<{}>", name);
    reporter_.report<DiagnosticId::missing_header>(place, shown)
        .with_help("name its folder with -I, or write the types that the script needs into the script itself");
    return;
  }
  if (once_.contains(header->path)) return;
  if (paths_.size() >= deepest_include) {
    reporter_.report<DiagnosticId::bad_directive>(place, fmt::format("headers include each other more than {} levels deep", deepest_include));
    return;
  }
  const Range from = place.range;
  const FileNumber file = reporter_.add_file(header->path);
  directories_.push_back(directory_of(header->path));
  paths_.push_back(header->path);
  const std::size_t open = conditions_.size();
  read(tokenize_header(header->text, from, file));
  for (; conditions_.size() > open; conditions_.pop_back()) {
    reporter_.report<DiagnosticId::unclosed_condition>(conditions_.back().place, conditions_.back().word);
  }
  directories_.pop_back();
  paths_.pop_back();
}

void Preprocessor::pragma(const CTokens& line) {
  if (line.size() < 3) return;
  if (line[2].is("once") && !paths_.empty()) once_.insert(paths_.back());
  // `#pragma pack` changes layouts: it goes on to the parser, as a token of its own kind of line.
  if (line[2].is("pack")) {
    CTokens text(line.begin() + 1, line.end());
    text.front().text = "#pragma";
    text.front().kind = CKind::punctuator;
    text.front().begins_line = true;
    CToken end = text.back();
    end.text = "#end";
    end.kind = CKind::punctuator;
    text.push_back(std::move(end));
    std::ranges::move(text, std::back_inserter(output_));
  }
}

}  // namespace fathom

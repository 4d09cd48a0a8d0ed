// Diagnostics: what the user wrote wrong, where, and how to fix it. One row per kind stands in diagnostics.def; a diagnostic is made by
// naming its row, so that format and arguments are checked against each other when fathom is compiled.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ast/source.h"

namespace fathom {

enum class Severity : std::uint8_t { error, warning };

enum class DiagnosticId : std::uint16_t {
#define DIAGNOSTIC(id, severity, format) id,
#include "ast/diagnostics.def"
#undef DIAGNOSTIC
};

struct DiagnosticRow {
  std::string_view name;  // the id's spelling, printed in brackets and the name of its test
  Severity severity;
  std::string_view format;
};

inline constexpr DiagnosticRow diagnostic_rows[] = {
#define DIAGNOSTIC(id, severity, format) {#id, Severity::severity, format},
#include "ast/diagnostics.def"
#undef DIAGNOSTIC
};

constexpr const DiagnosticRow& row_of(DiagnosticId id) { return diagnostic_rows[static_cast<std::size_t>(id)]; }

struct Diagnostic {
  struct Label {
    Range range;
    std::string text;
  };

  DiagnosticId id;
  Range range;
  std::string message;
  std::vector<Label> labels;
  std::vector<std::string> help;

  Diagnostic& label(Range where, std::string text) {
    labels.push_back({where, std::move(text)});
    return *this;
  }
  // An empty text adds nothing, so that a suggestion that found no near name needs no `if`.
  Diagnostic& with_help(std::string text) {
    if (!text.empty()) help.push_back(std::move(text));
    return *this;
  }
};

class Diagnostics {
 public:
  template <DiagnosticId id, class... Args>
  Diagnostic& report(Range range, const Args&... args) {
    static_assert(placeholders(row_of(id).format) == sizeof...(args), "arguments do not match the format in diagnostics.def");
    return add(id, range, fmt::format(fmt::runtime(row_of(id).format), args...));
  }

  // What stands at `use` came from elsewhere (a macro): what is reported about exactly that place shows where.
  void add_origin(Range use, Range origin, std::string text) { origins_.push_back({use, {origin, std::move(text)}}); }

  bool has_errors() const { return errors_ != 0; }
  std::size_t errors() const { return errors_; }
  const std::vector<Diagnostic>& all() const { return all_; }
  // Sorted by place, errors before warnings, repeats dropped: the order in which they are shown.
  std::vector<Diagnostic> sorted() const;

 private:
  static constexpr std::size_t placeholders(std::string_view format) {
    std::size_t count = 0;
    for (std::size_t i = 0; i + 1 < format.size(); ++i) {
      if (format[i] == '{' && format[i + 1] == '{') {
        ++i;
      } else if (format[i] == '{') {
        ++count;
      }
    }
    return count;
  }
  Diagnostic& add(DiagnosticId id, Range range, std::string message);

  struct Origin {
    Range use;
    Diagnostic::Label label;
  };

  std::vector<Diagnostic> all_;
  std::vector<Origin> origins_;
  Diagnostic overflow_{};  // what nobody would read any more
  std::size_t errors_ = 0;
};

// The text shown to the user: message, place, source line, underline, labels, help. `color`: with terminal colours.
std::string render(const Diagnostic& diagnostic, const SourceFile& source, bool color);

// The same as bpftrace lays it out: "stdin:1:9-12: ERROR: …", the source line, a line of tildes.
std::string render_plainly(const Diagnostic& diagnostic, const SourceFile& source);

// The candidate nearest to `name` (few edits apart, letter case aside), or empty.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);
// "did you mean `x`?" for the nearest candidate, or empty.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace fathom

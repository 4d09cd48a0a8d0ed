// What fathom itself says on standard error, in its own way or in bpftrace's, and the exit status that goes with it.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "ast/diagnostics.h"
#include "ast/result.h"
#include "ast/settings.h"
#include "ast/text.h"
#include "runtime/output/output.h"

namespace fathom {

constexpr int failure = 1;

// Says what went wrong, in fathom's own way or in bpftrace's.
class Report {
 public:
  explicit Report(MessageStyle style) : own_(style == MessageStyle::own) {}

  int operator()(const Error& error) const {
    fmt::print(stderr, "{}: {}\n", own_ ? "error" : "ERROR", error.message);
    show_help(error);
    return failure;
  }

  void warn(const Error& warning) const {
    fmt::print(stderr, "{}: {}\n", own_ ? "warning" : "WARNING", warning.message);
    show_help(warning);
  }

  // What went wrong while loading and attaching: bpftrace has an exit status for that.
  int attaching(const Error& error) const {
    (*this)(error);
    return own_ ? failure : 255;
  }

  // Who may not trace is told what is missing.
  int not_allowed(const Error& error) const {
    if (own_ || error.message.find("CAP_") == std::string::npos) return (*this)(error);
    const std::string_view missing = error.message.find("CAP_BPF") != std::string::npos ? "CAP_BPF" : "CAP_PERFMON";
    fmt::print(stderr, "ERROR: Missing {} capability, please run bpftrace as the root user.\n", missing);
    return failure;
  }

  // Prints the diagnostics; whether there is an error among them.
  bool operator()(const Diagnostics& diagnostics, const SourceFile& source, bool warnings = true) const {
    constexpr std::size_t most_shown = 20;
    bool color = isatty(STDERR_FILENO) != 0;
    std::vector<Diagnostic> sorted = diagnostics.sorted();
    if (!warnings) std::erase_if(sorted, [](const Diagnostic& one) { return row_of(one.id).severity == Severity::warning; });
    for (std::size_t i = 0; i < std::min(sorted.size(), most_shown); ++i) {
      fmt::print(stderr, "{}", own_ ? render(sorted[i], source, color) : render_plainly(sorted[i], source));
    }
    if (sorted.size() > most_shown) fmt::print(stderr, "{}: too many mistakes: the first {} are shown\n", own_ ? "error" : "ERROR", most_shown);
    return diagnostics.has_errors();
  }

  // What could not be written is an error, unless the reader has gone: `| head`.
  int written(int error, const std::string& name) const {
    if (error == 0 || error == EPIPE) return 0;
    return (*this)({fmt::format("{} could not be written ({})", name, strerrordesc_np(error)), "", error});
  }

  int show(std::string_view text) const {
    const bool complete = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    return written(complete && std::fflush(stdout) == 0 ? 0 : errno, "standard output");
  }

  int unknown_format(const std::string& name) const {
    std::string names;
    for (const OutputFormat& format : output_formats()) {
      names += fmt::format("{}{}{}{}", names.empty() ? "" : ", ", own_ ? "`" : "'", format.name, own_ ? "`" : "'");
    }
    if (own_) return (*this)({fmt::format("there is no output format `{}`", name), "the formats are " + names, 0});
    fmt::print(stderr, "ERROR: Invalid output format \"{}\"\nValid formats: {}\n", name, names);
    return failure;
  }

 private:
  void show_help(const Error& error) const {
    if (!error.help.empty()) fmt::print(stderr, "{}: {}\n", own_ ? " = help" : "HINT", own_ ? error.help : under_other_name(error.help));
  }

  bool own_;
};

}  // namespace fathom

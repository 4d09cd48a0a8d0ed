// Reports what is wrong in C text. A mistake in the script is shown where it stands; one in a header is shown at the `#include` that brought
// the header in, once for each header, with the header's name and line in the message.
#pragma once

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

#include "ast/diagnostics.h"
#include "definitions/c_token.h"

namespace fathom {

class CReporter {
 public:
  explicit CReporter(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // The number under which tokens of this header are known.
  FileNumber add_file(std::string name) {
    files_.push_back(std::move(name));
    return static_cast<FileNumber>(files_.size() - 1);
  }
  const std::string& file(FileNumber number) const { return files_[number]; }

  template <DiagnosticId id, class... Args>
  Diagnostic& report(const Place& place, const Args&... args) {
    if (place.file == 0) return diagnostics_.report<id>(place.range, args...);
    if (row_of(id).severity == Severity::warning || !reported_.insert(place.file).second) return ignored_ = {};
    const std::string message = fmt::format(fmt::runtime(row_of(id).format), args...);
    return diagnostics_.report<DiagnosticId::bad_header>(place.range, files_[place.file], place.line, message)
        .with_help("leave the header out and write the types that the script needs into the script itself");
  }
  // Labels only where both places are in the script.
  void label(Diagnostic& diagnostic, const Place& reported, const Place& other, std::string text) const {
    if (reported.file == 0 && other.file == 0) diagnostic.label(other.range, std::move(text));
  }

 private:
  Diagnostics& diagnostics_;
  std::vector<std::string> files_ = {""};
  std::set<FileNumber> reported_;
  Diagnostic ignored_{};
};

}  // namespace fathom

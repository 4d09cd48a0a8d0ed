// The C preprocessor over the C part of a script: macros, conditions, headers. It takes the script's C lines piece by piece, as the script's
// lexer found them, and gives out C tokens with all macros expanded.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "definitions/constant.h"
#include "definitions/macro.h"
#include "definitions/setup.h"

namespace fathom {

class Preprocessor {
 public:
  Preprocessor(const CSetup& setup, CReporter& reporter);

  // Reads a header as if an `#include "path"` stood in front of the script.
  void include(const std::string& path);
  void read(const CTokens& text);
  // Whether text that came now would count; false between `#if 0` and its `#endif`.
  bool is_active() const { return conditions_.empty() || conditions_.back().is_active; }
  // The end of the script: reports an `#if` that is still open.
  void finish();

  CTokens take() { return std::move(output_); }
  const Macros& macros() const { return macros_; }
  // Headers that were accepted without being read, in the order met.
  const std::vector<std::string>& accepted() const { return accepted_; }
  // With CSetup::reads_usual_headers: those of them that are not there.
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  struct Condition {
    Place place;       // of the `#if`
    std::string word;  // "ifdef"
    bool outer_active = true;
    bool is_active = true;
    bool was_taken = false;  // one of its branches was
    bool had_else = false;
    FileNumber file = 0;
  };

  void flush();
  void directive(const CTokens& line);
  bool conditional(const std::string& word, const CTokens& line);
  void open(const CTokens& line, const std::string& word, bool taken);
  void otherwise(const CTokens& line, const std::string& word);
  bool condition(const CTokens& line);
  std::optional<bool> is_defined(const CTokens& line);
  void define(const CTokens& line);
  bool read_parameters(const CTokens& line, std::size_t& at, Macro& macro);
  void undefine(const CTokens& line);
  void include(const CTokens& line);
  void read_header(std::string_view name, bool quoted, const Place& place);
  void pragma(const CTokens& line);
  // Before a condition that asks how the kernel was configured.
  void know_configuration(const CTokens& line);
  void predefine(const std::string& name, const std::string& text);

  const CSetup& setup_;
  CReporter& reporter_;
  Macros macros_;
  std::vector<Condition> conditions_;
  CTokens pending_;  // text since the last directive
  CTokens output_;
  std::vector<std::string> accepted_, missing_;
  bool knows_configuration_ = false;
  std::set<std::string> once_;                // headers with `#pragma once`
  std::vector<std::string> directories_;      // of the headers being read, innermost last
  std::vector<std::string> paths_;            // their paths
};

}  // namespace fathom

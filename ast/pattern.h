// Regular expressions as `grep -E` has them.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace fathom {

class Pattern {
 public:
  // Empty where the text is no regular expression.
  static std::optional<Pattern> compile(const std::string& text);
  bool found_in(const std::string& text) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace fathom

// regcomp(3).
#include "ast/pattern.h"

#include <regex.h>

namespace fathom {

struct Pattern::Compiled {
  regex_t expression{};
  bool valid;

  explicit Compiled(const std::string& text) : valid(regcomp(&expression, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0) {}
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() {
    if (valid) regfree(&expression);
  }
};

std::optional<Pattern> Pattern::compile(const std::string& text) {
  Pattern pattern;
  auto compiled = std::make_shared<const Compiled>(text);
  if (!compiled->valid) return std::nullopt;
  pattern.compiled_ = std::move(compiled);
  return pattern;
}

bool Pattern::found_in(const std::string& text) const { return regexec(&compiled_->expression, text.c_str(), 0, nullptr, 0) == 0; }

}  // namespace fathom

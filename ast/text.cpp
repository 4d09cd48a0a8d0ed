// Quoting and counting.
#include "ast/text.h"

#include <fmt/format.h>

namespace fathom {

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    switch (c) {
      case '\n': quoted += "\\n"; break;
      case '\t': quoted += "\\t"; break;
      case '\r': quoted += "\\r"; break;
      case '"': quoted += "\\\""; break;
      case '\\': quoted += "\\\\"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          quoted += c;
        }
    }
  }
  return quoted + '"';
}

std::string counted(std::size_t count, std::string_view noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); }

std::string with_article(std::string_view noun) {
  bool vowel = !noun.empty() && std::string_view("aeio").find(noun.front()) != std::string_view::npos;
  return fmt::format("{} {}", vowel ? "an" : "a", noun);
}

std::string under_other_name(std::string_view text) {
  constexpr std::string_view own = "fathom ";
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const std::string_view behind = rest.starts_with(own) ? rest.substr(own.size()) : std::string_view();
    if (behind.starts_with('-') || behind.starts_with("…") || behind.starts_with("SCRIPT")) {
      result += "bpftrace ";
      at += own.size();
    } else {
      result += text[at++];
    }
  }
  return result;
}

}  // namespace fathom

// Programs made wrong: tokens of a valid one lost, doubled, swapped, replaced; tokens in no order.
#include "generator.h"

namespace fathom::fuzz {

namespace {

constexpr std::string_view vocabulary =
    "{ } ( ) [ ] , ; : ? . -> .. = == != < > <= >= + - * / % << >> & | ^ && || ! ~ ++ -- += -= <<= $x @ @x $1 $# $0 0 1 0x 08 1e99 "
    "99999999999999999999 \"a\" \" \"\\q\" if else while for unroll let return break continue struct union enum sizeof offsetof typeof true false "
    "probe macro fn config import BEGIN END tracepoint:sched:sched_switch kprobe: interval:s:0 // /* */ #define #include int32 (int8) "
    "comptime count() hist() print printf pid comm str args args.x retval arg0 curtask kstack 1h 5ull _ __x \\ ` ' @@ $ $$";

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '@'; }

// Rough: words, strings, blanks, and everything else a character at a time.
std::vector<std::string> pieces(const std::string& text) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text[i] == '"') {
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
    } else if (is_word(text[i])) {
      while (end < text.size() && is_word(text[end])) ++end;
    }
    result.push_back(text.substr(i, end - i));
    i = end;
  }
  return result;
}

}  // namespace

std::string Generator::mutated(const std::string& program) {
  std::vector<std::string> tokens = pieces(program);
  std::size_t changes = 1 + random_.below(3);
  for (std::size_t i = 0; i < changes && !tokens.empty(); ++i) {
    std::size_t at = random_.below(tokens.size());
    switch (random_.below(6)) {
      case 0: tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(at)); break;
      case 1: tokens[at] += tokens[at]; break;
      case 2: std::swap(tokens[at], tokens[random_.below(tokens.size())]); break;
      case 3: tokens[at] = random_.word(vocabulary); break;
      case 4: tokens[at] = tokens[random_.below(tokens.size())]; break;
      default: tokens[at] += " " + random_.word(vocabulary); break;
    }
  }
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

std::string Generator::noise() {
  std::string text;
  std::size_t count = random_.below(60);
  if (random_.percent(70)) text = "BEGIN { ";
  for (std::size_t i = 0; i < count; ++i) {
    text += random_.word(vocabulary);
    if (random_.percent(80)) text += ' ';
    if (random_.percent(1)) text += static_cast<char>(random_.below(256));
  }
  return text;
}

}  // namespace fathom::fuzz

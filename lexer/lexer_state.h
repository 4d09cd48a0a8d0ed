// What the scanner's actions work on: the tokens so far, the place in the text, and the open brackets of the current body.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lexer/token.h"

namespace fathom {

class LexerState {
 public:
  LexerState(const SourceFile& source, Diagnostics& diagnostics) : source_(source), diagnostics_(diagnostics) {}

  // Bytes of a leading byte order mark and `#!` line, which are not part of the language.
  static std::uint32_t interpreter_line(std::string_view text);

  // Whether the file can be a script at all; reports a NUL byte, which flex would take a very long time over.
  bool is_text(Range file);
  // The next `length` bytes of the text are the current match.
  void advance(std::uint32_t length);
  void token(TokenKind kind) { add({kind, match_, 0, {}}); }
  void value(TokenKind kind, std::string_view text) { add({kind, match_, 0, std::string(text)}); }
  void number(std::string_view text);
  void positional(std::string_view text);
  void word(std::string_view text);

  // "name =" in front of an attach point.
  void probe_name(std::string_view text);

  // Whether no bracket is open: a `;` then ends an item between probes.
  bool outside_body() const { return brackets_.empty(); }
  void open_body(TokenKind kind);
  void open(TokenKind kind);
  // Both return whether the body ended with this bracket.
  bool close(TokenKind kind);
  bool close_angle();

  void preprocessor(std::string_view text) { value(TokenKind::preprocessor, text); }
  // "struct name {" up to the matching brace is one token.
  void begin_type_definition();
  // "typedef" up to its semicolon; other declarations also end with a function's body.
  void begin_declaration(bool is_typedef);
  void open_definition() { ++definition_depth_; }
  // These two return whether the definition ended. `text`: the brace and what of the end was matched with it.
  bool close_definition(std::string_view text);
  bool end_declaration();
  // The text is part of a body and begins at this byte of the source.
  void begin_fragment(std::uint32_t offset);
  void unterminated_definition();

  void begin_string(int state);
  void string_text(std::string_view text) { string_ += text; }
  void string_number(std::string_view digits, int base);
  void end_string();
  int string_state() const { return string_state_; }

  void bad_escape(std::string_view text);
  void unterminated_string();
  void unterminated_comment();
  void stray(std::string_view text);
  const char* help_for_semicolon() const;
  const char* help_for_stray(unsigned char byte) const;

  std::vector<Token> take() { return std::move(tokens_); }

 private:
  void add_definition();
  void add(Token token) {
    if (!too_deep_) tokens_.push_back(std::move(token));
  }

  const SourceFile& source_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
  Range match_;
  std::vector<TokenKind> brackets_;  // open ones of the current body, the body's own first
  bool too_deep_ = false;                 // what follows is not worth reading
  std::uint32_t stray_end_ = 0xffffffff;  // of the last run that was reported once
  bool single_quoted_ = false;            // inside text in single quotes, which is no string
  std::uint32_t definition_begin_ = 0;
  int definition_depth_ = 0;
  bool is_typedef_ = false;
  std::uint32_t string_begin_ = 0;
  int string_state_ = 0;
  std::string string_;
};

}  // namespace fathom

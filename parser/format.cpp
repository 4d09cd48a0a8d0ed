// Two steps: pieces (tokens and the comments between them) that know whether a blank belongs in front of them, then lines. A line break inside
// of a statement stays where the script has one; a block of at most one statement that stands on one line may stay there if it fits.
#include "parser/format.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "parser/casts.h"

namespace fathom {

namespace {

constexpr std::size_t most_columns = 100;
constexpr std::size_t indent_columns = 2;
constexpr std::size_t continued_columns = 4;

enum class PieceKind : std::uint8_t { token, line_comment, block_comment };

struct Piece {
  PieceKind kind = PieceKind::token;
  TokenKind token = TokenKind::semicolon;
  std::string text;
  std::size_t breaks = 0;  // line breaks in front of it
  bool space = false;      // whether a blank stands in front of it where it does not begin a line
  bool prefix = false;     // an operator or cast in front of its operand

  bool is(TokenKind wanted) const { return kind == PieceKind::token && token == wanted; }
};

template <std::size_t count>
bool is_one_of(const Piece& piece, const TokenKind (&kinds)[count]) {
  return piece.kind == PieceKind::token && std::ranges::find(kinds, piece.token) != std::end(kinds);
}

bool opens_block(const Piece& piece) { return piece.is(TokenKind::brace_open) || piece.is(TokenKind::angle_open); }
bool closes_block(const Piece& piece) { return piece.is(TokenKind::brace_close) || piece.is(TokenKind::angle_close); }
bool is_verbatim(const Piece& piece) { return piece.is(TokenKind::preprocessor) || piece.is(TokenKind::type_definition); }

// Whether an operand may end with the piece, so that an operator behind it has two.
bool ends_operand(const Piece& piece) {
  constexpr TokenKind kinds[] = {TokenKind::integer, TokenKind::string,           TokenKind::identifier,        TokenKind::variable,
                                 TokenKind::map,     TokenKind::positional,       TokenKind::parenthesis_close, TokenKind::bracket_close,
                                 TokenKind::kw_true, TokenKind::positional_count, TokenKind::kw_false,          TokenKind::brace_close,
                                 TokenKind::cast};
  return !piece.prefix && is_one_of(piece, kinds);
}

bool may_be_prefix(const Piece& piece) {
  constexpr TokenKind kinds[] = {TokenKind::plus,        TokenKind::minus, TokenKind::star,      TokenKind::ampersand,
                                 TokenKind::logical_not, TokenKind::tilde, TokenKind::increment, TokenKind::decrement};
  return is_one_of(piece, kinds);
}

// Whether the parenthesis behind the piece is its own: that of a call.
bool is_called(const Piece& piece) {
  constexpr TokenKind kinds[] = {TokenKind::identifier, TokenKind::kw_sizeof, TokenKind::kw_offsetof, TokenKind::kw_typeof, TokenKind::bracket_close,
                                 TokenKind::parenthesis_close};
  return is_one_of(piece, kinds);
}

// Whether the two would be read as another token without a blank between.
bool would_merge(const Piece& left, const Piece& right) {
  const char last = left.text.back();
  const char first = right.text.front();
  if (last == '/' && (first == '*' || first == '/')) return true;
  return (last == '-' || last == '+' || last == '&') && first == last;
}

bool wants_space(const Piece& left, const Piece& piece) {
  constexpr TokenKind never_before[] = {TokenKind::comma, TokenKind::semicolon, TokenKind::parenthesis_close, TokenKind::bracket_close,
                                        TokenKind::dot,   TokenKind::arrow,     TokenKind::range,             TokenKind::predicate_close};
  constexpr TokenKind never_behind[] = {TokenKind::parenthesis_open, TokenKind::bracket_open, TokenKind::dot,           TokenKind::arrow,
                                        TokenKind::range,            TokenKind::cast_open,    TokenKind::predicate_open};
  if (left.kind != PieceKind::token || piece.kind != PieceKind::token || would_merge(left, piece)) return true;
  if (is_one_of(piece, never_before) || is_one_of(left, never_behind) || left.prefix) return false;
  if (piece.is(TokenKind::increment) || piece.is(TokenKind::decrement)) return !ends_operand(left);
  if (piece.is(TokenKind::bracket_open)) return !ends_operand(left);
  if (piece.is(TokenKind::parenthesis_open)) return !is_called(left);
  return !(piece.is(TokenKind::colon) && left.is(TokenKind::question));
}

// Tokens and comments, in order.
class Pieces {
 public:
  Pieces(const std::vector<Token>& tokens, const SourceFile& source) : text_(source.text(source.extent(0))) {
    skip_interpreter_line();
    for (const Token& token : fold_casts(tokens)) {
      gap(token.range.begin);
      add(PieceKind::token, token.kind, written(token));
      at_ = token.range.end;
    }
    gap(text_.size());
    decide_spaces();
  }

  std::string head;  // the interpreter's line, with its break
  std::vector<Piece> all;

 private:
  void skip_interpreter_line() {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
    if (!text_.substr(at_).starts_with("#!")) return;
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    head = std::string(text_.substr(at_, end - at_)) + "\n";
    at_ = end;
  }

  // A cast is one token; its blanks are made even unless there is a comment in it.
  std::string written(const Token& token) const {
    std::string_view text = text_.substr(token.range.begin, token.range.end - token.range.begin);
    if (token.kind != TokenKind::cast || text.find("/*") != std::string_view::npos || text.find("//") != std::string_view::npos) return std::string(text);
    std::string even;
    for (char c : text) {
      const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
      if (blank && (even.ends_with(' ') || even.ends_with('('))) continue;
      if (c == ')' && even.ends_with(' ')) even.pop_back();
      even += blank ? ' ' : c;
    }
    return even;
  }

  // What stands between two tokens: blanks, comments, and the `=` behind a probe's name.
  void gap(std::size_t end) {
    while (at_ < end) {
      const std::string_view rest = text_.substr(at_, end - at_);
      std::size_t length = 1;
      if (rest.starts_with("//")) {
        length = std::min(rest.find('\n'), rest.size());
        std::string comment(rest.substr(0, length));
        while (comment.ends_with(' ') || comment.ends_with('\r') || comment.ends_with('\t')) comment.pop_back();
        add(PieceKind::line_comment, {}, std::move(comment));
      } else if (rest.starts_with("/*")) {
        length = std::min(rest.find("*/", 2), rest.size() - 2) + 2;
        add(PieceKind::block_comment, {}, std::string(rest.substr(0, length)));
      } else if (rest.front() == '=') {
        add(PieceKind::token, TokenKind::assign, "=");
      } else {
        breaks_ += rest.front() == '\n' ? 1 : 0;
      }
      at_ += length;
    }
  }

  void add(PieceKind kind, TokenKind token, std::string text) {
    all.push_back({kind, token, std::move(text), breaks_});
    breaks_ = 0;
  }

  void decide_spaces() {
    std::vector<bool> casts;  // open parentheses: whether they are those of a cast to typeof(…)
    const Piece* left = nullptr;
    for (Piece& piece : all) {
      const bool is_name = left != nullptr && (left->is(TokenKind::dot) || left->is(TokenKind::arrow)) && piece.kind == PieceKind::token;
      if (is_name) piece.token = TokenKind::identifier;  // a keyword can be the name of a member
      const bool is_size = left != nullptr && (left->is(TokenKind::kw_sizeof) || left->is(TokenKind::kw_typeof));
      if (piece.is(TokenKind::cast)) piece.prefix = !is_size;
      if (may_be_prefix(piece)) piece.prefix = left == nullptr || !ends_operand(*left);
      if (piece.is(TokenKind::parenthesis_open) || piece.is(TokenKind::cast_open)) casts.push_back(piece.is(TokenKind::cast_open));
      if (piece.is(TokenKind::parenthesis_close) && !casts.empty()) {
        piece.prefix = casts.back();
        casts.pop_back();
      }
      piece.space = left != nullptr && !(is_size && piece.is(TokenKind::cast)) && wants_space(*left, piece);
      left = &piece;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t breaks_ = 0;
};

enum class Break : std::uint8_t {
  none,
  soft,  // behind a block, unless what follows belongs to the same statement
  hard,
};

class Lines {
 public:
  explicit Lines(Pieces pieces) : pieces_(std::move(pieces.all)), out_(std::move(pieces.head)) {}

  std::string take() {
    for (std::size_t i = 0; i < pieces_.size();) i = place(i);
    if (!out_.empty() && !out_.ends_with('\n')) out_ += '\n';
    return std::move(out_);
  }

 private:
  bool at_line_start() const { return out_.empty() || out_.ends_with('\n'); }
  std::size_t column() const { return out_.size() - (out_.rfind('\n') + 1); }

  void new_line(const Piece& piece, bool keeps_blank_line) {
    if (!at_line_start()) out_ += '\n';
    const bool wanted = (keeps_blank_line && piece.breaks > 1) || after_body_;
    if (wanted && !out_.empty() && !out_.ends_with("\n\n") && !opened_) out_ += '\n';
  }

  void write(const Piece& piece, std::size_t continued = 0) {
    if (at_line_start()) {
      out_.append(level_ * indent_columns + continued, ' ');
    } else if (piece.space) {
      out_ += ' ';
    }
    out_ += piece.text;
    opened_ = after_body_ = false;
  }

  // Puts the piece, or with it a whole block, into the text. Returns the next one's index.
  std::size_t place(std::size_t index);
  void comment(const Piece& piece);
  std::size_t open(std::size_t index);
  void close(const Piece& piece);
  std::optional<std::size_t> short_block(std::size_t index) const;
  bool continues_statement(const Piece& piece) const;

  std::vector<Piece> pieces_;
  std::string out_;
  std::size_t level_ = 0;
  std::size_t brackets_ = 0;      // parentheses and brackets that are open in the innermost block: a `;` there ends nothing
  std::vector<std::size_t> outer_;  // those of the blocks around it
  Break pending_ = Break::none;   // before the next piece
  bool opened_ = true;            // nothing stands in the block or the script yet
  bool after_body_ = false;       // a probe's body of several lines has just ended
  bool starts_statement_ = true;
};

// Behind `}` on the same line: the statement goes on.
bool Lines::continues_statement(const Piece& piece) const {
  constexpr TokenKind kinds[] = {TokenKind::kw_else, TokenKind::semicolon,   TokenKind::comma,       TokenKind::parenthesis_close,
                                 TokenKind::dot,     TokenKind::bracket_close, TokenKind::question,  TokenKind::colon,
                                 TokenKind::equal,   TokenKind::not_equal,   TokenKind::logical_and, TokenKind::logical_or};
  return is_one_of(piece, kinds);
}

void Lines::comment(const Piece& piece) {
  const bool is_line = piece.kind == PieceKind::line_comment;
  const bool trails = piece.breaks == 0 && !at_line_start();
  if (trails) {
    out_ += is_line ? "  " : " ";
    out_ += piece.text;
    if (is_line) pending_ = Break::hard;
    return;
  }
  new_line(piece, true);
  write(piece);
  pending_ = is_line || pending_ == Break::hard || starts_statement_ ? Break::hard : Break::none;
}

std::size_t Lines::place(std::size_t index) {
  const Piece& piece = pieces_[index];
  if (piece.kind != PieceKind::token) {
    comment(piece);
    return index + 1;
  }
  if (closes_block(piece)) {
    close(piece);
    return index + 1;
  }
  const bool ends_line = pending_ == Break::hard || (pending_ == Break::soft && !continues_statement(piece)) || is_verbatim(piece);
  const bool inside = !starts_statement_;
  if (ends_line) {
    new_line(piece, !inside);
  } else if (inside && piece.breaks > 0 && pending_ == Break::none && !opens_block(piece) && !piece.is(TokenKind::semicolon)) {
    new_line(piece, false);
  }
  pending_ = Break::none;
  if (opens_block(piece)) return open(index);
  const bool part_of_head = piece.is(TokenKind::attach_point) || piece.is(TokenKind::predicate_open) || piece.is(TokenKind::kw_probe);
  const bool ends_bracket = piece.is(TokenKind::parenthesis_close) || piece.is(TokenKind::bracket_close);
  write(piece, inside && !part_of_head && !ends_bracket ? continued_columns : 0);
  starts_statement_ = false;
  if (piece.is(TokenKind::parenthesis_open) || piece.is(TokenKind::cast_open) || piece.is(TokenKind::bracket_open)) ++brackets_;
  if (ends_bracket && brackets_ > 0) --brackets_;
  if (is_verbatim(piece) || (piece.is(TokenKind::semicolon) && brackets_ == 0)) {
    pending_ = Break::hard;
    starts_statement_ = true;
  }
  return index + 1;
}

// The index of the end of a block that may stay on its line: at most one statement, no line breaks, no other block.
std::optional<std::size_t> Lines::short_block(std::size_t index) const {
  std::size_t columns = column() + 4;
  for (std::size_t i = index + 1; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    if (piece.breaks > 0 || piece.kind == PieceKind::line_comment || opens_block(piece)) return std::nullopt;
    if (closes_block(piece)) return columns <= most_columns ? std::optional(i) : std::nullopt;
    if (piece.is(TokenKind::semicolon) && !closes_block(pieces_[std::min(i + 1, pieces_.size() - 1)])) return std::nullopt;
    columns += piece.text.size() + (piece.space ? 1 : 0);
  }
  return std::nullopt;
}

std::size_t Lines::open(std::size_t index) {
  if (!at_line_start()) out_ += ' ';
  if (at_line_start()) out_.append(level_ * indent_columns, ' ');
  if (const auto end = short_block(index)) {
    out_ += pieces_[index].text;
    for (std::size_t i = index + 1; i < *end; ++i) {
      out_ += i == index + 1 || pieces_[i].space ? " " : "";
      out_ += pieces_[i].text;
    }
    out_ += (*end == index + 1 && pieces_[index].is(TokenKind::brace_open) ? "" : " ") + pieces_[*end].text;
    pending_ = Break::soft;
    starts_statement_ = true;
    opened_ = false;
    after_body_ = false;
    return *end + 1;
  }
  out_ += pieces_[index].text;
  outer_.push_back(std::exchange(brackets_, 0));
  ++level_;
  opened_ = true;
  after_body_ = false;
  pending_ = Break::hard;
  starts_statement_ = true;
  return index + 1;
}

void Lines::close(const Piece& piece) {
  if (level_ > 0) --level_;
  brackets_ = outer_.empty() ? 0 : outer_.back();
  if (!outer_.empty()) outer_.pop_back();
  after_body_ = false;
  if (!at_line_start()) out_ += '\n';
  out_.append(level_ * indent_columns, ' ');
  out_ += piece.text;
  opened_ = false;
  pending_ = Break::soft;
  starts_statement_ = true;
  after_body_ = level_ == 0;
}

}  // namespace

std::string formatted(const std::vector<Token>& tokens, const SourceFile& source) { return Lines(Pieces(tokens, source)).take(); }

}  // namespace fathom

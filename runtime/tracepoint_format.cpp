// Format files are lines; a field is "field:DECLARATION;\toffset:N;\tsize:N;\tsigned:N;".
#include "runtime/tracepoint_format.h"

#include <charconv>

namespace fathom {

namespace {

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The number behind "KEY:" in a field line.
std::optional<std::uint32_t> attribute(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(at + key.size());
  return number(rest.substr(0, rest.find(';')));
}

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// "char comm[16]" -> comm, "char[16]". The name is the last word; what brackets follow it belong to the type.
bool split_declaration(std::string_view text, TracepointField& field) {
  std::size_t end = text.size();
  while (end > 0 && text[end - 1] == ']') {
    const std::size_t open = text.rfind('[', end - 1);
    if (open == std::string_view::npos) return false;
    end = open;
  }
  std::size_t begin = end;
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  if (begin == end || begin == 0) return false;
  field.name = text.substr(begin, end - begin);
  field.c_type = trim(text.substr(0, begin));
  field.c_type += text.substr(end);
  return !field.c_type.empty();
}

std::optional<TracepointField> parse_field(std::string_view line) {
  const std::size_t end = line.find(';');
  if (end == std::string_view::npos) return std::nullopt;
  TracepointField field;
  const std::string_view rest = line.substr(end);
  const auto offset = attribute(rest, "offset:"), size = attribute(rest, "size:");
  if (!offset || !size || !split_declaration(trim(line.substr(0, end)), field)) return std::nullopt;
  field.offset = *offset;
  field.size = *size;
  field.is_signed = attribute(rest, "signed:").value_or(0) != 0;
  return field;
}

}  // namespace

std::optional<TracepointFormat> parse_tracepoint_format(std::string_view text) {
  TracepointFormat format;
  bool has_id = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with("ID:")) {
      const std::optional<std::uint32_t> id = number(trim(line.substr(3)));
      if (!id) return std::nullopt;
      format.id = *id;
      has_id = true;
    } else if (line.starts_with("field:")) {
      std::optional<TracepointField> field = parse_field(line.substr(6));
      if (!field) return std::nullopt;
      if (!field->name.starts_with("common_")) format.fields.push_back(std::move(*field));
    } else if (line.starts_with("print fmt:")) {
      break;  // the rest is code, in which anything may stand
    }
  }
  if (!has_id) return std::nullopt;
  return format;
}

std::string declaration(const TracepointField& field) {
  const bool located = field.c_type.starts_with("__data_loc ") || field.c_type.starts_with("__rel_loc ");
  const std::size_t bracket = located ? std::string::npos : field.c_type.find('[');
  std::string text = field.c_type.substr(0, bracket) + " " + field.name;
  if (bracket != std::string::npos) text += field.c_type.substr(bracket);
  return text;
}

}  // namespace fathom

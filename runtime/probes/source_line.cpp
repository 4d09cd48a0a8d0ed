// From debugging information to attach points and fields.
#include "runtime/probes/source_line.h"

#include <algorithm>

#include <fmt/format.h>

#include "ast/registers.h"

namespace fathom {

namespace {

constexpr char mark = '@';

bool is_number(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

// "@FILE:LINE:COLUMN", as AttachPoint::function has it.
struct SourcePosition {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

SourcePosition position_of(const AttachPoint& point) {
  const std::vector<std::string> parts = split_attach_point(point.function);
  SourcePosition position;
  position.file = parts[0].substr(1);
  position.line = static_cast<std::uint32_t>(std::stoul(parts[1]));
  if (parts.size() > 2) position.column = static_cast<std::uint32_t>(std::stoul(parts[2]));
  return position;
}

// The lines with code just before and just behind.
std::string neighbours(const DebugInfo& debug, const SourcePosition& position) {
  const std::vector<std::uint32_t> lines = debug.lines_of(position.file);
  const auto after = std::ranges::upper_bound(lines, position.line);
  std::vector<std::uint32_t> near;
  if (after != lines.begin()) near.push_back(*std::prev(after));
  if (after != lines.end()) near.push_back(*after);
  return near.empty() ? "" : fmt::format("the nearest line{} with code: {}", near.size() > 1 ? "s" : "", fmt::join(near, " and "));
}

Error no_place(const DebugInfo& debug, const SourcePosition& position, const Executable& binary) {
  if (!debug.has_file(position.file)) {
    return {fmt::format("{} was not made from a source file `{}`", binary.path, position.file), "write the file's name, or the end of its path", 0};
  }
  if (position.column != 0 && !debug.places_of(position.file, position.line, 0).empty()) {
    return {fmt::format("no code begins in column {} of {}:{}", position.column, position.file, position.line), "leave the column out", 0};
  }
  return {fmt::format("line {} of {} has no code of its own", position.line, position.file), neighbours(debug, position), 0};
}

}  // namespace

bool names_source_line(std::span<const std::string> parts) {
  if (parts.empty() || parts.size() > 3 || parts[0].find(mark) == std::string::npos) return false;
  return parts.size() > 1 && std::ranges::all_of(parts.subspan(1), is_number);
}

bool is_source_line(const AttachPoint& point) { return point.function.starts_with(mark); }

Parsed parse_source_line(std::span<const std::string> parts, const ProbeType& type, FunctionMoment moment) {
  if (moment == FunctionMoment::returned) return bad_part(0, fmt::format("{} takes a function, not a line", type.name), fmt::format("write it as `{}`", type.syntax));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto number = attach_point_number(parts[i]);
    if (!number || *number > UINT32_MAX) return bad_part(i, fmt::format("`{}` is not the number of a {}", parts[i], i == 1 ? "line" : "column"), "lines and columns count from 1");
  }
  const std::size_t at = parts[0].rfind(mark);
  if (at + 1 == parts[0].size()) return bad_part(0, "the source file is missing", "write it as `uprobe:FILE@SOURCE:LINE`");
  AttachPoint point;
  point.provider = type.name;
  point.target = parts[0].substr(0, at);
  point.function = fmt::format("{}:{}", parts[0].substr(at), parts[1]);
  if (parts.size() > 2) point.function += ":" + parts[2];
  point.text = fmt::format("{}:{}{}", point.provider, point.target, point.function);
  return point;
}

Result<std::vector<AttachPoint>> places_of_line(const AttachPoint& pattern, const Executable& binary, const Target& target) {
  const std::shared_ptr<const DebugInfo> debug = target.debug_info(binary.path);
  if (!debug) {
    return fail(fmt::format("{} has no debugging information, which says where a line's code is", binary.path),
                "build it with `-g`, or install its debugging symbols");
  }
  const SourcePosition position = position_of(pattern);
  std::vector<AttachPoint> points;
  for (const std::uint64_t address : debug->places_of(position.file, position.line, position.column)) {
    const auto offset = binary.offset_of(address);
    if (!offset) continue;
    AttachPoint& point = points.emplace_back(pattern);
    point.continues = points.size() > 1;
    point.text = fmt::format("{}:{}{}", pattern.provider, binary.path, pattern.function);
    point.target = binary.path;
    point.function.clear();
    point.address = address;
    point.value = *offset;
  }
  if (points.empty()) return std::unexpected(no_place(*debug, position, binary));
  return points;
}

std::vector<ContextField> fields_from_debug_info(const AttachPoint& point, const Target& target) {
  const std::shared_ptr<const DebugInfo> debug = target.debug_info(point.target);
  const auto function = debug ? debug->function_at(point.address) : std::nullopt;
  std::vector<ContextField> fields;
  if (!function) return fields;
  constexpr std::int64_t word = 8;
  const auto registers = argument_registers();
  std::size_t number = 0;
  for (const DebugParameter& parameter : function->parameters) {
    if (!parameter.in_integer_register) continue;
    const std::size_t place = number++;
    if (parameter.name.empty() || parameter.type.is_none()) continue;
    ContextField field{parameter.name, parameter.type, ContextSource::register_value, 0};
    if (place < registers.size()) {
      field.offset = registers[place];
    } else {
      field.source = ContextSource::memory;
      field.type = parameter.type.with_space(AddressSpace::user);
      field.offset = stack_register();
      field.displacement = static_cast<std::int64_t>(place - registers.size() + 1) * word;
      field.read = parameter.type;
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

std::vector<std::string> parameter_lines(const AttachPoint& point, const Target& target) {
  std::vector<std::string> lines;
  for (const ContextField& field : fields_from_debug_info(point, target)) lines.push_back(fmt::format("{} {}", to_string(field.type), field.name));
  return lines;
}

}  // namespace fathom

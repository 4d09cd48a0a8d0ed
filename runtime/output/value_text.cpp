// One function per kind of value.
#include "runtime/output/value_text.h"

#include <fmt/format.h>

#include <iterator>

#include "runtime/output/histogram.h"
#include "runtime/output/network_text.h"
#include "runtime/output/series.h"
#include "runtime/output/wall_time.h"
#include "runtime/cgroups.h"
#include "runtime/users.h"

namespace fathom {

namespace {

template <class... Args>
void append_format(std::string& text, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
}

template <class T>
void append_stats(std::string& text, const StatsValue& stats, T total, bool plain) {
  if (plain) return append_format(text, "count {}, average {}, total {}", stats.count, std::get<T>(average(stats).kind), total);
  append_format(text, "{{ .count = {}, .average = {}, .total = {} }}", stats.count, std::get<T>(average(stats).kind), total);
}

}  // namespace

struct ValueText::Append {
  const ValueText& values;
  std::string& text;
  bool in_key = false;

  const TextForm& form() const { return values.settings_.text_form; }

  void operator()(NoValue) const { text += "null"; }
  void operator()(bool value) const { text += form().booleans_are_numbers ? (value ? "1" : "0") : value ? "true" : "false"; }
  void operator()(std::int64_t value) const { text += std::string_view(fmt::format_int(value).c_str()); }
  void operator()(std::uint64_t value) const { text += std::string_view(fmt::format_int(value).c_str()); }
  void operator()(PointerValue value) const {
    if (form().decimal_pointers) return (*this)(value.address);
    append_address(value.address);
  }
  void append_address(std::uint64_t address) const { append_format(text, "{:#x}", address); }
  void operator()(const EnumValue& value) const {
    if (value.name.empty() || form().enumerators_are_numbers) return (*this)(value.value);
    text += value.name;
  }
  void operator()(const StringValue& value) const {
    text += value.bytes;
    if (value.truncated && !form().uncut_strings) text += values.settings_.truncation_trailer;
  }
  void operator()(const BufferValue& value) const { append_buffer(text, value.bytes, BufferForm::readable); }
  void operator()(const ArrayValue& value) const {
    text += '[';
    values.append_list(text, value.elements, ",", in_key);
    text += ']';
  }
  void operator()(const TupleValue& value) const {
    text += '(';
    values.append_list(text, value.elements, ", ", in_key);
    text += ')';
  }
  void operator()(const StructValue& value) const {
    if (value.members.empty()) {
      text += "{}";
      return;
    }
    std::string_view separator = "{ .";
    for (const NamedValue& member : value.members) {
      text += separator;
      text += member.name;
      text += " = ";
      values.append(text, member.value);
      separator = ", .";
    }
    text += " }";
  }
  void operator()(SymbolValue value) const {
    SymbolSource::Name name = values.symbols_.name_of(value.address, value.space, value.process);
    if (name.symbol.empty()) return append_address(value.address);
    text += name.symbol;
  }
  void operator()(const StackFrames& value) const { values.append_stack(text, value, in_key); }
  void operator()(const TimeValue& value) const { text += time_text(wall_from_clock(value.nanoseconds), value.format); }
  void operator()(const InetValue& value) const { text += inet_text(value); }
  void operator()(const MacValue& value) const { text += mac_text(value); }
  void operator()(UserValue value) const { text += user_name(value.id); }
  void operator()(const CgroupValue& value) const { text += cgroup_paths(value.id, value.pattern); }
  void operator()(const StatsValue& value) const {
    if (value.is_signed) return append_stats(text, value, static_cast<std::int64_t>(value.total), form().plain_stats);
    append_stats(text, value, value.total, form().plain_stats);
  }
  void operator()(const AverageResult& value) const { values.append(text, average(value)); }
  void operator()(const HistogramValue& value) const { append_histogram(text, value, 0, form()); }
  void operator()(const SeriesResult& value) const { append_series(text, value); }
};

void ValueText::append(std::string& text, const Value& value) const { std::visit(Append{*this, text}, value.kind); }

void ValueText::append_key(std::string& text, const Value& key) const {
  if (const auto* list = std::get_if<TupleValue>(&key.kind)) return append_list(text, list->elements, ", ", true);
  append_in_key(text, key);
}

void ValueText::append_in_key(std::string& text, const Value& part) const { std::visit(Append{*this, text, true}, part.kind); }

void ValueText::append_list(std::string& text, const std::vector<Value>& values, std::string_view separator, bool in_key) const {
  bool first = true;
  for (const Value& value : values) {
    if (!first) text += separator;
    first = false;
    std::visit(Append{*this, text, in_key}, value.kind);
  }
}

// Begins and ends with a line break; tools that fold stacks rely on it.
void ValueText::append_stack(std::string& text, const StackFrames& stack, bool in_key) const {
  std::string_view indent = in_key && settings_.text_form.narrow_stack_keys ? "    " : "        ";
  text += '\n';
  for (const BuildIdAddress& frame : stack.build_ids) append_format(text, "{}{}{:#x}\n", frame.build_id, frame.build_id.empty() ? "" : " ", frame.offset);
  for (const std::uint64_t& address : stack.addresses) {
    if (stack.mode == StackMode::raw) {
      append_format(text, "{:x}\n", address);
      continue;
    }
    const SymbolSource::Name name = symbols_.name_of(address, stack.space, stack.process);
    const std::string place = name.symbol.empty() ? "[unknown]" : fmt::format("{}+{}", name.symbol, name.offset);
    // All but the first are where a call returns to, which may be the line behind it.
    std::vector<SourceLine> lines = symbols_.source_of(&address == stack.addresses.data() ? address : address - 1, stack.space, stack.process);
    const std::string line = lines.empty() ? "" : fmt::format("@{}:{}", lines.back().file, lines.back().line);
    if (!lines.empty()) lines.pop_back();
    if (stack.mode == StackMode::perf) {
      for (const SourceLine& inlined : lines) append_format(text, "\t{:x} {} (inlined)\n", address, inlined.function);
      const bool of_user = stack.space == SymbolSpace::user;
      append_format(text, "\t{:x} {}{}\n", address, place, of_user ? fmt::format(" ({})", name.module.empty() ? "[unknown]" : name.module) : "");
    } else {
      for (const SourceLine& inlined : lines) append_format(text, "{}[inlined] {}@{}:{}\n", indent, inlined.function, inlined.file, inlined.line);
      append_format(text, "{}{}{}\n", indent, name.symbol.empty() ? fmt::format("{:#x}", address) : place, line);
    }
  }
}

void append_buffer(std::string& text, std::string_view bytes, BufferForm form) {
  bool first = true;
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (form == BufferForm::hexadecimal) {
      append_format(text, "{}{:02x}", first ? "" : " ", byte);
    } else if (form == BufferForm::readable && c >= ' ' && c <= '~') {
      text += c;
    } else {
      append_format(text, "\\x{:02x}", byte);
    }
    first = false;
  }
}

}  // namespace fathom

// x86-64 alone: numbers, registers and the mark of 32-bit calls are the architecture's. Elsewhere nothing is shared.
#include "runtime/probes/syscalls.h"

#include <sys/user.h>

#include <cstddef>

#include "runtime/probes/provider.h"

namespace fathom {

namespace {

#ifdef __x86_64__

struct Call {
  std::string_view name;
  std::uint32_t number;
};

constexpr Call calls[] = {
#define SYSCALL(name, number) {#name, number},
#include "runtime/probes/syscall_numbers.def"
#undef SYSCALL
};

constexpr std::uint32_t numbers = 1024;  // more than there are, and fewer than those of the x32 ABI, which are not these events
constexpr std::uint32_t in_compat_call = 2;  // TS_COMPAT: a 32-bit call, whose number means something else

// In struct pt_regs, which begins as struct user_regs_struct does.
constexpr std::size_t arguments[] = {offsetof(user_regs_struct, rdi), offsetof(user_regs_struct, rsi), offsetof(user_regs_struct, rdx),
                                     offsetof(user_regs_struct, r10), offsetof(user_regs_struct, r8),  offsetof(user_regs_struct, r9)};
constexpr std::size_t number_register = offsetof(user_regs_struct, orig_rax);

// The record that perf makes of a system call: the number, then 8 bytes for each argument or for the result.
constexpr std::uint32_t record_number = 8;
constexpr std::uint32_t record_values = 16;
constexpr std::uint32_t word = 8;

constexpr std::string_view enter = "sys_enter";
constexpr std::string_view leave = "sys_exit";

ContextField number_at(std::string_view place) {
  if (place == enter) return {.name = "number", .type = Type::integer(word, false), .source = ContextSource::argument, .offset = 1};
  return {.name = "number", .type = Type::integer(word, false), .source = ContextSource::saved_register, .offset = number_register};
}

// How a field of the record is read at the shared place.
std::optional<ContextField> field_at(std::string_view place, ContextField field) {
  if (field.source != ContextSource::record || !field.type.is_scalar()) return std::nullopt;
  const std::uint32_t record_offset = field.offset;
  if (record_offset == record_number) {
    const ContextField number = number_at(place);
    field.source = number.source;
    field.offset = number.offset;
    return field;
  }
  if (record_offset < record_values || record_offset % word != 0) return std::nullopt;
  const std::size_t index = (record_offset - record_values) / word;
  if (place == leave) {
    if (index != 0) return std::nullopt;
    field.source = ContextSource::argument;
    field.offset = 1;
    return field;
  }
  if (index >= std::size(arguments)) return std::nullopt;
  field.source = ContextSource::saved_register;
  field.offset = static_cast<std::uint32_t>(arguments[index]);
  return field;
}

// Where the current task says that it is in a 32-bit call; none without BTF.
std::optional<std::uint32_t> compat_word(const Target& target) {
  std::uint32_t offset = 0;
  std::optional<Type> type = target.find_type("struct task_struct");
  for (std::string_view name : {"thread_info", "status"}) {
    const auto layout = type && type->is_structure() ? (type->layout() ? type->layout() : target.layout(*type)) : nullptr;
    const StructMember* member = layout ? layout->find(name) : nullptr;
    if (member == nullptr) return std::nullopt;
    offset += member->offset;
    type = member->type;
  }
  return offset;
}

#endif

}  // namespace

#ifdef __x86_64__

std::optional<SharedEvent> syscall_event(const AttachPoint& point) {
  if (point.target != "syscalls") return std::nullopt;
  for (std::string_view place : {enter, leave}) {
    const std::string_view event = point.function;
    if (!event.starts_with(place) || event.size() <= place.size() + 1 || event[place.size()] != '_') continue;
    for (const Call& call : calls) {
      if (call.name == event.substr(place.size() + 1)) return SharedEvent{place, call.number};
    }
  }
  return std::nullopt;
}

std::optional<SharedPlace> syscall_place(std::string_view place, const Context& context, const Target& target) {
  const std::optional<std::uint32_t> compat = compat_word(target);
  if (!compat) return std::nullopt;
  SharedPlace result;
  result.program = ProgramKind::raw_tracepoint;
  result.point.provider = rawtracepoint_probe.name;
  result.point.function = place;
  result.point.text = std::string(rawtracepoint_probe.name) + ":" + std::string(place);
  result.number = number_at(place);
  result.numbers = numbers;
  result.foreign = {*compat, in_compat_call};
  for (const ContextField& field : context.fields) result.fields.push_back(field_at(place, field));
  return result;
}

#else

std::optional<SharedEvent> syscall_event(const AttachPoint&) { return std::nullopt; }
std::optional<SharedPlace> syscall_place(std::string_view, const Context&, const Target&) { return std::nullopt; }

#endif

}  // namespace fathom

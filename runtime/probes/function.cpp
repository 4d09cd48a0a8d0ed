// Register contexts and function events.
#include "runtime/probes/function.h"

#include <fcntl.h>
#include <linux/perf_event.h>

#include <cerrno>
#include <charconv>

#include <fmt/format.h>

#include "ast/registers.h"
#include "runtime/tracefs.h"

namespace fathom {

namespace {

constexpr std::int64_t word = 8;
constexpr std::uint32_t stack_arguments = 4;  // that argN reaches behind those in registers
constexpr unsigned semaphore_shift = 32;      // of the counter's offset in config

ContextField in_register(std::uint32_t offset) { return {"", Type::uint64(), ContextSource::register_value, offset}; }

// Argument `number` of those on the stack, which begin behind the return address.
ContextField on_stack(std::uint32_t number, AddressSpace space) {
  ContextField field{"", Type::uint64().with_space(space), ContextSource::memory, stack_register()};
  field.displacement = (number + 1) * word;
  return field;
}

// The number in a file of sysfs, or empty: "6\n".
std::optional<std::uint32_t> number_in(const std::string& path) {
  const auto text = read_file_at(AT_FDCWD, path);
  std::uint32_t number = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

// The bit of `config` that stands for the return: "config:0\n".
std::uint32_t return_bit(std::string_view source) {
  const auto text = read_file_at(AT_FDCWD, fmt::format("/sys/bus/event_source/devices/{}/format/retprobe", source));
  const std::size_t colon = text ? text->find(':') : std::string::npos;
  std::uint32_t bit = 0;
  if (colon != std::string::npos) std::from_chars(text->data() + colon + 1, text->data() + text->size(), bit);
  return bit;
}

}  // namespace

Context register_context(FunctionMoment moment, SymbolSpace space) {
  const AddressSpace memory = space == SymbolSpace::user ? AddressSpace::user : AddressSpace::kernel;
  Context context;
  context.has_registers = true;
  context.raw = Type::structure("pt_regs", false, 0, 0);
  switch (moment) {
    case FunctionMoment::entry:
      for (const std::uint32_t offset : argument_registers()) context.arguments.push_back(in_register(offset));
      for (std::uint32_t i = 0; i < stack_arguments; ++i) context.arguments.push_back(on_stack(i, memory));
      context.stack_argument = on_stack(0, memory);
      break;
    case FunctionMoment::inside:
      for (const std::uint32_t offset : argument_registers()) context.arguments.push_back(in_register(offset));
      break;
    case FunctionMoment::returned:
      context.return_value = in_register(result_register());
      break;
  }
  ContextField function{"", Type::symbol(space), ContextSource::register_value, instruction_register()};
  // In the kernel the register may already point behind the first instruction.
  const bool kernel_entry = moment == FunctionMoment::entry && space == SymbolSpace::kernel;
  if (moment == FunctionMoment::returned || kernel_entry) function.source = ContextSource::function;
  function.read = Type::uint64();
  context.function = function;
  return context;
}

std::optional<std::uint64_t> address_number(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, hexadecimal ? 16 : 10);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::pair<std::string, std::uint64_t>> split_offset(std::string_view text) {
  const std::size_t plus = text.rfind('+');
  if (plus == std::string_view::npos) return std::pair(std::string(text), std::uint64_t{0});
  const auto offset = address_number(text.substr(plus + 1));
  if (!offset) return std::nullopt;
  return std::pair(std::string(text.substr(0, plus)), *offset);
}

Result<Link> attach_function_event(const AttachRequest& request, std::size_t index, const FunctionEvent& event) {
  const AttachPoint& point = request.attach_points[index];
  const auto type = number_in(fmt::format("/sys/bus/event_source/devices/{}/type", event.source));
  if (!type) return std::unexpected(attach_error(point, ENODEV));
  perf_event_attr attr = {};
  attr.size = sizeof attr;
  attr.type = *type;
  attr.config = (event.at_return ? std::uint64_t{1} << return_bit(event.source) : 0) | event.semaphore << semaphore_shift;
  attr.config1 = event.name.empty() ? 0 : reinterpret_cast<std::uintptr_t>(event.name.c_str());
  attr.config2 = event.place;
  const bool of_process = request.process && find_probe_type(all_probe_types(), point.provider)->filters_process_at_attach;
  const int process = of_process ? static_cast<int>(*request.process) : -1;
  const int cpu = of_process ? -1 : static_cast<int>(request.online_cpus.empty() ? 0 : request.online_cpus.front());
  return attach_perf_event(request.program, &attr, process, cpu, request.first + index);
}

}  // namespace fathom

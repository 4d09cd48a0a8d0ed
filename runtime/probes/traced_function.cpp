// Functions with a BPF trampoline: the rows of fentry and fexit. The kernel is told the function when the program is loaded, so each one needs
// a program of its own. Functions of BPF programs that are loaded have trampolines too: `fentry:bpf:FUNCTION`, `fentry:bpf:ID:FUNCTION`.
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "runtime/probes/kernel_function.h"

namespace fathom {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::string_view of_programs = "bpf";  // in place of a module

template <FunctionMoment moment>
const ProbeType& row() {
  return moment == FunctionMoment::returned ? fexit_probe : fentry_probe;
}

bool is_of_program(const AttachPoint& point) { return point.target == of_programs; }

AttachPoint program_point(std::string_view provider, std::uint64_t program, std::string_view function) {
  AttachPoint point;
  point.provider = provider;
  point.target = of_programs;
  point.function = function;
  point.value = program;
  point.text = program == 0 ? fmt::format("{}:{}:{}", provider, of_programs, function) : fmt::format("{}:{}:{}:{}", provider, of_programs, program, function);
  return point;
}

template <FunctionMoment moment>
Parsed parse(std::span<const std::string> parts) {
  const ProbeType& type = row<moment>();
  if (parts.size() < 2 || parts[0] != of_programs) return parse_kernel_function(parts, type, Offsets::refused);
  const std::string form = fmt::format("write it as `{0}:bpf:FUNCTION` or `{0}:bpf:ID:FUNCTION`", type.name);
  if (parts.size() > 3) return bad_part(3, fmt::format("{} takes a program and a function, and nothing more", type.name), form);
  std::uint64_t program = 0;
  if (parts.size() == 3) {
    const auto number = attach_point_number(parts[1]);
    if (!number || *number > UINT32_MAX) return bad_part(1, fmt::format("`{}` is not the id of a BPF program", parts[1]), "`bpftool prog` lists them with their ids");
    program = *number;
  }
  if (const auto problem = name_problem(parts, parts.size() - 1, "the name of a BPF program", form, Globs::allowed)) return std::unexpected(*problem);
  return program_point(type.name, program, parts.back());
}

Result<std::vector<AttachPoint>> expand_of_programs(const AttachPoint& pattern, const Target& target) {
  const auto functions = target.loaded_functions(static_cast<std::uint32_t>(pattern.value), pattern.function);
  if (!functions) return std::unexpected(functions.error());
  const bool is_pattern = is_glob(pattern.function);
  if (functions->size() > 1 && !is_pattern) {
    std::vector<std::string> texts;
    for (const LoadedFunction& function : *functions) texts.push_back(fmt::format("`{}`", program_point(pattern.provider, function.program, function.name).text));
    return fail(fmt::format("several BPF programs are called {}", pattern.function), fmt::format("write which: {}", fmt::join(texts, " or ")));
  }
  std::vector<AttachPoint> points;
  for (const LoadedFunction& function : *functions) {
    AttachPoint& point = points.emplace_back(program_point(pattern.provider, function.program, function.name));
    point.from_wildcard = is_pattern;
  }
  return points;
}

// Names that the kernel has several times, in modules, are asked back.
Result<std::vector<AttachPoint>> expand(const AttachPoint& pattern, const Target& target) {
  if (!target.has(Feature::btf)) return fail("arguments by name need the kernel's type information (/sys/kernel/btf/vmlinux)");
  if (is_of_program(pattern)) return expand_of_programs(pattern, target);
  const bool is_pattern = is_glob(pattern.function) || is_glob(pattern.target);
  const auto functions = target.kernel_functions(pattern.target.empty() && !is_pattern ? "*" : pattern.target, pattern.function);
  if (!functions) return std::unexpected(functions.error());
  std::vector<AttachPoint> points;
  for (const KernelFunction& function : *functions) {
    if (!target.signature(function.module, function.name)) continue;
    AttachPoint& point = points.emplace_back(kernel_function_point(pattern.provider, function.module, function.name));
    point.from_wildcard = is_pattern;
  }
  if (points.size() > 1 && !is_pattern) {
    std::vector<std::string> texts;
    for (const AttachPoint& point : points) texts.push_back(fmt::format("`{}`", point.text));
    return fail(fmt::format("several functions are called {}", pattern.function), fmt::format("name the module: {}", fmt::join(texts, " or ")));
  }
  return points;
}

std::optional<FunctionSignature> signature_of(const AttachPoint& point, const Target& target) {
  if (!is_of_program(point)) return target.signature(point.target, point.function);
  const auto functions = target.loaded_functions(static_cast<std::uint32_t>(point.value), point.function);
  if (!functions || functions->empty()) return std::nullopt;
  return functions->front().signature;
}

ContextField field_of(const StructMember& member) {
  ContextField field{member.name, member.type, ContextSource::typed_argument, member.offset / word};
  if (!member.type.is_scalar()) field.type = member.type.with_space(AddressSpace::kernel);
  return field;
}

template <FunctionMoment moment>
Result<Context> context(const AttachPoint& point, const Target& target) {
  Context context;
  const auto signature = signature_of(point, target);
  if (!signature) return fail(fmt::format("the kernel's type information does not describe {}", point.function));
  for (const StructMember& parameter : signature->parameters) {
    if (!parameter.name.empty()) context.fields.push_back(field_of(parameter));
  }
  if (moment == FunctionMoment::returned && !signature->result.is_none()) {
    StructMember result;
    result.type = signature->result;
    result.offset = signature->result_offset;
    context.return_value = field_of(result);
  }
  ContextField function{"", Type::symbol(SymbolSpace::kernel), ContextSource::function};
  function.read = Type::uint64();
  context.function = function;
  return context;
}

template <FunctionMoment moment>
std::vector<std::string> argument_lines(const FunctionSignature& signature) {
  std::vector<std::string> lines;
  for (const StructMember& parameter : signature.parameters) lines.push_back(fmt::format("{} {}", to_string(parameter.type), parameter.name));
  if (moment == FunctionMoment::returned && !signature.result.is_none()) lines.push_back(fmt::format("{} retval", to_string(signature.result)));
  return lines;
}

template <FunctionMoment moment>
Result<std::vector<ListedProbe>> list(std::span<const std::string> parts, const Target& target, bool with_arguments) {
  std::vector<ListedProbe> listed;
  if (!target.has(Feature::btf)) return listed;
  if (!parts.empty() && parts[0] == of_programs && parts.size() > 1) {
    const auto parsed = parse<moment>(parts);
    if (!parsed) return listed;
    const auto functions = target.loaded_functions(static_cast<std::uint32_t>(parsed->value), parsed->function);
    if (!functions) return std::unexpected(functions.error());
    for (const LoadedFunction& function : *functions) {
      listed.push_back({program_point(row<moment>().name, function.program, function.name).text,
                        with_arguments ? argument_lines<moment>(function.signature) : std::vector<std::string>()});
    }
    return listed;
  }
  const auto functions = listed_functions(parts, target);
  if (!functions) return std::unexpected(functions.error());
  for (const KernelFunction& function : *functions) {
    const auto signature = target.signature(function.module, function.name);
    if (!signature) continue;
    listed.push_back({kernel_function_point(row<moment>().name, function.module, function.name).text,
                      with_arguments ? argument_lines<moment>(*signature) : std::vector<std::string>()});
  }
  return listed;
}

struct OpenAttributes {
  std::uint64_t name;
  std::uint32_t program;
  std::uint32_t padding;
};

// A refusal that is the function's own counts as EINVAL, so that a wildcard can do without it.
Error refusal(const AttachPoint& point, int system_error) {
  constexpr int not_supported = 524;  // ENOTSUPP, of the kernel's own
  const std::string elsewhere = fmt::format("use `{}:{}`", point.provider == fexit_probe.name ? kretprobe_probe.name : kprobe_probe.name, point.function);
  switch (system_error) {
    case EBUSY:
      return {fmt::format("can not attach {}: several functions have this name, or another tool has changed the function's code", point.text),
              "trace one of its callers", EINVAL};
    case not_supported:
      return {fmt::format("can not attach {}: it has more arguments than this kernel hands on by name", point.text), elsewhere, EINVAL};
    case E2BIG:
      return {fmt::format("can not attach {}: this function has as many programs as the kernel allows", point.text), "stop another tracer", E2BIG};
    case EINVAL:
    case ENOENT:
      return {fmt::format("can not attach {}: the kernel allows no fentry or fexit program there", point.text), "trace one of its callers", EINVAL};
    default: return attach_error(point, system_error);
  }
}

Result<std::vector<Link>> attach(const AttachRequest& request) {
  std::vector<Link> links;
  for (const AttachPoint& point : request.attach_points) {
    OpenAttributes attributes = {0, static_cast<std::uint32_t>(request.program), 0};
    const int link = static_cast<int>(syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attributes, sizeof attributes));
    if (link < 0) return std::unexpected(refusal(point, errno));
    links.emplace_back(link);
  }
  return links;
}

template <FunctionMoment moment>
std::string missing_help(const AttachPoint& pattern, const Target& target) {
  if (is_of_program(pattern)) return "`bpftool prog` lists the BPF programs that are loaded; those without type information can not be traced";
  const auto functions = target.kernel_functions(pattern.target, pattern.function);
  if (functions && !functions->empty() && !is_glob(pattern.function)) {
    return fmt::format("the kernel has this function, but hands on no arguments of it by name (its type information has none, or a union, or `...`): use `{}:{}`",
                       moment == FunctionMoment::returned ? kretprobe_probe.name : kprobe_probe.name, pattern.function);
  }
  return missing_function_help(pattern, target, moment);
}

std::vector<std::string> left_out(const AttachPoint& pattern, const Target& target) {
  return is_of_program(pattern) ? std::vector<std::string>() : left_out_kernel_functions(pattern, target);
}

// The rings and maps that a program uses are behind such locks.
bool holds_lock(const AttachPoint& point) {
  return point.function.find("spin_lock") != std::string::npos || point.function.find("spin_unlock") != std::string::npos ||
         point.function.find("spin_trylock") != std::string::npos;
}

template <FunctionMoment moment>
ProbeType make_row(RowText text) {
  return {
      .name = text.name,
      .aliases = std::move(text.aliases),
      .syntax = text.syntax,
      .doc = text.doc,
      .program = moment == FunctionMoment::returned ? ProgramKind::fexit : ProgramKind::fentry,
      .moment = Moment::attached,
      .filters_process_at_attach = false,
      .one_program_per_point = true,
      .last_runs_first = true,
      .needs = Feature::fentry,
      .instead = "kprobe and kretprobe serve where the kernel has kprobes; `tracepoint:CATEGORY:EVENT` probes have their fields by name everywhere",
      .parse = parse<moment>,
      .expand = expand,
      .context = context<moment>,
      .suggestions = kernel_function_suggestions,
      .list = list<moment>,
      .attach = attach,
      .missing_help = missing_help<moment>,
      .left_out = left_out,
      .holds_lock = holds_lock,
  };
}

}  // namespace

ProbeType traced_function_type(FunctionMoment moment, RowText text) {
  return moment == FunctionMoment::returned ? make_row<FunctionMoment::returned>(std::move(text)) : make_row<FunctionMoment::entry>(std::move(text));
}

}  // namespace fathom

// The interface of a probe type (a provider). One file in runtime/probes/ describes one; the list of them is runtime/probes/list.cpp.
// A provider parses its attach points, expands wildcards against the target, and *describes* what a probe body can read; it never
// sees the code generator. How it attaches is runtime's business and hides behind AttachRequest.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ast/result.h"
#include "ast/target.h"
#include "ast/types.h"

namespace fathom {

// Which kind of BPF program the kernel runs; decides the shape of its context.
enum class ProgramKind : std::uint8_t { raw_tracepoint, tracepoint, perf_event, kprobe, fentry, fexit, iterator };

// When a probe runs relative to the attached ones.
enum class Moment : std::uint8_t { begin, attached, end, signal, test, bench };

// One attach point, parsed; plain data that goes into the Plan.
struct AttachPoint {
  std::string provider;  // the provider's full name
  // tracepoint: category; interval, profile: unit ("s", "ms", "us", "ns", "hz"); software, hardware: event; kprobe, fentry: module;
  // ("bpf": functions of BPF programs); uprobe, usdt: path of the file; iter: path of the pin; self: signal
  std::string target;
  // tracepoint, rawtracepoint: event; kprobe, fentry, uprobe: function, or "@FILE:LINE:COLUMN" of the source; usdt: "namespace:name";
  // watchpoint: mode; iter: what it goes over
  std::string function;
  // interval, profile: rate in `target`'s unit; software, hardware: count between samples (0: the default); kprobe: offset in the
  // function; uprobe, usdt: offset in the file; watchpoint: length; fentry: id of the BPF program
  std::uint64_t value = 0;
  std::string text;      // what the `probe` builtin says: "tracepoint:syscalls:sys_enter_openat"
  // kprobe without a function, watchpoint: the address; uprobe, usdt: the address that the file itself gives to the place
  std::uint64_t address = 0;
  std::uint64_t semaphore = 0;  // usdt: offset in the file of the counter that switches the probe on; 0: none
  bool from_wildcard = false;   // one of several that a pattern stands for
  bool continues = false;       // a further place of the attach point before it, not one of its own

  friend bool operator==(const AttachPoint&, const AttachPoint&) = default;
};

// Whether programs of this kind at this attach point stay in the kernel as a file, for others to read.
inline bool is_pinned(ProgramKind kind, const AttachPoint& point) { return kind == ProgramKind::iterator && !point.target.empty(); }

// Where the bytes of a context field are.
enum class ContextSource : std::uint8_t {
  record,          // tracepoint record: `offset` bytes from the context
  record_string,   // __data_loc: a u32 at `offset` whose low 16 bits are the string's offset in the record
  record_relative_string,  // __rel_loc: the same, counted from behind that u32
  argument,        // u64 number `offset` of the context (raw tracepoints)
  typed_argument,  // the same where the verifier knows the argument's type (fentry, fexit)
  register_value,  // u64 at `offset` of the context, a struct pt_regs
  saved_register,  // u64 at `offset` of the struct pt_regs that argument 0 points to
  memory,          // in memory of `type`'s space, at register `offset` plus `displacement` plus `scale` times register `index`
  constant,        // `displacement` itself
  function,        // the address of the traced function, which the kernel knows
};

struct ContextField {
  std::string name;
  Type type;
  ContextSource source = ContextSource::record;
  std::uint32_t offset = 0;
  std::int64_t displacement = 0;
  std::uint32_t index = 0;
  std::uint32_t scale = 0;  // 0: no index register
  Type read = {};           // what lies there where that is narrower than `type`; none: the type itself

  // Whether the verifier knows it as a pointer to its type.
  bool is_object() const { return source == ContextSource::typed_argument && type.is_pointer(); }

  friend bool operator==(const ContextField&, const ContextField&) = default;
};

// What a probe body can read beyond the builtins that work everywhere.
struct Context {
  std::vector<ContextField> fields;     // args.NAME
  std::vector<ContextField> arguments;  // arg0 …
  std::optional<ContextField> return_value;    // retval
  std::optional<ContextField> function;        // func
  std::optional<ContextField> stack_argument;  // sarg0; the others follow at steps of 8 bytes
  bool has_registers = false;  // the context begins with a struct pt_regs: reg(), usermode
  Type raw;                    // what ctx points to; none where only its address is of use

  friend bool operator==(const Context&, const Context&) = default;
};

// An event that passes one place together with many others, which numbers tell apart there: a system call at sys_enter.
struct SharedEvent {
  std::string_view place;
  std::uint32_t number = 0;
};

// Such a place: one program there serves any number of attach points with one link. The kernel takes links of events apart one by one, and
// waits for all CPUs at each. A body sees the same as at the event itself, but for the kernel's own way to the program.
struct SharedPlace {
  AttachPoint point;  // what the program is attached to
  ProgramKind program = ProgramKind::raw_tracepoint;
  ContextField number;        // of the event that passes
  std::uint32_t numbers = 0;  // all of them are smaller
  // An event that only has the number of another one: bits in a u32 of the current task say so.
  struct Foreign {
    std::uint32_t task_offset = 0;
    std::uint32_t mask = 0;
  } foreign;
  std::vector<std::optional<ContextField>> fields;  // the context's, as they are read here; none: not to be had
};

// Why an attach point can not be: points at one part of it (0 is the provider's name).
struct AttachPointProblem {
  std::string message;
  std::string help;
  std::size_t part = 0;
};

struct AttachRequest;  // runtime/probes/attach.h
class Link;            // runtime/link.h

// A line of `-l`: the attach point, and for -lv one line per argument.
struct ListedProbe {
  std::string text;
  std::vector<std::string> arguments;  // "const char * filename"
};

struct ProbeType {
  std::string_view name;
  std::vector<std::string_view> aliases;  // short and old names
  std::string_view syntax;                // "tracepoint:CATEGORY:EVENT", for help texts and the manual
  std::string_view doc;                   // one sentence for the manual
  std::string_view home = "on this kernel";  // where its attach points are, in the message that there is none
  ProgramKind program = ProgramKind::tracepoint;
  Moment moment = Moment::attached;
  // -p PID: true where attaching to the process filters, or where there is nothing to filter; false where the program has to compare.
  bool filters_process_at_attach = false;
  // Which memory an address points to that comes without saying so: `(struct foo *)arg0`.
  AddressSpace pointers = AddressSpace::kernel;
  // The kernel ties the program to its place when it loads it, so that each attach point needs one of its own.
  bool one_program_per_point = false;
  // The program can make the traced function return at once: override().
  bool can_override = false;
  // An attach point is an address that unwatch() may take away.
  bool can_unwatch = false;
  // Of several programs at one event the kernel runs the one first that was attached last.
  bool last_runs_first = false;
  // What the kernel must have for it, and what serves where it has not: the help of the message then.
  std::optional<Feature> needs = std::nullopt;
  std::string_view instead = {};
  // One link for all attach points of a program, where the kernel has it.
  std::optional<Feature> links_together = std::nullopt;

  // What tells a program which of its attach points fired. Where the kernel lacks it, a body that asks becomes a program for each of them.
  Feature cookie = Feature::attach_cookie;

  // `parts`: the text between colons after the provider's name, quotes removed. Wildcards are kept as they are.
  std::expected<AttachPoint, AttachPointProblem> (*parse)(std::span<const std::string> parts);
  // The attach points that a parsed one stands for on this target: itself, or every match of its wildcards; none where nothing matches.
  Result<std::vector<AttachPoint>> (*expand)(const AttachPoint& pattern, const Target& target);
  // What a body at this (expanded) attach point can read.
  Result<Context> (*context)(const AttachPoint& point, const Target& target);
  // Existing attach points for "did you mean", in the same form as AttachPoint::text.
  std::vector<std::string> (*suggestions)(const AttachPoint& pattern, const Target& target);
  // For -l: everything that matches the pattern's parts (missing parts match all). `with_arguments`: fill ListedProbe::arguments.
  Result<std::vector<ListedProbe>> (*list)(std::span<const std::string> parts, const Target& target, bool with_arguments);
  // Attaches one loaded program to all its attach points; null for begin and end, which the session runs itself.
  Result<std::vector<Link>> (*attach)(const AttachRequest& request);
  // What to say where the attach point does not exist, if the provider knows more than its nearest neighbour; may be null.
  std::string (*missing_help)(const AttachPoint& pattern, const Target& target) = nullptr;
  // Why an (expanded) attach point is only for those who ask for it with --unsafe: what follows its name in a message. None: it is safe. Of
  // a wildcard's matches those that are not are left out.
  std::optional<AttachPointProblem> (*danger)(const AttachPoint& point, const Target& target) = nullptr;
  // What a wildcard matches and yet leaves out, because tracing it would harm the machine or trace fathom itself. Null: nothing.
  std::vector<std::string> (*left_out)(const AttachPoint& pattern, const Target& target) = nullptr;
  // Fields that take time to find out: asked for only where a body names `args`. Null: all are in the context.
  std::vector<ContextField> (*named_fields)(const AttachPoint& point, const Target& target) = nullptr;
  // Whether an attach point is inside a lock's own code, where a program that takes such a lock itself would wait for ever. Null: never.
  bool (*holds_lock)(const AttachPoint& point) = nullptr;
  // The type whose probes run at the return of the same functions, and what the kernel must have for one program to serve both.
  const ProbeType* return_type = nullptr;
  std::optional<Feature> pairs_with_returns = std::nullopt;
  // Whether the attach point's event passes a place with many others, and that place for this context; none where it does not. Null: never.
  std::optional<SharedEvent> (*shared_event)(const AttachPoint& point) = nullptr;
  std::optional<SharedPlace> (*shared_place)(std::string_view place, const Context& context, const Target& target) = nullptr;
};

using ProbeTypes = std::span<const ProbeType* const>;

// The provider with this name or alias, letter case ignored; null where there is none.
const ProbeType* find_probe_type(ProbeTypes types, std::string_view name);

// A provider that old scripts name and that the language no longer has.
struct RemovedProbeType {
  std::string_view name;       // full or short, in small letters
  std::string_view canonical;  // the full name
  std::string_view instead;    // help
};

// Null for any other name. Defined beside the list of providers, runtime/probes/list.cpp.
const RemovedProbeType* find_removed_probe_type(std::string_view provider);

// "a:b:c" -> {"a", "b", "c"}; a part in double quotes is taken verbatim and may contain colons.
std::vector<std::string> split_attach_point(std::string_view text);

}  // namespace fathom

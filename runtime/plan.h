// Everything the runtime needs besides the ELF bytes, as plain data without pointers into anything. Made by codegen/emit, read by
// runtime/session; `--emit=plan` shows it as JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ast/probe_type.h"
#include "ast/settings.h"
#include "ast/types.h"

namespace fathom {

struct MapPlan {
  std::string name;         // as in the script: "@x"; "@" for the anonymous map
  std::string object_name;  // the BPF map's name in the ELF, at most 15 bytes
  bool keyed = false;       // false: one value under key 0 (u32)
  bool key_is_list = false; // @x[a, b]: the key is a tuple that prints without its parentheses
  Type key;                 // none where not keyed
  Type value;               // an aggregation, or what `stored()` made of the value
  std::uint32_t max_entries = 1;
  bool declared = false;  // its size is from `let @name = hash(size)`
  bool evicts = false;    // of a full map the elements used longest ago go
  bool per_cpu = false;     // the kernel keeps one value per possible CPU, each rounded up to 8 bytes
};

// A place in the script, for what is said about it at run time. Lines and columns count from 1, in bytes; the end is exclusive.
struct SourcePlace {
  std::string file;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::uint32_t end_column = 1;  // on the same line
  std::string text;              // the source line

  friend bool operator==(const SourcePlace&, const SourcePlace&) = default;
};

// What can go wrong while a probe runs.
enum class RunTimeError : std::uint8_t {
  division_by_zero,
  index_out_of_bounds,
  map_full,
  nothing_to_delete,
  missing_key,    // with -k
  helper_failed,  // reading memory, with -k
};

// A place in the script where it can.
struct ErrorPlan {
  RunTimeError kind = RunTimeError::helper_failed;
  std::uint32_t place = 0;  // index in Plan::places
  std::string subject;      // "@x": the map
  std::string helper;       // "probe_read_user"; empty where no helper is to blame

  friend bool operator==(const ErrorPlan&, const ErrorPlan&) = default;
};

enum class FormatStyle : std::uint8_t {
  printf,  // text: printf format; fields: arguments
  print,   // fields: one value, printed with a newline
  time,    // text: strftime format, applied to the time of processing
  errorf,  // like printf, as a message about `place`
  warnf,   // the same, less grave
  cat,     // printf of the name of a file whose content is shown
  system,  // printf of a command whose output is shown
  join,    // text: separator; the record is a layout::JoinedValue
};

// How a record of the data ring turns into output.
struct FormatPlan {
  FormatStyle style = FormatStyle::printf;
  std::string text;
  std::vector<Type> fields;  // as stored in the record
  std::uint32_t place = 0;   // errorf, warnf, system: index in Plan::places
};

struct ProgramPlan {
  std::string name;  // the function in the ELF
  ProgramKind kind = ProgramKind::tracepoint;
  Moment moment = Moment::attached;
  // Attach points with their BPF cookies: the index in this list.
  std::vector<AttachPoint> attach_points;
  std::optional<AttachPoint> place;  // attached there instead, once
  std::vector<AttachPoint> returns;  // the same functions' returns, which the program serves too; empty: it does not
  bool needs_cookie = false;
};

// Names that the generated object and the loader agree on.
namespace object_names {
inline constexpr char data_ring[] = "fathom_data";
inline constexpr char control_ring[] = "fathom_control";
inline constexpr char counters[] = "fathom_counters";
inline constexpr char stacks[] = "fathom_stacks";
inline constexpr char unwind_tables[] = "fathom_unwind";   // by number, arrays of layout::UnwindRow
inline constexpr char unwind_places[] = "fathom_code";     // by process, arrays of layout::UnwindPlace
inline constexpr char scratch[] = "fathom_scratch";
inline constexpr char packets[] = "fathom_packets";  // per CPU, a buffer of packets
inline constexpr char guard[] = "fathom_guard";  // per CPU: whether a program of the script runs
inline constexpr char processes[] = "fathom_processes";  // those that the session knows
// An array of layout::ErrorState that the runtime maps, one for each row of Plan::errors.
inline constexpr char errors[] = "fathom_errors";
// A global in a data section of its own, which the runtime maps: layout::RunState.
inline constexpr char run_state[] = "fathom_run";
inline constexpr char run_state_section[] = ".data.run";
}  // namespace object_names

struct Plan {
  std::vector<MapPlan> maps;  // sorted by name
  std::vector<FormatPlan> formats;
  std::vector<SourcePlace> places;           // what formats and run-time errors point to
  std::vector<ErrorPlan> errors;
  std::vector<std::string> time_formats;     // strftime() values
  std::vector<std::string> cgroup_patterns;  // cgroup_path() values: which hierarchies are shown
  std::vector<std::string> captures;         // files that skboutput() writes packets to
  std::vector<ProgramPlan> programs;  // in source order
  bool uses_data_ring = false;
  bool uses_control_ring = false;
  bool uses_printk = false;
  bool unwinds = false;  // dw_ustack: the runtime fills object_names::unwind_tables and unwind_places
  std::uint32_t stack_words = 0;  // value size of object_names::stacks in u64; 0: no stacks used
  Settings settings;
};

// The ELF bytes together with their plan.
struct Image {
  std::vector<std::byte> elf;
  Plan plan;
};

// The mark that begins every printk line of a script: fixed bytes, then 8 hexadecimal digits that the loader replaces by ones of the run.
inline constexpr char printk_mark[] = "fathom 00000000: ";
inline constexpr std::size_t printk_mark_digits = 7;  // offset of the first digit
inline constexpr std::size_t printk_mark_size = sizeof(printk_mark) - 1;

std::string to_json(const Plan& plan);

}  // namespace fathom

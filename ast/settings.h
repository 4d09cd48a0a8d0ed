// What the command line, the environment and a script's config block can set, with the defaults that scripts rely on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ast/text_form.h"
#include "ast/types.h"

namespace fathom {

// How long names of user-space addresses are kept.
enum class SymbolCache : std::uint8_t { per_process, per_program, none };

// --name=value behind `--`; empty value: just --name.
struct NamedOption {
  std::string name;
  std::optional<std::string> value;  // none: `--name` alone

  friend bool operator==(const NamedOption&, const NamedOption&) = default;
};

enum class MissingProbes : std::uint8_t { error, warn, ignore };

// What becomes of a script: it traces, or only its probes of one kind run, once or often.
enum class RunMode : std::uint8_t { trace, test, bench };

// What is said about the use of something that may still change.
enum class Stability : std::uint8_t { enable, warn, error };

// How messages on standard error look: fathom's own way, or that of bpftrace for those who call fathom by that name.
enum class MessageStyle : std::uint8_t { own, bpftrace };

struct Settings {
  std::uint32_t max_strlen = 1024;      // bytes of a str() value, NUL included
  std::uint32_t max_map_keys = 4096;    // entries of an undeclared keyed map
  std::uint32_t max_probes = 1024;      // attach points of one script
  std::uint32_t ring_bytes = 4u << 20;  // event ring; a power of two and a multiple of the page size
  std::uint32_t max_bpf_progs = 1024;   // programs that one script becomes
  std::uint32_t max_cat_bytes = 10240;  // of a file that cat() prints
  std::uint32_t log_size = 1000000;     // of the verifier's log, bytes
  std::uint32_t on_stack_limit = 64;    // larger values live in per-CPU memory instead of on the BPF stack
  bool print_maps_on_exit = true;
  bool cpp_demangle = true;             // C++ names are shown in their readable form
  bool lazy_symbolication = true;       // user-space addresses get their names when they are printed
  bool show_debug_info = false;         // files and lines in stacks
  Stability unstable_tseries = Stability::warn;
  Stability unstable_dw_ustack = Stability::warn;
  Stability unstable_typeinfo = Stability::error;
  Stability unstable_import_statement = Stability::error;
  SymbolCache cache_user_symbols = SymbolCache::per_process;
  std::string license = "GPL";          // of the programs, for the kernel
  std::string truncation_trailer = "..";
  MissingProbes missing_probes = MissingProbes::error;
  std::string probe_filter;             // --probe-filter: attach points that do not match are left out; empty: none
  std::vector<std::string> parameters;  // $1, $2, …
  bool unsafe = false;                   // builtins that change the machine are allowed
  std::vector<NamedOption> options;      // what getopt() reads
  StackMode stack_mode = StackMode::bpftrace;  // of stacks that name none
  RunMode mode = RunMode::trace;
  bool has_command = false;              // -c is given
  std::optional<std::uint32_t> process;  // -p: only events of this process
  std::vector<std::uint32_t> dwarf_processes;  // --dwarf-pid: more processes whose stacks dw_ustack unwinds
  bool helper_warnings = false;         // -k: reads that failed and keys that are missing are reported when they happen
  TextForm text_form;                   // --compat
  MessageStyle message_style = MessageStyle::own;
};

}  // namespace fathom

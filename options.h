// The command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ast/feature.h"
#include "ast/settings.h"

namespace fathom {

enum class Stage : std::uint8_t { tokens, ast, checked, ir, assembly, elf, plan };

// When output is written out: each line, when the buffer is full, or at once.
enum class Buffering : std::uint8_t { line, full, none };

struct Options {
  std::optional<std::string> program;  // -e
  std::string file;                    // script, "-" for standard input; with list: the pattern; may be empty
  std::vector<std::string> parameters;
  std::vector<NamedOption> script_options;  // --name[=value] behind `--`
  std::optional<Stage> emit;
  bool dry_run = false;
  bool list = false;
  bool verbose = false;
  bool quiet = false;
  bool warnings = true;                  // --no-warnings
  bool helper_warnings = false;          // -k
  bool unsafe = false;             // --unsafe
  bool info = false;                     // --info
  std::string output;                    // -o; empty: standard output
  std::string format = "text";           // -f
  Buffering buffering = Buffering::line;  // -B
  std::vector<Stage> debug;              // -d: shown on the way, without stopping
  bool debug_load = false;               // -d libbpf, -d verifier
  std::vector<Feature> disabled_features;  // --no-feature
  std::string debug_folders;             // --debuginfo; empty: the usual ones only
  std::string traceable_functions;       // --traceable-functions; empty: the kernel's own list
  RunMode mode = RunMode::trace;         // --test, --bench, --mode
  bool reformat = false;                 // --fmt
  std::string emit_elf;                  // --emit-elf; empty: not wanted
  std::string emit_llvm;                 // --emit-llvm
  std::string probe_filter;              // --probe-filter; empty: all
  TextForm text_form;                    // --compat
  MessageStyle style = MessageStyle::own;  // started under the name bpftrace
  std::optional<std::string> command;    // -c
  std::optional<std::uint32_t> process;  // -p
  std::vector<std::uint32_t> dwarf_processes;  // --dwarf-pid
  std::vector<std::string> include_directories;  // -I
  std::vector<std::string> included_headers;     // --include
};

// The options, or the exit code where everything is said already (--help, --version, a wrong option).
std::variant<Options, int> parse_options(int count, char** arguments);

}  // namespace fathom

// The command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ast/settings.h"

namespace fathom {

enum class Stage : std::uint8_t { tokens, ast, checked, ir, assembly, elf, plan };

struct Options {
  std::optional<std::string> program;  // -e
  std::string file;                    // script, "-" for standard input; with list: the pattern; may be empty
  std::vector<std::string> parameters;
  std::vector<NamedOption> script_options;  // --name[=value] behind `--`
  std::optional<Stage> emit;
  bool unsafe = false;
  bool dry_run = false;
  bool list = false;
  bool verbose = false;
  bool quiet = false;
  std::string output;   // -o; empty: standard output
  std::optional<std::string> command;  // -c
  std::optional<std::uint32_t> process;  // -p
  std::vector<std::string> include_directories;  // -I
  std::vector<std::string> included_headers;     // --include
};

// The options, or the exit code where everything is said already (--help, --version, a wrong option).
std::variant<Options, int> parse_options(int count, char** arguments);

}  // namespace fathom

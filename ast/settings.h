// What the command line, the environment and a script's config block can set, with the defaults that scripts rely on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fathom {

enum class MissingProbes : std::uint8_t { error, warn, ignore };

struct Settings {
  std::uint32_t max_strlen = 1024;      // bytes of a str() value, NUL included
  std::uint32_t max_map_keys = 4096;    // entries of an undeclared keyed map
  std::uint32_t max_probes = 1024;      // attach points of one script
  std::uint32_t ring_bytes = 4u << 20;  // event ring; a power of two and a multiple of the page size
  std::string truncation_trailer = "..";
  MissingProbes missing_probes = MissingProbes::error;
  std::vector<std::string> parameters;  // $1, $2, …
  bool unsafe = false;                   // builtins that change the machine are allowed
  std::optional<std::uint32_t> process;  // -p: only events of this process
};

}  // namespace fathom

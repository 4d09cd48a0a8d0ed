// What C in a script depends on beyond its own text: the command line, the environment and the machine. Tests make one up.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ast/result.h"

namespace fathom {

struct CSetup {
  // The kernel describes its types, so that its headers are not needed and BPFTRACE_HAVE_BTF is defined.
  bool have_btf = true;
  std::uint32_t kernel_version = 0;      // LINUX_VERSION_CODE; 0: not known
  std::string script_directory;          // where headers in quotes are looked for first; empty: the current one
  std::vector<std::string> directories;  // -I, then CPATH and the like, then the system's
  std::vector<std::string> included;     // --include: read before the script
  bool reads_usual_headers = false;  // also headers that are not needed (headers.h) are read, where they are installed
  // How the kernel was configured: "CONFIG_SMP" -> "1". Asked for when a script tests such a name. Empty: it can not be known.
  std::function<std::vector<std::pair<std::string, std::string>>()> kernel_configuration;
  // The text of a file. Empty: there are no files.
  std::function<Result<std::string>(const std::string& path)> read;
};

}  // namespace fathom

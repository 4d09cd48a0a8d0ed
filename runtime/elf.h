// Reads programs and libraries: symbols, segments, static probes, build id. Over libelf, whose types do not show here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ast/executable.h"
#include "ast/result.h"

namespace fathom {

// A folder in which separate files with debugging information are looked for: by build id, or by the name that a program gives. A name is
// trusted where the build ids agree or, without them, the checksum.
struct DebugFolder {
  std::string path;              // no slash in front: below the program's own folder
  bool wants_checksum = false;   // compared even where the build ids agree
};
using DebugFolders = std::vector<DebugFolder>;

const DebugFolders& usual_debug_folders();

// "DIR:+DIR": `+` asks for the checksum. The usual folders come behind them. Errors: a folder that is none.
Result<DebugFolders> debug_folders(std::string_view list);

// A file's symbols come from its own tables and, where it was stripped, from a separate file with its debugging information. Errors: the file
// can not be read, or is no program.
Result<Executable> read_executable(const std::string& path, const DebugFolders& folders = usual_debug_folders());

// What a note section holds as the build id, in hexadecimal; may be empty.
std::string build_id_in(std::string_view notes);

// The readable form of a C++ or Rust name; the name itself where it is none.
std::string demangled(const std::string& name);

}  // namespace fathom

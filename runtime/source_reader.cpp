// Files and standard input.
#include "runtime/source_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/descriptor.h"

namespace fathom {

namespace {

// Far beyond any script; keeps a mistaken path such as a core dump from being parsed.
constexpr std::size_t max_bytes = 1u << 20;

}  // namespace

Result<SourceFile> read_source(const std::string& path) {
  bool standard_input = path == "-";
  Descriptor file(standard_input ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    std::string help = path.find_first_of("{ ") != std::string::npos ? "to run a program text, put -e before it" : "";
    return fail(fmt::format("{} can not be read ({})", path, strerrordesc_np(errno)), help, errno);
  }
  const std::string name = standard_input ? "standard input" : path;
  std::string text;
  char buffer[16384];
  ssize_t length = 0;
  while ((length = read(file.get(), buffer, sizeof buffer)) != 0) {
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail(fmt::format("{} can not be read ({})", name, strerrordesc_np(errno)), "", errno);
    text.append(buffer, static_cast<std::size_t>(length));
    if (text.size() > max_bytes) return fail(fmt::format("{} is too large for a script (over {} bytes)", name, max_bytes));
  }
  return SourceFile(standard_input ? "stdin" : path, std::move(text));
}

}  // namespace fathom

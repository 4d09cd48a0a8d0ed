// Files and standard input.
#include "runtime/source_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "runtime/descriptor.h"

namespace fathom {

namespace {

// Far beyond any script; keeps a mistaken path such as a core dump from being parsed.
constexpr std::size_t max_bytes = 1u << 20;

}  // namespace

namespace {

Result<std::string> read_text(int file, const std::string& name) {
  std::string text;
  char buffer[16384];
  ssize_t length = 0;
  while ((length = read(file, buffer, sizeof buffer)) != 0) {
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail(fmt::format("{} can not be read ({})", name, strerrordesc_np(errno)), "", errno);
    text.append(buffer, static_cast<std::size_t>(length));
    if (text.size() > max_bytes) return fail(fmt::format("{} is too large for a script (over {} bytes)", name, max_bytes));
  }
  // Lines may end as on Windows; behind a backslash that would continue no line.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends_line = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!ends_line) text[kept++] = text[i];
  }
  text.resize(kept);
  return text;
}

// Whether users other than root and the owner could have put the file there.
bool anybody_may_write(const std::filesystem::path& path) {
  std::error_code error;
  auto mode = std::filesystem::status(path, error).permissions();
  return !error && (mode & std::filesystem::perms::others_write) != std::filesystem::perms::none;
}

std::string refusal(const std::filesystem::path& path, const std::filesystem::path& open) {
  return fmt::format("{} is not imported: anybody may write to {}", path.native(), open.native());
}

Result<ImportedFile> read_imported(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error) return fail(fmt::format("{} can not be read ({})", path.native(), strerrordesc_np(error.value())));
  for (const std::filesystem::path& one : {real, real.parent_path()}) {
    if (anybody_may_write(one)) return fail(refusal(path, one), fmt::format("`chmod o-w {}`", one.native()));
  }
  ImportedFile file{path.native(), real.native(), {}};
  std::string extension = path.extension();
  if (extension == ".h") return file;
  if (extension == ".c") {
    return fail(fmt::format("{} is a C program, which can not be imported: there is no C compiler in fathom", path.native()),
                "write its functions as `fn` or `macro` in a .bt file");
  }
  if (extension != ".bt") return fail(fmt::format("{} can not be imported", path.native()), "scripts (.bt), headers (.h) and directories of scripts can");
  Descriptor descriptor(open(real.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) return fail(fmt::format("{} can not be read ({})", path.native(), strerrordesc_np(errno)));
  auto text = read_text(descriptor.get(), path.native());
  if (!text) return std::unexpected(text.error());
  file.text = std::move(*text);
  return file;
}

}  // namespace

Result<SourceFile> read_source(const std::string& path) {
  bool standard_input = path == "-";
  Descriptor file(standard_input ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    std::string help = path.find_first_of("{ ") != std::string::npos ? "to run a program text, put -e before it" : "";
    return fail(fmt::format("{} can not be read ({})", path, strerrordesc_np(errno)), help, errno);
  }
  auto text = read_text(file.get(), standard_input ? "standard input" : path);
  if (!text) return std::unexpected(text.error());
  return SourceFile(standard_input ? "stdin" : path, std::move(*text));
}

Result<std::vector<ImportedFile>> read_import(const std::string& path, const std::string& importer) {
  std::filesystem::path place = std::filesystem::path(importer).parent_path() / path;
  std::error_code error;
  std::vector<std::filesystem::path> paths;
  if (std::filesystem::is_directory(place, error)) {
    if (anybody_may_write(place)) return fail(refusal(place, place), fmt::format("`chmod o-w {}`", place.native()));
    for (const auto& entry : std::filesystem::directory_iterator(place, error)) {
      if (entry.path().extension() == ".bt") paths.push_back(entry.path());
    }
    if (paths.empty()) return fail(fmt::format("{} holds no scripts (.bt)", place.native()));
    std::ranges::sort(paths);
  } else {
    paths.push_back(place);
  }
  std::vector<ImportedFile> files;
  for (const std::filesystem::path& one : paths) {
    auto file = read_imported(one);
    if (!file) return std::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  return files;
}

}  // namespace fathom

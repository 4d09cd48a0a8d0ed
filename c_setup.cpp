// Asked only of scripts that have a C part, because it costs a few system calls.
#include "c_setup.h"

#include <sys/utsname.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <cstdio>

#include "runtime/source_reader.h"

namespace fathom {

namespace {

void add_path(std::vector<std::string>& directories, const char* list) {
  const std::string text = list == nullptr ? "" : list;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    if (end > at) directories.push_back(text.substr(at, end - at));
    at = end + 1;
  }
}

// The number that <linux/version.h> has for the running kernel.
std::uint32_t kernel_version() {
  utsname name = {};
  unsigned version = 0, patch = 0, sublevel = 0;
  if (uname(&name) != 0 || std::sscanf(name.release, "%u.%u.%u", &version, &patch, &sublevel) < 2) return 0;
  return (version << 16) + (patch << 8) + std::min(sublevel, 255u);
}

// The lines "CONFIG_NAME=VALUE" of the running kernel's configuration, `y` as 1 and, as its headers have it, a module as CONFIG_NAME_MODULE.
std::vector<std::pair<std::string, std::string>> kernel_configuration() {
  utsname name = {};
  uname(&name);
  gzFile file = nullptr;
  for (const std::string& path : {std::string("/proc/config.gz"), std::string("/boot/config-") + name.release,
                                  std::string("/lib/modules/") + name.release + "/config"}) {
    if (file == nullptr) file = gzopen(path.c_str(), "rb");  // reads what is not compressed, too
  }
  std::vector<std::pair<std::string, std::string>> found;
  char buffer[1024];
  while (file != nullptr && gzgets(file, buffer, sizeof buffer) != nullptr) {
    const std::string line = buffer;
    const std::size_t equals = line.find('=');
    if (!line.starts_with("CONFIG_") || equals == std::string::npos) continue;
    const std::string value = line.substr(equals + 1, line.find_last_not_of('\n') - equals);
    if (value == "y") {
      found.emplace_back(line.substr(0, equals), "1");
    } else if (value == "m") {
      found.emplace_back(line.substr(0, equals) + "_MODULE", "1");
    } else if (value != "n") {
      found.emplace_back(line.substr(0, equals), value);
    }
  }
  if (file != nullptr) gzclose(file);
  return found;
}

}  // namespace

CSetup c_setup(const Options& options, const std::string& script, const Target& target) {
  CSetup setup;
  setup.have_btf = target.has(Feature::btf);
  setup.kernel_version = kernel_version();
  const std::size_t slash = script.rfind('/');
  if (slash != std::string::npos) setup.script_directory = script.substr(0, std::max<std::size_t>(slash, 1));
  setup.directories = options.include_directories;
  add_path(setup.directories, std::getenv("CPATH"));
  add_path(setup.directories, std::getenv("C_INCLUDE_PATH"));
#if defined(__x86_64__)
  setup.directories.emplace_back("/usr/include/x86_64-linux-gnu");
#elif defined(__aarch64__)
  setup.directories.emplace_back("/usr/include/aarch64-linux-gnu");
#endif
  setup.directories.emplace_back("/usr/include");
  setup.included = options.included_headers;
  setup.kernel_configuration = kernel_configuration;
  setup.read = [](const std::string& path) -> Result<std::string> {
    Result<SourceFile> file = read_source(path);
    if (!file) return std::unexpected(file.error());
    return std::string(file->text());
  };
  return setup;
}

}  // namespace fathom

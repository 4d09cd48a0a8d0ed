// The kernel's tracing directory, whether or not anybody mounted it: /sys/kernel/tracing, else /sys/kernel/debug/tracing, else a mount of
// our own that no other process sees and that ends with this object. All paths are relative to that directory.
#pragma once

#include <string>
#include <vector>

#include "ast/result.h"
#include "runtime/descriptor.h"

namespace fathom {

class Tracefs {
 public:
  // Errors: not privileged, or a kernel built without tracing.
  static Result<Tracefs> open();

  int descriptor() const { return directory_.get(); }
  // The whole of a file, as it reads. Error::system_error is ENOENT where there is no such file.
  Result<std::string> read(const std::string& path) const;
  // Whether a file or directory is there.
  bool exists(const std::string& path) const;
  // Names of the subdirectories of a directory, sorted.
  Result<std::vector<std::string>> directories(const std::string& path) const;

 private:
  explicit Tracefs(Descriptor directory) : directory_(std::move(directory)) {}

  Descriptor directory_;
};

// The whole of a file below `directory` (AT_FDCWD: an ordinary path). For files of tracefs, proc and sysfs, whose size is not known before.
Result<std::string> read_file_at(int directory, const std::string& path);

}  // namespace fathom

// See the header.
#include "runtime/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace fathom {

namespace {

ssize_t write_or_forget(void*, const char* bytes, std::size_t size) {
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, bytes, size);
  return static_cast<ssize_t>(size);
}

}  // namespace

void secure_standard_streams() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    // open() takes the lowest number that is free. Closed standard output still fails when it is written to: this one is for reading.
    if (fcntl(descriptor, F_GETFD) < 0) [[maybe_unused]] int opened = open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
  std::FILE* lenient = fopencookie(nullptr, "w", {.read = nullptr, .write = write_or_forget, .seek = nullptr, .close = nullptr});
  if (lenient == nullptr) return;
  setvbuf(lenient, nullptr, _IONBF, 0);
  stderr = lenient;
}

}  // namespace fathom

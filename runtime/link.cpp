// Closing the last descriptor of a BPF link or perf event detaches the program.
#include "runtime/link.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace fathom {

Link::~Link() {
  if (descriptor_ >= 0) close(descriptor_);
  if (event_ >= 0) close(event_);
}

void detach_in_background(std::vector<Link> links) {
  constexpr std::size_t many = 4;  // a third of a second
  int ends[2];
  if (links.size() < many || pipe2(ends, O_CLOEXEC) != 0) return;
  const pid_t child = fork();
  if (child == 0) {
    // Whoever reads our output must see its end now.
    for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(stream);
    close(ends[1]);
    setsid();
    // Links come apart where their last descriptor is closed, which must not be ours: wait until we have let go of them.
    char byte = 0;
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {
    }
    _exit(0);
  }
  close(ends[0]);
  links.clear();
  close(ends[1]);
}

}  // namespace fathom

// Closing the last descriptor of a BPF link or perf event detaches the program.
#include "runtime/link.h"

#include <unistd.h>

namespace fathom {

Link::~Link() {
  if (descriptor_ >= 0) close(descriptor_);
  if (event_ >= 0) close(event_);
}

}  // namespace fathom

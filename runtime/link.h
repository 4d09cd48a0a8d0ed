// An attachment of a BPF program, detached on destruction.
#pragma once

#include <utility>

namespace fathom {

class Link {
 public:
  // Takes over file descriptors: the link (or the attached perf event), and -1 or a second one that must live as long.
  explicit Link(int descriptor, int event = -1) : descriptor_(descriptor), event_(event) {}
  Link(Link&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), event_(std::exchange(other.event_, -1)) {}
  Link& operator=(Link&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(event_, other.event_);
    return *this;
  }
  ~Link();

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  int event_;
};

}  // namespace fathom

// An attachment of a BPF program, detached on destruction.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fathom {

class Link {
 public:
  // Takes over file descriptors: the link (or the attached perf event), and -1 or a second one that must live as long.
  explicit Link(int descriptor, int event = -1) : descriptor_(descriptor), event_(event) {}
  Link(Link&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), event_(std::exchange(other.event_, -1)), pin_(std::move(other.pin_)) {}
  Link& operator=(Link&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(event_, other.event_);
    std::swap(pin_, other.pin_);
    return *this;
  }
  ~Link();

  int descriptor() const { return descriptor_; }
  // The file that keeps the attachment when this object goes; empty: none.
  const std::string& pin() const { return pin_; }
  void set_pin(std::string path) { pin_ = std::move(path); }

 private:
  int descriptor_;
  int event_;
  std::string pin_;
};

// Detaches without keeping the caller waiting. The kernel waits for all CPUs at each link of a perf event, one after the other: many of them are
// left to a process that does nothing else, and holds nothing else that anybody could wait for.
void detach_in_background(std::vector<Link> links);

}  // namespace fathom

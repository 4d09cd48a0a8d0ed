// A loaded BPF object: its maps and programs in the kernel, through libbpf. No libbpf type shows here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ast/result.h"
#include "ast/target.h"
#include "runtime/layout.h"
#include "runtime/plan.h"

struct bpf_object;

namespace fathom {

// What libbpf and the verifier said, for --verbose.
using LoadLog = std::function<void(std::string_view)>;

class Object {
 public:
  // Loads the image: creates its maps and has its programs verified and compiled. `mark` are 8 hexadecimal digits that tell this run's
  // printk lines from others'. Errors: the kernel lacks something the script needs, refuses for want of rights or memory, or the verifier
  // rejected a program; the message then names the line of the script.
  static Result<Object> load(const Image& image, std::string_view mark, const LoadLog& log, const Target& target);

  Object(Object&&) noexcept;
  Object& operator=(Object&&) noexcept;
  ~Object();

  // File descriptors; -1 where the object has no such program or map.
  int program(const std::string& name) const;
  int map(const std::string& name) const;
  // The memory shared with the programs; null where no program uses it.
  layout::RunState* run_state() const { return run_state_.get(); }

  // Runs a raw tracepoint program once, here and now: BEGIN and END.
  Result<void> run_once(const std::string& program) const;

 private:
  struct Close {
    void operator()(bpf_object* object) const;
  };
  struct Unmap {
    void operator()(layout::RunState* state) const;
  };
  explicit Object(bpf_object* object) : object_(object) {}
  Result<void> map_run_state();

  std::unique_ptr<bpf_object, Close> object_;
  std::unique_ptr<layout::RunState, Unmap> run_state_;
};

}  // namespace fathom

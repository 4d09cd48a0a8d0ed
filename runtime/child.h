// The process that a script watches: a command of -c, held until the probes are attached, or the process of -p.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ast/result.h"
#include "runtime/descriptor.h"

namespace fathom {

// Words of a command line; single and double quotes and backslashes keep blanks, as in a shell. Nothing else is expanded. None where a quote
// is not closed.
std::optional<std::vector<std::string>> split_command(std::string_view text);

class WatchedProcess {
 public:
  // Forks now; the command starts with start(). It dies with this process.
  static Result<WatchedProcess> command(const std::string& command);
  // An existing process.
  static Result<WatchedProcess> existing(std::uint32_t process);

  WatchedProcess(WatchedProcess&&) noexcept = default;
  WatchedProcess& operator=(WatchedProcess&&) noexcept = default;
  // Ends a command that still runs: SIGTERM, then SIGKILL for one that does not mind it for five seconds, or once the user wants no more waiting
  // (another SIGINT or SIGTERM). A command that was never started does nothing.
  ~WatchedProcess();

  // Called while the command stands still.
  using AtRest = std::function<void()>;

  // Lets the command begin. `at_rest`, if there is one, is called once it is executed and again where its own code begins, when the libraries
  // that it names are loaded. Error: it could not be executed.
  Result<void> start(const AtRest& at_rest = {});
  // Readable once the process has ended.
  int descriptor() const { return ended_.get(); }
  int process() const { return process_.get(); }
  bool is_child() const { return is_child_; }

 private:
  // A number that moves with its owner.
  class Id {
   public:
    explicit Id(int value) : value_(value) {}
    Id(Id&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Id& operator=(Id&& other) noexcept {
      std::swap(value_, other.value_);
      return *this;
    }
    int get() const { return value_; }

   private:
    int value_;
  };

  WatchedProcess(int process, bool is_child, Descriptor ended, Descriptor go, Descriptor failed)
      : process_(process), is_child_(is_child), ended_(std::move(ended)), go_(std::move(go)), failed_(std::move(failed)) {}

  Id process_;
  bool is_child_;
  std::string name_;   // of the command, for messages
  Descriptor ended_;   // pidfd
  Descriptor go_;      // a byte starts the command; closed without one, it never begins
  Descriptor failed_;  // errno of a failed exec arrives here
};

}  // namespace fathom

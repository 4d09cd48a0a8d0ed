// Holds a command where what it has mapped can be looked at, through ptrace(2).
#pragma once

#include <functional>

namespace fathom {

// The child of this thread will stop when it has executed its program. False: the kernel does not let it be traced; it runs as always.
bool stop_at_exec(int process);

// Calls `at_rest` at that stop, and again at the program's entry point, where the dynamic loader has mapped the libraries. Then the child runs on,
// traced no longer. Returns early, without a call, where it ends before; its exit status is left to be waited for.
void run_to_entry(int process, const std::function<void()>& at_rest);

}  // namespace fathom

// The entry point is what the kernel tells the loader (AT_ENTRY, getauxval(3)); a breakpoint instruction stands there for a moment.
#include "runtime/command_stops.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>

#include "runtime/tracefs.h"

namespace fathom {

namespace {

// What a child stopped for: a signal, and an event of ptrace. Empty: it has ended.
struct Stop {
  int signal;
  int event;
};
std::optional<Stop> next_stop(int process) {
  siginfo_t info{};
  // Looked at first, so that the status of a child that has ended stays.
  while (waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WSTOPPED | WNOWAIT) != 0) {
    if (errno != EINTR) return std::nullopt;
  }
  if (info.si_code != CLD_STOPPED && info.si_code != CLD_TRAPPED) return std::nullopt;
  int status = 0;
  if (waitpid(process, &status, WUNTRACED) != process || !WIFSTOPPED(status)) return std::nullopt;
  return Stop{WSTOPSIG(status), status >> 16};
}

void* as_pointer(std::uint64_t number) { return reinterpret_cast<void*>(number); }  // NOLINT(performance-no-int-to-ptr): as ptrace wants it

// Lets the child run until it stops for `wanted`; signals on the way reach it. False: it has ended.
template <class Wanted>
bool run_until(int process, Wanted wanted) {
  while (const auto stop = next_stop(process)) {
    if (wanted(*stop)) return true;
    const int signal = stop->event == 0 ? stop->signal : 0;
    if (ptrace(PTRACE_CONT, process, nullptr, as_pointer(static_cast<std::uint64_t>(signal))) != 0) return false;
  }
  return false;
}

std::optional<std::uint64_t> entry_of(int process) {
  const auto vector = read_file_at(AT_FDCWD, fmt::format("/proc/{}/auxv", process));
  Elf64_auxv_t entry;
  for (std::size_t at = 0; vector && at + sizeof entry <= vector->size(); at += sizeof entry) {
    std::memcpy(&entry, vector->data() + at, sizeof entry);
    if (entry.a_type == AT_ENTRY) return entry.a_un.a_val;
  }
  return std::nullopt;
}

#ifdef __x86_64__
constexpr std::uint64_t breakpoint = 0xcc;  // int3

// Stops the child at an address for once. False: it has ended, or can not be stopped there.
bool run_to(int process, std::uint64_t address) {
  errno = 0;
  const long code = ptrace(PTRACE_PEEKTEXT, process, as_pointer(address), nullptr);
  // One that is there already is a probe's, which the kernel would not tell us about.
  if (errno != 0 || (static_cast<std::uint64_t>(code) & 0xff) == breakpoint) return false;
  const std::uint64_t with_stop = (static_cast<std::uint64_t>(code) & ~std::uint64_t{0xff}) | breakpoint;
  if (ptrace(PTRACE_POKETEXT, process, as_pointer(address), as_pointer(with_stop)) != 0) return false;
  if (ptrace(PTRACE_CONT, process, nullptr, nullptr) != 0) return false;
  user_regs_struct registers{};
  const bool stopped = run_until(process, [&](const Stop& stop) {
    return stop.signal == SIGTRAP && stop.event == 0 && ptrace(PTRACE_GETREGS, process, nullptr, &registers) == 0 && registers.rip == address + 1;
  });
  if (!stopped) return false;
  registers.rip = address;
  return ptrace(PTRACE_POKETEXT, process, as_pointer(address), as_pointer(static_cast<std::uint64_t>(code))) == 0 &&
         ptrace(PTRACE_SETREGS, process, nullptr, &registers) == 0;
}
#else
bool run_to(int, std::uint64_t) { return false; }
#endif

}  // namespace

bool stop_at_exec(int process) { return ptrace(PTRACE_SEIZE, process, nullptr, as_pointer(PTRACE_O_TRACEEXEC)) == 0; }

void run_to_entry(int process, const std::function<void()>& at_rest) {
  if (!run_until(process, [](const Stop& stop) { return stop.event == PTRACE_EVENT_EXEC; })) return;
  at_rest();
  const auto entry = entry_of(process);
  if (entry && run_to(process, *entry)) at_rest();
  ptrace(PTRACE_DETACH, process, nullptr, nullptr);
}

}  // namespace fathom

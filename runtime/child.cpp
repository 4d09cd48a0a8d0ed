// Fork, hold, exec.
#include "runtime/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "runtime/command_stops.h"
#include "runtime/tracefs.h"

namespace fathom {

namespace {

// How long a command may take to end.
constexpr std::chrono::seconds patience{5};

// Whether somebody asks again for an end: the session blocks these signals, and they stay pending.
bool is_asked_to_end() {
  sigset_t pending;
  return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

// Waits for the end of the process of a pidfd, no longer than this and no longer than the user wants.
bool ends_within(int ended, std::chrono::milliseconds most) {
  constexpr std::chrono::milliseconds step{50};
  pollfd entry{ended, POLLIN, 0};
  for (std::chrono::milliseconds waited{0}; waited < most; waited += step) {
    if (poll(&entry, 1, step.count()) > 0) return true;
    if (is_asked_to_end()) break;
  }
  return poll(&entry, 1, 0) > 0;
}

Descriptor open_process(int process) { return Descriptor(static_cast<int>(syscall(SYS_pidfd_open, process, 0))); }

// The process that a thread belongs to; empty where there is no such thread.
std::optional<std::uint32_t> process_of_thread(std::uint32_t thread) {
  constexpr std::string_view mark = "\nTgid:\t";
  const auto status = read_file_at(AT_FDCWD, fmt::format("/proc/{}/status", thread));
  const std::size_t at = status ? status->find(mark) : std::string::npos;
  std::uint32_t process = 0;
  if (at != std::string::npos) std::from_chars(status->data() + at + mark.size(), status->data() + status->size(), process);
  return process == 0 || process == thread ? std::nullopt : std::optional(process);
}

// Runs in the child; does not return.
[[noreturn]] void run_command(const std::string& file, const std::vector<std::string>& words, int go, int failed) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  char byte = 0;
  ssize_t length = 0;
  while ((length = read(go, &byte, 1)) < 0 && errno == EINTR) {
  }
  if (length != 1) _exit(0);  // whoever would have watched it has gone
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(file.c_str(), arguments.data());
  int error = errno;
  [[maybe_unused]] ssize_t written = write(failed, &error, sizeof error);
  _exit(127);
}

// As execvp(3) looks for it; so that a mistake in the name is told before anything is attached, and that scripts see one execve(2) instead of
// one for each directory.
std::optional<std::string> find_in_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), F_OK) == 0 ? std::optional(name) : std::nullopt;
  const char* path = getenv("PATH");
  std::istringstream directories(path == nullptr ? "/bin:/usr/bin" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    std::string file = fmt::format("{}/{}", directory.empty() ? "." : directory, name);
    struct stat information = {};
    if (stat(file.c_str(), &information) == 0 && S_ISREG(information.st_mode) && access(file.c_str(), X_OK) == 0) return file;
  }
  return std::nullopt;
}

std::unexpected<Error> no_such_command(const std::string& name, int error) {
  return fail(fmt::format("`{}` could not be executed ({})", name, strerrordesc_np(error)), "-c takes a command that is in PATH, or its path", error);
}

}  // namespace

std::optional<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return std::nullopt;
  if (in_word) words.push_back(std::move(word));
  return words;
}

Result<WatchedProcess> WatchedProcess::command(const std::string& command) {
  const auto words = split_command(command);
  if (!words) return fail(fmt::format("a quote in the command of -c is not closed: {}", command), "quotes and backslashes keep blanks, as in a shell: -c \"sh -c 'ls /'\"");
  if (words->empty()) return fail("the command of -c is empty", "give it a command: -c 'ls /'");
  const auto file = find_in_path(words->front());
  if (!file) return no_such_command(words->front(), ENOENT);
  int go[2];
  int failed[2];
  if (pipe2(go, O_CLOEXEC) != 0) return fail("no pipe could be made for the command", "", errno);
  Descriptor go_read(go[0]);
  Descriptor go_write(go[1]);
  if (pipe2(failed, O_CLOEXEC) != 0) return fail("no pipe could be made for the command", "", errno);
  Descriptor failed_read(failed[0]);
  Descriptor failed_write(failed[1]);
  pid_t process = fork();
  if (process < 0) return fail(fmt::format("the command could not be started ({})", strerrordesc_np(errno)), "", errno);
  if (process == 0) {
    close(go[1]);
    run_command(*file, *words, go[0], failed[1]);
  }
  WatchedProcess watched(process, true, open_process(process), std::move(go_write), std::move(failed_read));
  watched.name_ = words->front();
  return watched;
}

Result<WatchedProcess> WatchedProcess::existing(std::uint32_t process) {
  Descriptor ended = open_process(static_cast<int>(process));
  if (const auto whole = ended ? std::nullopt : process_of_thread(process)) {
    return fail(fmt::format("{} is a thread of process {}", process, *whole), fmt::format("-p takes the id of a process: `-p {}`", *whole), EINVAL);
  }
  if (ended.get() < 0) return fail(fmt::format("there is no process {}", process), "-p takes the id of a running process", errno);
  return WatchedProcess(static_cast<int>(process), false, std::move(ended), Descriptor(-1), Descriptor(-1));
}

Result<void> WatchedProcess::start(const AtRest& at_rest) {
  if (!is_child_) return {};
  const bool stops = at_rest && stop_at_exec(process_.get());
  const char byte = 0;
  [[maybe_unused]] const ssize_t written = write(go_.get(), &byte, 1);  // fails where the command has been ended meanwhile
  go_ = Descriptor(-1);
  if (stops) run_to_entry(process_.get(), at_rest);
  int error = 0;
  ssize_t length = 0;
  while ((length = read(failed_.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (length != sizeof error) return {};
  return no_such_command(name_, error);
}

WatchedProcess::~WatchedProcess() {
  if (process_.get() <= 0 || !is_child_) return;
  kill(process_.get(), SIGTERM);
  go_ = Descriptor(-1);
  if (ends_within(ended_.get(), patience)) {
    waitpid(process_.get(), nullptr, 0);
    return;
  }
  kill(process_.get(), SIGKILL);
  // Not even that ends one that hangs in the kernel.
  if (ends_within(ended_.get(), patience)) waitpid(process_.get(), nullptr, 0);
}

}  // namespace fathom

// read(2), and posix_spawn(3) with a pipe.
#include "runtime/external.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "runtime/descriptor.h"

namespace fathom {

namespace {

constexpr std::size_t chunk = 64u << 10;

// Appends what can be read until the end, or until there are `most` bytes. 0, or the errno.
int read_into(std::string& text, int descriptor, std::size_t most) {
  while (text.size() < most) {
    std::size_t before = text.size();
    std::size_t wanted = std::min(chunk, most - before);
    text.resize(before + wanted);
    ssize_t length = read(descriptor, text.data() + before, wanted);
    int error = errno;
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    if (length < 0 && error == EINTR) continue;
    if (length <= 0) return length == 0 ? 0 : error;
  }
  return 0;
}

std::string failure_of(int status) {
  if (WIFSIGNALED(status)) return fmt::format("command was ended by signal {} ({})", WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
  return WEXITSTATUS(status) == 0 ? "" : fmt::format("command exited with code {}", WEXITSTATUS(status));
}

}  // namespace

Result<std::string> read_head(const std::string& path, std::size_t most) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  int error = file.get() < 0 ? errno : read_into(text, file.get(), most);
  if (error != 0) return fail(fmt::format("failed to open file '{}' ({})", path, strerrordesc_np(error)), "", error);
  return text;
}

Result<CommandOutput> output_of(const std::string& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail("no pipe could be made for a command", "", errno);
  Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  // The session blocks signals that a command has to get.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &pipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string words[] = {"sh", "-c", command};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t process = 0;
  int error = posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(fmt::format("a command could not be started ({})", strerrordesc_np(error)), "", error);
  write_end = Descriptor(-1);
  std::string text;
  error = read_into(text, read_end.get(), std::string().max_size());
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (error != 0) return fail("the output of a command could not be read", "", error);
  return CommandOutput{std::move(text), failure_of(status)};
}

}  // namespace fathom

// The private tracefs instance and the parser of its trace_pipe.
#include "runtime/printk.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/format.h>

namespace fathom {

namespace {

constexpr std::string_view event_name = ": bpf_trace_printk: ";
constexpr std::string_view instance_prefix = "fathom-";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes a run of characters off the end of `text`; false where there is none.
bool drop_back(std::string_view& text, bool (*wanted)(char)) {
  const std::size_t before = text.size();
  while (!text.empty() && wanted(text.back())) text.remove_suffix(1);
  return text.size() != before;
}

bool drop_back(std::string_view& text, std::string_view wanted) {
  if (!text.ends_with(wanted)) return false;
  text.remove_suffix(wanted.size());
  return true;
}

// Whether `head` is what stands before an event's name: "  COMM-PID   [CPU] FLAGS  SECONDS.MICROSECONDS", read from its end because a comm
// may hold anything. Keeps a continuation line that mentions the event's name from being taken for an event.
bool is_event_head(std::string_view head) {
  const auto blank = [](char c) { return c == ' '; };
  const auto not_blank = [](char c) { return c != ' '; };
  return drop_back(head, is_digit) && drop_back(head, ".") && drop_back(head, is_digit) && drop_back(head, blank) &&
         drop_back(head, not_blank) && drop_back(head, blank) && drop_back(head, "]") && drop_back(head, is_digit) && drop_back(head, "[");
}

// The text of an event's first line; empty where the line begins no event.
std::optional<std::string_view> event_text(std::string_view line) {
  const std::size_t at = line.find(event_name);
  if (at == std::string_view::npos || !is_event_head(line.substr(0, at))) return std::nullopt;
  return line.substr(at + event_name.size());
}

// m of "CPU:n [LOST m EVENTS]".
std::optional<std::uint64_t> lost_events(std::string_view line) {
  constexpr std::string_view middle = " [LOST ", end = " EVENTS]";
  const std::size_t at = line.find(middle);
  if (!line.starts_with("CPU:") || at == std::string_view::npos || !line.ends_with(end)) return std::nullopt;
  std::uint64_t count = 0;
  const char* first = line.data() + at + middle.size();
  const char* last = line.data() + line.size() - end.size();
  if (first >= last || std::from_chars(first, last, count).ptr != last) return std::nullopt;
  return count;
}

bool is_running(int process) { return kill(process, 0) == 0 || errno != ESRCH; }

Result<void> write_file_at(int directory, const std::string& path, std::string_view text) {
  Descriptor file(openat(directory, path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) return {};
  const int error = errno;
  return fail(fmt::format("can not write {}: {}", path, std::strerror(error)), "", error);
}

}  // namespace

void PrintkStream::feed(std::string_view bytes, const Sink& sink) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    take_line(line_, sink);
    line_.clear();
  }
}

void PrintkStream::finish(const Sink& sink) { emit(sink); }

void PrintkStream::take_line(std::string_view line, const Sink& sink) {
  if (const std::optional<std::uint64_t> lost = lost_events(line)) {
    emit(sink);
    lost_ += *lost;
  } else if (const std::optional<std::string_view> text = event_text(line)) {
    emit(sink);
    event_ = *text;
    in_event_ = true;
  } else if (in_event_) {
    event_ += '\n';
    event_ += line;
  }
}

void PrintkStream::emit(const Sink& sink) {
  if (!in_event_) return;
  in_event_ = false;
  std::string_view text = event_;
  if (text.ends_with('\n')) text.remove_suffix(1);  // printk("...\n"): the kernel ends the line as well
  sink(text);
}

std::vector<std::string> stale_instances(const std::vector<std::string>& instances, const std::function<bool(int process)>& is_alive) {
  std::vector<std::string> stale;
  for (const std::string& name : instances) {
    if (!name.starts_with(instance_prefix)) continue;
    int process = 0;
    const char* last = name.data() + name.size();
    const auto [end, error] = std::from_chars(name.data() + instance_prefix.size(), last, process);
    if (error != std::errc() || process <= 0 || (end != last && *end != '-')) continue;
    if (!is_alive(process)) stale.push_back(name);
  }
  return stale;
}

Result<PrintkInstance> PrintkInstance::create(const Tracefs& tracefs) {
  if (!tracefs.exists("events/bpf_trace/bpf_trace_printk")) {
    return fail("this kernel has no bpf_trace_printk event", "printk() lines can be read with `cat /sys/kernel/tracing/trace_pipe`",
                ENOENT);
  }
  Descriptor instances(openat(tracefs.descriptor(), "instances", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!instances) {
    const int error = errno;
    return fail(fmt::format("can not open tracefs instances: {}", std::strerror(error)), "run as root", error);
  }
  // A live instance of a process that is not visible from here (another PID namespace) is busy, and so stays.
  for (const std::string& name : stale_instances(tracefs.directories("instances").value_or(std::vector<std::string>()), is_running)) {
    unlinkat(instances.get(), name.c_str(), AT_REMOVEDIR);
  }

  const std::string base = fmt::format("{}{}", instance_prefix, getpid());
  std::string name = base;
  for (int number = 2; mkdirat(instances.get(), name.c_str(), 0700) != 0; ++number) {
    const int error = errno;
    if (error != EEXIST || number > 100) {
      return fail(fmt::format("can not make the tracefs instance {}: {}", name, std::strerror(error)), "run as root", error);
    }
    name = fmt::format("{}-{}", base, number);
  }
  PrintkInstance instance(std::move(instances), name);  // from here on removed on every way out
  const std::string pipe = name + "/trace_pipe";
  instance.pipe_ = Descriptor(openat(instance.instances_.get(), pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!instance.pipe_) {
    const int error = errno;
    return fail(fmt::format("can not open {}: {}", pipe, std::strerror(error)), "run as root", error);
  }
  const Result<void> enabled = write_file_at(instance.instances_.get(), name + "/events/bpf_trace/bpf_trace_printk/enable", "1");
  if (!enabled) return std::unexpected(enabled.error());
  return instance;
}

PrintkInstance::~PrintkInstance() {
  if (!instances_) return;
  pipe_ = Descriptor();  // an instance with readers can not be removed
  unlinkat(instances_.get(), name_.c_str(), AT_REMOVEDIR);
}

Result<void> PrintkInstance::read(const PrintkStream::Sink& sink) {
  // Larger than the kernel's own buffer, so that a read never ends within an event. The number of reads is limited, so that a flood of
  // lines does not keep the caller from its other work; what is left wakes the next poll at once.
  char buffer[65536];
  ssize_t count = 0;
  for (int reads = 0; reads < 256 && (count = ::read(pipe_.get(), buffer, sizeof buffer)) > 0; ++reads) {
    stream_.feed(std::string_view(buffer, static_cast<std::size_t>(count)), sink);
  }
  stream_.finish(sink);
  if (count >= 0 || errno == EAGAIN || errno == EINTR) return {};
  const int error = errno;
  return fail(fmt::format("can not read the trace buffer: {}", std::strerror(error)), "", error);
}

}  // namespace fathom

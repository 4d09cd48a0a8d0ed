// The life of a script, step by step; events stand in session_events.cpp.
#include "runtime/session.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "ast/text.h"
#include "runtime/cpus.h"

namespace fathom {

namespace {

// The first event of a burst wakes the session at once; it then lets events gather this long, so that a busy probe does not wake it for each.
constexpr std::chrono::milliseconds gather_time{10};

constexpr std::size_t mark_digits = 8;

}  // namespace

std::string new_run_mark() {
  std::uint32_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) random = static_cast<std::uint32_t>(getpid());
  return fmt::format("{:08x}", random).substr(0, mark_digits);
}

Session::Session(const Plan& plan, Object& object, const LinuxTarget& target, Output& output, std::string mark, WatchedProcess* watched,
                 const SessionOptions& options)
    : plan_(plan),
      object_(object),
      target_(target),
      output_(output),
      mark_(std::move(mark)),
      watched_(watched),
      options_(options),
      possible_cpus_(target.possible_cpus()),
      zeroed_(plan.maps.size()) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  const bool waits = std::ranges::any_of(plan.programs, [](const ProgramPlan& program) { return program.moment == Moment::signal; });
  if (waits) sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  signal(SIGPIPE, SIG_IGN);
}

Session::~Session() = default;

Result<int> Session::run() {
  if (auto opened = open_rings(); !opened) return std::unexpected(opened.error());
  if (auto opened = open_printk(); !opened) return std::unexpected(opened.error());
  if (layout::RunState* state = object_.run_state(); state != nullptr && watched_ != nullptr && watched_->is_child()) {
    state->child = static_cast<std::uint64_t>(watched_->process());
  }
  if (!options_.dry_run) {
    if (auto ran = run_programs(Moment::begin); !ran) return std::unexpected(ran.error());
  }
  if (!exiting_) {
    if (auto attached = attach(); !attached) return std::unexpected(attached.error());
  }
  if (!options_.quiet && !exiting_) fmt::print(stderr, "Attached {}\n", counted(probe_count(), "probe"));
  if (options_.dry_run) return 0;
  if (watched_ != nullptr) {
    if (auto started = watched_->start(); !started) return std::unexpected(started.error());
  }
  // With nothing attached, no event will ever come.
  if (!exiting_) {
    if (auto walked = run_iterators(); !walked) return std::unexpected(walked.error());
  }
  if (has_events() && !exiting_) {
    if (auto looped = loop(); !looped) return std::unexpected(looped.error());
  }
  detach();
  if (auto ran = run_programs(Moment::end); !ran) return std::unexpected(ran.error());
  finish();
  return exit_code_;
}

// Probes whose events may come at any time.
bool Session::has_events() const {
  const bool waits = std::ranges::any_of(plan_.programs, [](const ProgramPlan& program) { return program.moment == Moment::signal; });
  return waits || !links_.empty() || !watchpoints_.empty();
}

// Reading runs the program for each object. A small buffer makes the kernel stop often enough for the rings to be emptied.
Result<void> Session::run_iterators() {
  for (Link& iterator : iterators_) {
    const Descriptor walk(bpf_iter_create(iterator.descriptor()));
    if (!walk) return fail("the kernel could not begin to go over what an iter probe names", "", errno);
    char buffer[256];
    ssize_t count = 0;
    while (!exiting_ && ((count = read(walk.get(), buffer, sizeof buffer)) > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR)))) {
      drain();
      exiting_ = exiting_ || signal_pending();
    }
    drain();
  }
  iterators_.clear();
  return {};
}

Result<void> Session::open_rings() {
  auto open = [&](const char* name, std::uint32_t bytes, std::vector<Ring>& place) -> Result<void> {
    auto ring = Ring::open(object_.map(name), bytes);
    if (!ring) return std::unexpected(ring.error());
    place.push_back(std::move(*ring));
    return {};
  };
  if (plan_.uses_data_ring) {
    if (auto opened = open(object_names::data_ring, plan_.settings.ring_bytes, data_ring_); !opened) return opened;
  }
  return plan_.uses_control_ring ? open(object_names::control_ring, layout::control_ring_bytes, control_ring_) : Result<void>{};
}

Result<void> Session::open_printk() {
  if (!plan_.uses_printk || options_.dry_run) return {};
  auto tracefs = target_.tracefs();
  if (!tracefs) return std::unexpected(tracefs.error());
  auto instance = PrintkInstance::create(**tracefs);
  if (!instance) return std::unexpected(instance.error());
  printk_.push_back(std::move(*instance));
  return {};
}

Result<void> Session::run_programs(Moment moment) {
  for (const ProgramPlan& program : plan_.programs) {
    if (program.moment != moment) continue;
    if (auto ran = object_.run_once(program.name); !ran) return ran;
    // An exit() in one BEGIN keeps the others from running.
    if (moment == Moment::begin) drain_all();
    if (moment == Moment::begin && exiting_) break;
  }
  return {};
}

Result<void> Session::attach() {
  for (const ProgramPlan& program : plan_.programs) {
    if (program.moment != Moment::attached) continue;
    const std::span<const AttachPoint> points = program.place ? std::span(&*program.place, 1) : std::span(program.attach_points);
    const ProbeType* type = find_probe_type(all_probe_types(), points.front().provider);
    AttachRequest request;
    request.program = object_.program(program.name);
    request.attach_points = points;
    request.needs_cookie = program.needs_cookie;
    request.process = plan_.settings.process;
    if (watched_ != nullptr) request.process = static_cast<std::uint32_t>(watched_->process());
    request.together = links_together(program, target_);
    request.target = &target_;
    request.online_cpus = online_cpus();
    // One at a time: the kernel may take tens of milliseconds for each, and Ctrl-C must not wait for hundreds.
    const std::size_t step = request.together ? points.size() : 1;
    for (std::size_t i = 0; i < points.size() && !exiting_; i += step) {
      request.first = i;
      request.attach_points = points.subspan(i, step);
      auto links = type->attach(request);
      if (!links) return std::unexpected(links.error());
      for (Link& link : *links) {
        if (type->can_unwatch) {
          watchpoints_.emplace_back(request.attach_points.front().address, std::move(link));
        } else if (program.kind == ProgramKind::iterator) {
          iterators_.push_back(std::move(link));
        } else {
          links_.push_back(std::move(link));
        }
      }
      exiting_ = signal_pending();
    }
  }
  return {};
}

// SIGUSR1 runs the probes that wait for it; the others end the run.
bool Session::told_to_stop() {
  signalfd_siginfo signal{};
  while (read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo != SIGUSR1) return true;
    if (auto ran = run_programs(Moment::signal); !ran) fmt::print(stderr, "error: {}\n", ran.error().message);
    drain();
  }
  return false;
}

bool Session::signal_pending() const {
  pollfd entry{signals_.get(), POLLIN, 0};
  return poll(&entry, 1, 0) > 0;
}

std::size_t Session::probe_count() const {
  std::size_t count = 0;
  for (const ProgramPlan& program : plan_.programs) {
    for (const AttachPoint& point : program.attach_points) count += point.continues ? 0 : 1;
  }
  return count;
}

// Whether to wait for the data ring now, and how long at most, in ms (-1: until something happens).
int Session::next_timeout(Clock::time_point gather_until, pollfd& data) const {
  if (data_ring_.empty()) return -1;
  Clock::time_point now = Clock::now();
  bool gathering = now < gather_until;
  data.fd = gathering ? -1 : data_ring_.front().descriptor();
  if (gathering) return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(gather_until - now).count());
  return data_ring_.front().empty() ? -1 : 0;  // what came while gathering woke nobody
}

Result<void> Session::loop() {
  enum { signals, control, process, printk, data, count };
  pollfd descriptors[count] = {};
  for (pollfd& entry : descriptors) entry = {-1, POLLIN, 0};
  descriptors[signals].fd = signals_.get();
  if (!control_ring_.empty()) descriptors[control].fd = control_ring_.front().descriptor();
  if (watched_ != nullptr) descriptors[process].fd = watched_->descriptor();
  if (!printk_.empty()) descriptors[printk].fd = printk_.front().descriptor();
  Clock::time_point gather_until = Clock::now();
  while (!exiting_) {
    int timeout = next_timeout(gather_until, descriptors[data]);
    if (poll(descriptors, count, timeout) < 0 && errno != EINTR) return fail("waiting for events failed", "", errno);
    bool had_data = !data_ring_.empty() && !data_ring_.front().empty();
    drain();
    if (had_data) gather_until = Clock::now() + gather_time;
    if (descriptors[printk].revents != 0) read_printk();
    bool told_to_end = (descriptors[signals].revents != 0 && told_to_stop()) || descriptors[process].revents != 0;
    if (told_to_end || output_.error() != 0) exiting_ = true;  // an error: nobody reads what we print, as in `| head`
  }
  return {};
}

// The flag silences every program on every CPU at once; what follows shows the state of that moment, and the user need not wait for the
// kernel to take the links apart, which may need tens of milliseconds for each.
void Session::detach() {
  if (layout::RunState* state = object_.run_state()) {
    std::atomic_ref(state->stop).store(1);
    if (!links_.empty()) usleep(1000);  // programs that had already begun
  } else {
    links_.clear();
  }
  drain_all();
}

void Session::finish() {
  drain_all();
  read_printk();
  if (!options_.verbose) {
    for (const std::string& line : printk_lines_) output_.printk(line);
  }
  report_losses();
  output_.end_of_run();
  for (std::uint32_t i = 0; i < plan_.maps.size() && plan_.settings.print_maps_on_exit; ++i) print_map(i, 0, 0, true);
  output_.flush();
  printk_.clear();
}

}  // namespace fathom

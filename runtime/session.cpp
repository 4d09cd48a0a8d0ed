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

#include "runtime/cpus.h"
#include "runtime/notify.h"

namespace fathom {

namespace {

// What waits to be shown at most; beyond it events stay in the kernel's ring, and are lost once that is full.
constexpr std::size_t queue_bytes = 64u << 20;

// How often places in the script that failed too often are given another chance to say so.
constexpr int quiet_milliseconds = 200;

constexpr std::size_t mark_digits = 8;

// Where the program is attached in fact.
std::span<const AttachPoint> points_of(const ProgramPlan& program) {
  return program.place ? std::span(&*program.place, 1) : std::span(program.attach_points);
}

const ProbeType& type_of(const ProgramPlan& program) { return *find_probe_type(all_probe_types(), points_of(program).front().provider); }

}  // namespace

std::string new_run_mark() {
  std::uint32_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) random = static_cast<std::uint32_t>(getpid());
  return fmt::format("{:08x}", random).substr(0, mark_digits);
}

Session::Session(const Plan& plan, Object& object, const LinuxTarget& target, SymbolSource& symbols, Output& output, std::string mark,
                 WatchedProcess* watched, const SessionOptions& options)
    : plan_(plan),
      object_(object),
      target_(target),
      output_(output),
      symbols_(symbols),
      formatter_(symbols, plan.settings),
      mark_(std::move(mark)),
      watched_(watched),
      options_(options),
      possible_cpus_(target.possible_cpus()),
      zeroed_(plan.maps.size()),
      told_errors_(plan.errors.size()) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);
  // The terminal is gone: what was collected may still go to a file. nohup(1) has it ignored.
  struct sigaction hangup = {};
  if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  signal(SIGPIPE, SIG_IGN);
}

Session::~Session() { detach_in_background(std::move(links_)); }

Result<int> Session::run() {
  if (auto opened = open_reader(); !opened) return std::unexpected(opened.error());
  if (auto opened = open_printk(); !opened) return std::unexpected(opened.error());
  if (auto opened = open_packets(); !opened) return std::unexpected(opened.error());
  if (auto opened = open_unwinder(); !opened) return std::unexpected(opened.error());
  if (layout::RunState* state = object_.run_state(); state != nullptr && watched_ != nullptr && watched_->is_child()) {
    state->child = static_cast<std::uint64_t>(watched_->process());
  }
  if (plan_.settings.text_form.attaching_line && plan_.settings.mode == RunMode::trace) announce();
  if (!options_.dry_run) {
    if (auto ran = run_programs(Moment::begin); !ran) return std::unexpected(ran.error());
  }
  // A process that is there already may run another program, or end, right after the first event.
  if (plan_.settings.process) symbols_.remember(*plan_.settings.process);
  if (!exiting_) {
    if (auto attached = attach(); !attached) return std::unexpected(attached.error());
  }
  const bool traces = plan_.settings.mode == RunMode::trace;
  if ((!exiting_ || options_.always_announces) && !plan_.settings.text_form.attaching_line && traces) announce();
  if (options_.dry_run) return 0;
  // What BEGIN printed comes behind the line above; it has been waiting in the reader's queue.
  if (auto started = start_command(); !started) return std::unexpected(started.error());
  notify_service_manager("READY=1");
  if (std::string_view word = attached_word(); !word.empty()) fmt::print("{}\n", word);
  // With nothing attached, no event will ever come.
  if (!exiting_) {
    if (auto walked = run_iterators(); !walked) return std::unexpected(walked.error());
  }
  auto passed = exiting_ ? Result<bool>(true) : run_trials();
  if (!passed) return std::unexpected(passed.error());
  if ((has_events() || (plan_.settings.text_form.waits_for_end && traces)) && !exiting_) {
    if (auto looped = loop(); !looped) return std::unexpected(looped.error());
  }
  stop_programs();
  ending_ = true;
  if (auto ran = run_programs(Moment::end); !ran) return std::unexpected(ran.error());
  finish();
  return exit_code_.value_or(*passed ? 0 : 1);
}

// Probes whose events may come at any time.
bool Session::has_events() const { return listens_to_signals() || !links_.empty() || !watchpoints_.empty(); }

// Reading runs the program for each object. A small buffer makes the kernel stop often enough for what was written to be shown.
Result<void> Session::run_iterators() {
  for (Link& iterator : iterators_) {
    const Descriptor walk(bpf_iter_create(iterator.descriptor()));
    if (!walk) return fail("the kernel could not begin to go over what an iter probe names", "", errno);
    char buffer[256];
    ssize_t count = 0;
    while (!exiting_ && ((count = read(walk.get(), buffer, sizeof buffer)) > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR)))) {
      show_batch();
      exiting_ = exiting_ || signal_pending();
    }
    show_all();
  }
  iterators_.clear();
  return {};
}

void Session::announce() {
  if (!options_.quiet) output_.attached(probe_count());
  output_.flush();
}

Result<void> Session::open_reader() {
  auto open = [&](const char* name, std::uint32_t bytes, bool used, std::optional<Ring>& place) -> Result<void> {
    if (!used) return {};
    auto ring = Ring::open(object_.map(name), bytes);
    if (!ring) return std::unexpected(ring.error());
    place.emplace(std::move(*ring));
    return {};
  };
  std::optional<Ring> data;
  std::optional<Ring> control;
  if (auto opened = open(object_names::data_ring, plan_.settings.ring_bytes, plan_.uses_data_ring, data); !opened) return opened;
  if (auto opened = open(object_names::control_ring, layout::control_ring_bytes, plan_.uses_control_ring, control); !opened) return opened;
  reader_.emplace(std::move(data), std::move(control), queue_bytes, [this](EventBatch& batch) { act(batch); });
  return reader_->start();
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

Result<void> Session::open_packets() {
  if (plan_.captures.empty() || options_.dry_run) return {};
  const layout::RunState* state = object_.run_state();
  auto packets = Packets::open(plan_.captures, object_.map(object_names::packets), state == nullptr ? 0 : state->wall_offset);
  if (!packets) return std::unexpected(packets.error());
  packets_ = std::move(*packets);
  return {};
}

Result<void> Session::open_unwinder() {
  if (!plan_.unwinds || options_.read_unwind_rows == nullptr) return {};
  unwinder_.emplace(object_.map(object_names::unwind_tables), object_.map(object_names::unwind_places), options_.read_unwind_rows);
  std::vector<std::uint32_t> processes = plan_.settings.dwarf_processes;
  if (plan_.settings.process) processes.push_back(*plan_.settings.process);
  for (const std::uint32_t process : processes) {
    if (auto learnt = unwinder_->learn(process); !learnt) return learnt;
  }
  return {};
}

Result<void> Session::start_command() {
  if (watched_ == nullptr || exiting_) return {};
  if (!unwinder_) return watched_->start();
  return watched_->start([&] { learn_code(static_cast<std::uint32_t>(watched_->process())); });
}

// Where that fails, stacks are cut short, and counted.
void Session::learn_code(std::uint32_t process) {
  symbols_.remember(process);
  if (unwinder_) [[maybe_unused]] auto learnt = unwinder_->learn(process);
}

Result<void> Session::run_programs(Moment moment) {
  for (const ProgramPlan& program : plan_.programs) {
    if (program.moment != moment) continue;
    if (auto ran = object_.run_once(program.name); !ran) return std::unexpected(ran.error());
    // An exit() in one BEGIN keeps the others from running.
    const layout::RunState* state = object_.run_state();
    if (moment == Moment::begin && state != nullptr && state->stop != 0) {
      exiting_ = true;
      break;
    }
  }
  return {};
}

// The programs that wait for events, in the order in which they have to be attached so that those of one event run in the script's order.
// What starts clocks comes last.
std::vector<const ProgramPlan*> Session::programs_to_attach() const {
  std::vector<const ProgramPlan*> reversed;
  std::vector<const ProgramPlan*> forward;
  for (const ProgramPlan& program : plan_.programs) {
    if (program.moment == Moment::attached) (type_of(program).last_runs_first ? reversed : forward).push_back(&program);
  }
  std::ranges::reverse(reversed);
  reversed.insert(reversed.end(), forward.begin(), forward.end());
  return reversed;
}

Result<void> Session::attach() {
  for (const ProgramPlan* program : programs_to_attach()) {
    if (exiting_) break;
    if (auto attached = attach(*program); !attached) return attached;
  }
  return {};
}

Result<void> Session::attach(const ProgramPlan& program) {
  const std::span<const AttachPoint> points = points_of(program);
  const ProbeType& type = type_of(program);
  AttachRequest request;
  request.program = object_.program(program.name);
  request.attach_points = points;
  request.needs_cookie = program.needs_cookie;
  request.process = request.only = plan_.settings.process;
  if (watched_ != nullptr) request.process = static_cast<std::uint32_t>(watched_->process());
  request.together = links_together(program, plan_.programs, target_);
  request.with_returns = !program.returns.empty();
  request.target = &target_;
  std::vector<Error> refused;
  request.left_out = &refused;
  request.online_cpus = online_cpus();
  // One at a time: the kernel may take tens of milliseconds for each, and Ctrl-C must not wait for hundreds.
  const std::size_t step = request.together ? points.size() : 1;
  for (std::size_t i = 0; i < points.size() && !exiting_; i += step) {
    request.first = i;
    request.attach_points = points.subspan(i, step);
    auto links = type.attach(request);
    if (!links && !request.together && leaves_out(points[i], links.error())) continue;
    if (!links) return std::unexpected(links.error());
    say_left_out(refused);
    refused.clear();
    for (Link& link : *links) {
      if (!link.pin().empty() && options_.dry_run) {
        unlink(link.pin().c_str());
      } else if (!link.pin().empty()) {
        output_.text(TextKind::printf, fmt::format("Program pinned to {}\n", link.pin()));
      } else if (type.can_unwatch) {
        watchpoints_.emplace_back(request.attach_points.front().address, std::move(link));
      } else if (program.kind == ProgramKind::iterator) {
        iterators_.push_back(std::move(link));
      } else {
        links_.push_back(std::move(link));
      }
    }
    exiting_ = signal_pending();
  }
  return {};
}

bool Session::signal_pending() const {
  pollfd entry{signals_.get(), POLLIN, 0};
  return poll(&entry, 1, 0) > 0;
}

std::size_t Session::probe_count() const {
  std::size_t count = 0;
  for (const ProgramPlan& program : plan_.programs) {
    for (const AttachPoint& point : program.attach_points) count += point.continues ? 0 : 1;
    count += program.returns.size();
  }
  return count - left_out_;
}

// A probe of the script's own that answers a signal keeps it alive too.
bool Session::listens_to_signals() const {
  return std::ranges::any_of(plan_.programs, [](const ProgramPlan& program) { return program.moment == Moment::signal; });
}

// SIGUSR1 runs the script's probes for it, or shows all maps as exporters of metrics expect; the others end the script.
void Session::read_signals() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo != SIGUSR1) {
      exiting_ = true;
      continue;
    }
    if (listens_to_signals()) {
      if (auto ran = run_programs(Moment::signal); !ran) fmt::print(stderr, "error: {}\n", ran.error().message);
    }
    if (!listens_to_signals() || plan_.settings.text_form.maps_on_signal) {
      show_all();
      print_all_maps();
      output_.flush();
    }
  }
}

Result<void> Session::loop() {
  enum { signals, events, process, printk, packets, count };
  pollfd descriptors[count] = {};
  for (pollfd& entry : descriptors) entry = {-1, POLLIN, 0};
  descriptors[signals].fd = signals_.get();
  descriptors[events].fd = reader_->descriptor();
  if (watched_ != nullptr) descriptors[process].fd = watched_->descriptor();
  if (!printk_.empty()) descriptors[printk].fd = printk_.front().descriptor();
  if (packets_) descriptors[packets].fd = packets_->descriptor();
  while (!exiting_) {
    rearm_quiet_errors();
    if (poll(descriptors, count, quiet_errors_ ? quiet_milliseconds : -1) < 0 && errno != EINTR) return fail("waiting for events failed", "", errno);
    show_batch();
    report_new_losses();
    if (descriptors[printk].revents != 0) read_printk();
    if (descriptors[packets].revents != 0) packets_->read();
    if (descriptors[signals].revents != 0) read_signals();
    // An error of the output: nobody reads what we print, as in `| head`.
    if (descriptors[process].revents != 0 || output_.error() != 0) exiting_ = true;
  }
  return {};
}

// The flag silences every program on every CPU at once; what follows shows the state of that moment, and the user need not wait for the
// kernel to take the links apart, which may need tens of milliseconds for each.
void Session::stop_programs() {
  if (layout::RunState* state = object_.run_state()) {
    std::atomic_ref(state->stop).store(1);
    if (!links_.empty()) usleep(1000);  // programs that had already begun
  } else {
    links_.clear();
  }
  show_all();
}

void Session::finish() {
  show_all();
  read_printk();
  if (packets_) packets_->read();
  if (!options_.verbose) {
    for (const std::string& line : printk_lines_) output_.text(TextKind::printk, line);
  }
  report_repeated_errors();
  report_new_losses();
  report_losses();
  if (plan_.settings.mode == RunMode::trace) {
    output_.end_of_run();
    if (plan_.settings.print_maps_on_exit) print_all_maps();
  }
  output_.flush();
  printk_.clear();
}

}  // namespace fathom

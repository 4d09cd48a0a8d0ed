// Loading through libbpf.
#include "runtime/object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>

#include "runtime/descriptor.h"
#include "runtime/probes/attach.h"
#include "runtime/probes/multi.h"
#include "runtime/unwinder.h"
#include "runtime/verifier.h"

namespace fathom {

namespace {

// libbpf prints through one process-wide function; while an object is loaded, its text goes to a log, if there is one. It is also the only way
// to learn which program the kernel refused.
class LogScope {
 public:
  explicit LogScope(const LoadLog& log) : log_(log) {
    current = this;
    libbpf_set_print(forward);
  }
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;
  ~LogScope() { current = nullptr; }

  const std::string& refused_program() const { return refused_program_; }

 private:
  static int forward(enum libbpf_print_level level, const char* format, va_list arguments) {
    if (current == nullptr || level == LIBBPF_DEBUG) return 0;
    char text[1024];
    const int length = vsnprintf(text, sizeof text, format, arguments);
    current->take(std::string_view(text, std::min<std::size_t>(static_cast<std::size_t>(std::max(length, 0)), sizeof text - 1)));
    return length;
  }

  // "libbpf: prog 'NAME': BPF program load failed: Permission denied"
  void take(std::string_view text) {
    constexpr std::string_view mark = "prog '", end = "': BPF program load failed";
    const std::size_t from = text.find(mark), to = text.find(end);
    if (from != std::string_view::npos && to != std::string_view::npos && from < to) refused_program_ = text.substr(from + mark.size(), to - from - mark.size());
    if (log_) log_(text);
  }

  static thread_local LogScope* current;
  const LoadLog& log_;
  std::string refused_program_;
};
thread_local LogScope* LogScope::current = nullptr;

// Puts the run's digits into every printk format of the read-only data.
void set_mark(bpf_object* object, std::string_view mark) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (std::string_view(bpf_map__name(map)).find(".rodata") == std::string_view::npos) continue;
    std::size_t size = 0;
    auto* data = static_cast<char*>(const_cast<void*>(bpf_map__initial_value(map, &size)));  // libbpf's own writable copy
    if (data == nullptr) continue;
    std::string_view pattern(printk_mark, printk_mark_size);
    char* end = data + size;
    for (char* at = std::search(data, end, pattern.begin(), pattern.end()); at != end; at = std::search(at, end, pattern.begin(), pattern.end())) {
      std::copy(mark.begin(), mark.end(), at + printk_mark_digits);
    }
  }
}

// The programs' idea of when the script began and of other clocks, in the section's initial bytes.
void set_start(bpf_object* object) {
  bpf_map* map = bpf_object__find_map_by_name(object, object_names::run_state_section);
  std::size_t size = 0;
  const void* bytes = map == nullptr ? nullptr : bpf_map__initial_value(map, &size);
  if (bytes == nullptr || size < sizeof(layout::RunState)) return;
  auto read_clock = [](clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(now.tv_nsec);
  };
  auto* state = static_cast<layout::RunState*>(const_cast<void*>(bytes));  // libbpf's own writable copy
  state->start = read_clock(CLOCK_BOOTTIME);
  state->wall_offset = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME);
  state->tai_offset = read_clock(CLOCK_TAI) - read_clock(CLOCK_BOOTTIME);
}

// What the kernel must know about a program before it is loaded: the function it belongs to, or that one link will serve many.
// `traced`: takes BPF programs that are traced, which have to stay until the object is loaded.
Result<void> prepare(bpf_object* object, const ProgramPlan& planned, std::span<const ProgramPlan> programs, const Target& target,
                     std::vector<Descriptor>& traced) {
  bpf_program* program = bpf_object__find_program_by_name(object, planned.name.c_str());
  const AttachPoint& point = planned.attach_points.front();
  switch (planned.kind) {
    case ProgramKind::raw_tracepoint:
    case ProgramKind::tracepoint:
    case ProgramKind::perf_event: return {};
    case ProgramKind::kprobe: {
      if (!planned.returns.empty()) {
        bpf_program__set_expected_attach_type(program, static_cast<bpf_attach_type>(kprobe_session_attach));
        return {};
      }
      if (!links_together(planned, programs, target)) return {};
      const bool in_kernel = !find_probe_type(all_probe_types(), point.provider)->filters_process_at_attach;
      bpf_program__set_expected_attach_type(program, static_cast<bpf_attach_type>(in_kernel ? kprobe_multi_attach : uprobe_multi_attach));
      return {};
    }
    case ProgramKind::fentry:
    case ProgramKind::fexit:
    case ProgramKind::iterator: {
      int of_program = 0;
      if (point.value != 0) {
        of_program = bpf_prog_get_fd_by_id(static_cast<std::uint32_t>(point.value));
        if (of_program < 0) return fail(fmt::format("can not attach {}: the BPF program has been unloaded", point.text), "list what there is with `bpftool prog`", errno);
        traced.emplace_back(of_program);
      }
      const int error = bpf_program__set_attach_target(program, of_program, point.function.c_str());
      if (error == 0) return {};
      return fail(fmt::format("can not attach {}: the kernel's type information has no such function", point.text), "list what there is with `fathom -l`",
                  -error);
    }
  }
  return {};
}

// What the maps of maps hold has to be known when they are made.
Result<void> prepare_unwinding(bpf_object* object, std::vector<Descriptor>& patterns) {
  const std::pair<const char*, std::uint32_t> maps[] = {{object_names::unwind_tables, sizeof(layout::UnwindRow)}, {object_names::unwind_places, sizeof(layout::UnwindPlace)}};
  for (const auto& [name, size] : maps) {
    bpf_map* map = bpf_object__find_map_by_name(object, name);
    const Descriptor& pattern = patterns.emplace_back(Unwinder::make_array(size, 1));
    if (map == nullptr || !pattern || bpf_map__set_inner_map_fd(map, pattern.get()) != 0) {
      return fail("the kernel can not keep what `dw_ustack` needs", "maps of maps of different sizes need Linux 5.10; use `ustack`", errno);
    }
  }
  return {};
}

std::size_t page_size() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

// `probe`: what the refused program is attached to.
Error load_error(int error, std::string_view log, std::string_view probe) {
  // Linux 6.1 refuses a program with too many maps without a word; newer kernels say this.
  const bool unspoken = error == E2BIG && log.starts_with("processed 0 insns");
  VerifierVerdict verdict = explain_verifier_log(unspoken ? "total number of maps" : log, probe);
  if (error == EPERM && verdict.message.empty()) {
    return {"the kernel does not permit this process to load BPF programs", "run as root, or with CAP_BPF and CAP_PERFMON", error};
  }
  if (!verdict.message.empty()) return {verdict.message, verdict.help, error};
  if (error == ENOMEM) return {"the kernel has not enough memory for the script's maps", "set BPFTRACE_MAX_MAP_KEYS to a smaller number", error};
  if (error == E2BIG) return {"a map of the script is larger than the kernel allows", "use smaller keys or values, or fewer of them", error};
  return {fmt::format("the kernel refused to load the script ({})", strerrordesc_np(error)), "run again with -v to see what it said", error};
}

}  // namespace

Object::Object(Object&&) noexcept = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;

void Object::Close::operator()(bpf_object* object) const { bpf_object__close(object); }
void Object::Unmap::operator()(layout::RunState* state) const { munmap(state, page_size()); }
Object::ErrorStates::~ErrorStates() {
  if (states_ != nullptr) munmap(states_, bytes_);
}

Result<Object> Object::load(const Image& image, std::string_view mark, const LoadLog& log, const Target& target) {
  LogScope scope(log);
  // Not zeroed: only what the kernel writes becomes resident.
  const std::size_t log_bytes = image.plan.settings.log_size;
  auto verifier_log = std::make_unique_for_overwrite<char[]>(log_bytes);
  verifier_log[0] = '\0';
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.object_name = "fathom";
  bpf_object* raw = bpf_object__open_mem(image.elf.data(), image.elf.size(), &options);
  if (raw == nullptr) return fail("the compiled script could not be read back", "this is a bug in fathom: please report it with the script", errno);
  Object object(raw);
  set_mark(raw, mark);
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, raw) bpf_program__set_log_buf(program, verifier_log.get(), log_bytes);
  set_start(raw);
  std::vector<Descriptor> traced;  // has to stay open until then
  for (const ProgramPlan& planned : image.plan.programs) {
    if (auto tied = prepare(raw, planned, image.plan.programs, target, traced); !tied) return std::unexpected(tied.error());
  }
  if (image.plan.unwinds) {
    if (auto prepared = prepare_unwinding(raw, traced); !prepared) return std::unexpected(prepared.error());
  }
  if (int error = bpf_object__load(raw); error != 0) {
    std::string_view text(verifier_log.get(), strnlen(verifier_log.get(), log_bytes));
    if (log && !text.empty()) log(text);
    const auto refused = std::ranges::find(image.plan.programs, scope.refused_program(), &ProgramPlan::name);
    return std::unexpected(load_error(-error, text, refused == image.plan.programs.end() ? "" : refused->attach_points.front().text));
  }
  if (auto mapped = object.map_run_state(); !mapped) return std::unexpected(mapped.error());
  if (auto mapped = object.map_errors(image.plan.errors.size()); !mapped) return std::unexpected(mapped.error());
  return object;
}

int Object::program(const std::string& name) const {
  bpf_program* program = bpf_object__find_program_by_name(object_.get(), name.c_str());
  return program == nullptr ? -1 : bpf_program__fd(program);
}

int Object::map(const std::string& name) const {
  bpf_map* map = bpf_object__find_map_by_name(object_.get(), name.c_str());
  return map == nullptr ? -1 : bpf_map__fd(map);
}

Result<void> Object::map_run_state() {
  int descriptor = map(object_names::run_state_section);
  if (descriptor < 0) return {};
  void* memory = mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return fail("memory could not be shared with the script's programs", "", errno);
  run_state_.reset(static_cast<layout::RunState*>(memory));
  return {};
}

Result<void> Object::map_errors(std::size_t count) {
  if (count == 0) return {};
  std::size_t bytes = (count * sizeof(layout::ErrorState) + page_size() - 1) / page_size() * page_size();
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map(object_names::errors), 0);
  if (memory == MAP_FAILED) return fail("memory could not be shared with the script's programs", "", errno);
  errors_ = ErrorStates(memory, bytes);
  return {};
}

std::uint64_t Object::error_count(std::uint32_t index) const {
  return errors_.get() != nullptr ? std::atomic_ref(errors_.get()[index].count).load(std::memory_order_relaxed) : 0;
}

void Object::rearm_error(std::uint32_t index) const {
  if (errors_.get() != nullptr) std::atomic_ref(errors_.get()[index].told).store(0, std::memory_order_relaxed);
}

Result<std::uint32_t> Object::run_once(const std::string& name) const {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (int error = bpf_prog_test_run_opts(program(name), &options); error != 0) {
    return fail(fmt::format("probe `{}` could not be run ({})", name, strerrordesc_np(errno)), "BEGIN and END need Linux 5.10 or newer", errno);
  }
  return options.retval;
}

}  // namespace fathom

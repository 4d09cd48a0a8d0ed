// One function per feature that needs more than a look at a file.
#include "runtime/features.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "ast/probe_type.h"
#include "runtime/descriptor.h"
#include "runtime/tracefs.h"

namespace fathom {

namespace {

// Newer than some installed kernel headers.
constexpr auto kprobe_multi_attach = static_cast<bpf_attach_type>(42);  // BPF_TRACE_KPROBE_MULTI
constexpr auto uprobe_multi_attach = static_cast<bpf_attach_type>(48);  // BPF_TRACE_UPROBE_MULTI
constexpr auto kprobe_session_attach = static_cast<bpf_attach_type>(56);  // BPF_TRACE_KPROBE_SESSION
constexpr int helper_for_each_map_elem = 164;
constexpr int helper_get_func_ip = 173;
constexpr int helper_get_attach_cookie = 174;
constexpr int helper_trace_vprintk = 177;
constexpr int helper_loop = 181;
constexpr int helper_map_lookup_percpu_elem = 195;
constexpr int helper_ktime_get_tai_ns = 208;

// r0 = 0; exit
constexpr bpf_insn empty_program[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
};

Descriptor load(bpf_prog_type type, bpf_prog_load_opts options) {
  options.sz = sizeof options;
  return Descriptor(bpf_prog_load(type, "fathom_try", "GPL", empty_program, 2, &options));
}

bpf_prog_type type_of(ProgramKind kind) {
  switch (kind) {
    case ProgramKind::raw_tracepoint: return BPF_PROG_TYPE_RAW_TRACEPOINT;
    case ProgramKind::tracepoint: return BPF_PROG_TYPE_TRACEPOINT;
    case ProgramKind::perf_event: return BPF_PROG_TYPE_PERF_EVENT;
    case ProgramKind::kprobe: return BPF_PROG_TYPE_KPROBE;
    case ProgramKind::fentry:
    case ProgramKind::fexit:
    case ProgramKind::iterator: return BPF_PROG_TYPE_TRACING;
  }
  return BPF_PROG_TYPE_UNSPEC;
}

bool is_readable(const char* path) { return access(path, R_OK) == 0; }

bool try_ring_buffer() {
  return static_cast<bool>(
      Descriptor(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "fathom_try", 0, 0, static_cast<unsigned>(getpagesize()), nullptr)));
}

// A link to a perf event that does not exist is refused for the event (EBADF) only by kernels that know such links.
bool try_perf_link() {
  const Descriptor program = load(BPF_PROG_TYPE_TRACEPOINT, {});
  if (!program) return false;
  const Descriptor link(bpf_link_create(program.get(), -1, BPF_PERF_EVENT, nullptr));
  return !link && errno == EBADF;
}

// Kernels that are locked down do not let programs write to the memory of processes.
bool try_write_user() {
  constexpr std::int32_t probe_write_user = 36;
  constexpr bpf_insn program[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10, .off = 0, .imm = 0},
      {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .src_reg = 0, .off = 0, .imm = -8},
      {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .src_reg = 0, .off = -8, .imm = 0},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .src_reg = 0, .off = 0, .imm = 8},
      {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = probe_write_user},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  };
  bpf_prog_load_opts options = {};
  options.sz = sizeof options;
  return static_cast<bool>(Descriptor(bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "fathom_try", "GPL", program, std::size(program), &options)));
}

// A function that does not exist is looked for (ESRCH) only by kernels that know such links.
bool try_fprobe() {
  bpf_prog_load_opts load_options = {};
  load_options.expected_attach_type = kprobe_multi_attach;
  const Descriptor program = load(BPF_PROG_TYPE_KPROBE, load_options);
  if (!program) return false;
  const char* names[] = {"fathom_no_such_function"};
  bpf_link_create_opts options = {};
  options.sz = sizeof options;
  options.kprobe_multi.syms = names;
  options.kprobe_multi.cnt = 1;
  const Descriptor link(bpf_link_create(program.get(), 0, kprobe_multi_attach, &options));
  return !link && errno == ESRCH;
}

bool try_kprobe_session() {
  bpf_prog_load_opts options = {};
  options.expected_attach_type = kprobe_session_attach;
  return static_cast<bool>(load(BPF_PROG_TYPE_KPROBE, options));
}

// A file that is none is refused as such (EBADF, EINVAL, ENOENT) only by kernels that know such links; others do not know the attach type.
bool try_uprobe_multi() {
  bpf_prog_load_opts load_options = {};
  load_options.expected_attach_type = uprobe_multi_attach;
  const Descriptor program = load(BPF_PROG_TYPE_KPROBE, load_options);
  if (!program) return false;
  const char* path = "/fathom-no-such-file";
  const std::uint64_t offset = 0;
  struct {
    std::uint32_t program, target, kind, flags;
    std::uint64_t path, offsets, counters, cookies;
    std::uint32_t count, multi_flags, process, padding;
  } attributes = {static_cast<std::uint32_t>(program.get()), 0, uprobe_multi_attach, 0, reinterpret_cast<std::uintptr_t>(path),
                  reinterpret_cast<std::uintptr_t>(&offset), 0, 0, 1, 0, 0, 0};
  const Descriptor link(static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes)));
  return !link && errno == ENOENT;
}

// Whether programs of this type may call the helper with this number. Called without arguments, every helper is refused; what the verifier says
// tells why. libbpf_probe_bpf_helper() of libbpf 1.1 does not know the words of newer kernels (6.9 and later: "program of this type cannot use helper").
bool try_helper(bpf_prog_type type, int helper) {
  const bpf_insn program[] = {
      {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = helper},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  };
  char log[4096] = "";
  bpf_prog_load_opts options = {};
  options.sz = sizeof options;
  options.log_buf = log;
  options.log_size = sizeof log;
  options.log_level = 1;
  if (Descriptor(bpf_prog_load(type, "fathom_try", "GPL", program, std::size(program), &options))) return true;
  const std::string_view said = log;
  const char* unknown[] = {"invalid func ", "unknown func ", "cannot use helper"};
  return !said.empty() && std::ranges::none_of(unknown, [&](const char* words) { return said.find(words) != std::string_view::npos; });
}

bool try_perf_event(std::uint32_t type, std::uint64_t config) {
  perf_event_attr attr = {};
  attr.size = sizeof attr;
  attr.type = type;
  attr.config = config;
  attr.disabled = 1;
  return static_cast<bool>(Descriptor(static_cast<int>(syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC))));
}

// That there is no such program (EBADF) is found out only by kernels that know what stands behind its number; others refuse the request as such.
bool try_raw_cookie() {
  const struct {
    std::uint64_t name;
    std::int32_t program;
    std::uint32_t padding;
    std::uint64_t cookie;
  } attributes = {0, -1, 0, 1};
  const Descriptor link(static_cast<int>(syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attributes, sizeof attributes)));
  return !link && errno == EBADF;
}

// Some kernels load such programs but can not attach them.
bool try_fentry(std::uint32_t function) {
  if (function == 0) return false;
  bpf_prog_load_opts options = {};
  options.expected_attach_type = BPF_TRACE_FENTRY;
  options.attach_btf_id = function;
  const Descriptor program = load(BPF_PROG_TYPE_TRACING, options);
  return program && static_cast<bool>(Descriptor(bpf_raw_tracepoint_open(nullptr, program.get())));
}

}  // namespace

bool takes_privilege_to_try(Feature feature) {
  switch (feature) {
    case Feature::btf:
    case Feature::kprobe:
    case Feature::uprobe:
    case Feature::iterator:
    case Feature::breakpoint: return false;
    case Feature::tracefs:
    case Feature::fprobe:
    case Feature::fentry:
    case Feature::uprobe_multi:
    case Feature::ring_buffer:
    case Feature::perf_link:
    case Feature::write_user:
    case Feature::hardware:
    case Feature::loop:
    case Feature::for_each_map:
    case Feature::percpu_lookup:
    case Feature::function_address:
    case Feature::attach_cookie:
    case Feature::override_return:
    case Feature::long_printk:
    case Feature::tai_clock:
    case Feature::kprobe_session:
    case Feature::raw_cookie: return true;
  }
  return true;
}

bool try_feature(Feature feature, std::uint32_t test_function) {
  switch (feature) {
    case Feature::btf:
      return is_readable("/sys/kernel/btf/vmlinux");
    case Feature::tracefs:
      return Tracefs::open().has_value();
    case Feature::kprobe:
      return is_readable("/sys/bus/event_source/devices/kprobe/type");
    case Feature::uprobe:
      return is_readable("/sys/bus/event_source/devices/uprobe/type");
    case Feature::fprobe:
      return try_fprobe();
    case Feature::fentry:
      return try_fentry(test_function);
    case Feature::ring_buffer:
      return try_ring_buffer();
    case Feature::perf_link:
      return try_perf_link();
    case Feature::write_user:
      return try_write_user();
    case Feature::uprobe_multi:
      return try_uprobe_multi();
    case Feature::iterator:
      return is_readable("/sys/kernel/btf/vmlinux");
    case Feature::hardware:
      return try_perf_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES);
    case Feature::breakpoint:
      return is_readable("/sys/bus/event_source/devices/breakpoint/type");
    case Feature::loop:
      return try_helper(BPF_PROG_TYPE_TRACEPOINT, helper_loop);
    case Feature::for_each_map:
      return try_helper(BPF_PROG_TYPE_TRACEPOINT, helper_for_each_map_elem);
    case Feature::percpu_lookup:
      return try_helper(BPF_PROG_TYPE_TRACEPOINT, helper_map_lookup_percpu_elem);
    case Feature::function_address:
      return try_helper(BPF_PROG_TYPE_KPROBE, helper_get_func_ip);
    case Feature::attach_cookie:
      return try_helper(BPF_PROG_TYPE_TRACEPOINT, helper_get_attach_cookie);
    case Feature::override_return:
      return try_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_override_return);
    case Feature::long_printk:
      return try_helper(BPF_PROG_TYPE_TRACEPOINT, helper_trace_vprintk);
    case Feature::tai_clock:
      return try_helper(BPF_PROG_TYPE_TRACEPOINT, helper_ktime_get_tai_ns);
    case Feature::kprobe_session:
      return try_kprobe_session();
    case Feature::raw_cookie:
      return try_raw_cookie();
  }
  return false;
}

bool try_kfunc(ProgramKind kind, std::uint32_t function) {
  std::vector<bpf_insn> program;
  for (std::uint8_t number = 1; number <= 5; ++number) {
    program.push_back({.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = static_cast<std::uint8_t>(number & 15u), .src_reg = 0, .off = 0, .imm = 0});
  }
  program.push_back({.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = BPF_PSEUDO_KFUNC_CALL, .off = 0, .imm = static_cast<std::int32_t>(function)});
  program.insert(program.end(), std::begin(empty_program), std::end(empty_program));
  std::string log(16384, '\0');
  bpf_prog_load_opts options = {};
  options.sz = sizeof options;
  options.log_level = 1;
  options.log_buf = log.data();
  options.log_size = static_cast<std::uint32_t>(log.size());
  const Descriptor loaded(bpf_prog_load(type_of(kind), "fathom_try", "GPL", program.data(), program.size(), &options));
  // What else the verifier finds wrong, such as arguments that are null, comes after the question whether the call is allowed.
  return loaded || (log.find("not allowed") == std::string::npos && log.find("arg#") != std::string::npos) ||
         log.find("R1 ") != std::string::npos || log.find("Unreleased reference") != std::string::npos;
}

}  // namespace fathom

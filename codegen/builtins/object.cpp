// Builtins whose helpers take objects of the kernel, of a type that the verifier checks: a path, a socket, a packet.
#include "ast/target.h"
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

// Functions at whose calls the kernel is ready to spell out a path: btf_allowlist_d_path in kernel/trace/bpf_trace.c.
constexpr std::string_view path_functions[] = {"security_file_permission", "security_inode_getattr", "security_file_open", "security_path_truncate",
                                               "vfs_truncate",             "vfs_fallocate",          "dentry_open",        "vfs_getattr",
                                               "filp_close"};

constexpr std::uint32_t longest_path = 4096;

bool is_tracing(CallCheck& call) {
  switch (call.probe_type().program) {
    case ProgramKind::fentry:
    case ProgramKind::fexit:
    case ProgramKind::iterator: return true;
    case ProgramKind::raw_tracepoint:
    case ProgramKind::tracepoint:
    case ProgramKind::perf_event:
    case ProgramKind::kprobe: break;
  }
  call.diagnostics()
      .report<DiagnosticId::not_available>(call.range(), call.name(), call.probe_type().name)
      .with_help("it is there in fentry, fexit and iter probes");
  return false;
}

// What a pointer points to, or the value itself.
const Type& structure_of(const Type& type) { return type.is_pointer() ? type.pointee() : type; }

void check_object(CallCheck& call, std::size_t index, std::string_view example) {
  if (!call.final() || call.facts(index).is_object) return;
  call.diagnostics()
      .report<DiagnosticId::argument_value>(call.argument(index).range, fmt::format("`{}` takes only what the kernel itself hands to the probe", call.name()))
      .with_help(fmt::format("`args.NAME`, `retval`, `ctx.NAME` or `curtask`, and members of what they point to, not cast to another type: `{}`", example));
}

void wrong_type(CallCheck& call, std::size_t index, std::string_view wanted, std::string_view parameter) {
  call.diagnostics().report<DiagnosticId::argument_type>(call.argument(index).range, call.name(), wanted, parameter, to_string(call.type(index)));
}

void check_path(CallCheck& call) {
  if (!is_tracing(call) || call.type(0).is_none()) return;
  const Type& structure = structure_of(call.type(0));
  if (!structure.is_structure() || structure.name() != "path") return wrong_type(call, 0, "a struct path or a pointer to one", "path");
  check_object(call, 0, "path(args.file->f_path)");
  const AttachPoint& point = call.attach_points().front();
  if (call.probe_type().program != ProgramKind::iterator && std::ranges::find(path_functions, point.function) == std::end(path_functions)) {
    call.diagnostics()
        .report<DiagnosticId::argument_value>(call.range(), fmt::format("the kernel spells out no path at the calls of `{}`", point.function))
        .with_help(fmt::format("it does so in iter probes, and at {}", fmt::join(path_functions, ", ")));
  }
  std::int64_t size = call.count() > 1 ? *call.facts(1).constant : std::min(call.settings().max_strlen, longest_path);
  if (size < 1 || size > longest_path) {
    call.diagnostics().report<DiagnosticId::argument_value>(call.argument(1).range, fmt::format("`size` of `path` is 1 to {}, not {}", longest_path, size));
    return;
  }
  call.result().type = Type::string(static_cast<std::uint32_t>(size));
}

// The helper leaves anything behind the NUL, so the text is made somewhere else.
void lower_path(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  const std::uint32_t size = call.facts().type.size();
  llvm::Value* place = call.probe().temporary(size);
  bpf.store(bpf.number(0), place, 1);
  call.with_object(0, [&](llvm::Value* path) {
    llvm::Value* length = bpf.call(Helper::d_path, {path, place, bpf.getInt32(size)});
    bpf.when(bpf.CreateICmpSLT(bpf.narrow(length, sizeof(std::uint32_t), true), bpf.number(0)), [&] { bpf.store(bpf.number(0), place, 1); });
    return length;
  });
  Destination memory = call.result_memory();
  call.probe().read_string(memory, bpf.CreatePtrToInt(place, bpf.getInt64Ty()), AddressSpace::kernel);
  call.give_memory(memory.memory);
}

// Whether a struct begins with another: struct tcp_sock with struct sock_common.
bool begins_with(Type type, std::string_view name, const Target& target) {
  constexpr int deepest = 8;
  for (int depth = 0; depth < deepest && type.is_structure(); ++depth) {
    if (type.name() == name) return true;
    const auto layout = type.layout() ? type.layout() : target.layout(type);
    if (!layout || layout->members.empty()) return false;
    type = layout->members.front().type;
  }
  return false;
}

void check_socket_cookie(CallCheck& call) {
  if (!is_tracing(call) || call.type(0).is_none()) return;
  if (!begins_with(structure_of(call.type(0)), "sock_common", call.target())) return wrong_type(call, 0, "a pointer to a socket (struct sock *)", "socket");
  check_object(call, 0, "socket_cookie(args.sk)");
}

void lower_socket_cookie(CallLowering& call) {
  call.give(call.with_object(0, [&](llvm::Value* socket) { return call.bpf().call(Helper::get_socket_cookie, {socket}); }));
}

void check_skboutput(CallCheck& call) {
  if (!is_tracing(call) || call.type(1).is_none()) return;
  const Type& structure = structure_of(call.type(1));
  if (!structure.is_structure() || structure.name() != "sk_buff") return wrong_type(call, 1, "a pointer to a packet (struct sk_buff *)", "packet");
  check_object(call, 1, "skboutput(\"a.pcap\", args.skb, args.skb->len, 0)");
  if (call.facts(0).text->empty()) {
    call.diagnostics().report<DiagnosticId::argument_value>(call.argument(0).range, "`skboutput` needs the name of a file");
  }
  const auto layout = call.target().layout(structure);
  auto length = layout ? member_of(*layout, "len", call.target()) : std::nullopt;
  if (!length) {
    call.diagnostics().report<DiagnosticId::target_unavailable>(call.range(), "`skboutput` needs the kernel's type information (BTF)");
    return;
  }
  call.result().member = std::move(*length);
}

// The helper copies the packet itself behind a header that says what it is.
void lower_skboutput(CallLowering& call) {
  using layout::PacketHeader;
  constexpr std::uint64_t most_bytes = 0xffff;
  constexpr std::uint64_t this_cpu = 0xffffffff;
  BpfBuilder& bpf = call.bpf();
  llvm::Value* wanted = call.scalar(2);
  llvm::Value* skipped = call.scalar(3);
  llvm::Value* header = call.probe().temporary(sizeof(PacketHeader));
  const std::string_view file = *call.facts(0).text;
  bpf.store(bpf.number(call.program().capture(std::string(file))), bpf.at(header, offsetof(PacketHeader, capture)), sizeof(std::uint32_t));
  bpf.store(skipped, bpf.at(header, offsetof(PacketHeader, skipped)), sizeof(std::uint64_t));
  bpf.store(bpf.call(Helper::ktime_get_boot_ns, {}), bpf.at(header, offsetof(PacketHeader, nanoseconds)), sizeof(std::uint64_t));
  llvm::Value* result = call.with_object(1, [&](llvm::Value* packet) {
    llvm::Value* there = bpf.load(bpf.at(packet, call.facts().member->offset), sizeof(std::uint32_t), false);
    llvm::Value* bytes = bpf.CreateSelect(bpf.CreateICmpULT(wanted, there), wanted, there);
    bytes = bpf.CreateSelect(bpf.CreateICmpULT(bytes, bpf.number(most_bytes)), bytes, bpf.number(most_bytes));
    bpf.store(bytes, bpf.at(header, offsetof(PacketHeader, bytes)), sizeof(std::uint32_t));
    llvm::Value* flags = bpf.CreateOr(bpf.CreateShl(bytes, 32), this_cpu);
    llvm::GlobalVariable* packets = call.program().object().map(object_names::packets);
    return bpf.call(Helper::skb_output, {packet, packets, flags, header, bpf.number(sizeof(PacketHeader))});
  });
  call.give(bpf.narrow(result, sizeof(std::uint32_t), true));
}

}  // namespace

BuiltinFamily object_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto path(struct|pointer path, [literal size])",
       .doc = "The name of a file, from its struct path: path(args.file->f_path). In iter probes, and at the few functions where the kernel allows it; empty where it is longer than `size`.",
       .check = check_path, .lower = lower_path, .writes_in_place = true},
      {.prototype = "uint64 socket_cookie(pointer socket)", .doc = "A number that names a socket for as long as it lives.",
       .check = check_socket_cookie, .lower = lower_socket_cookie},
      {.prototype = "int64 skboutput(text file, pointer packet, int length, int offset)",
       .doc = "Writes the first `length` bytes of a packet to a file that tcpdump and wireshark read, those before `offset` left out, so that it "
              "begins with its IP header; 0, or a negative error number.",
       .check = check_skboutput, .lower = lower_skboutput},
  };
  return {"Objects of the kernel", rows};
}

}  // namespace fathom::codegen

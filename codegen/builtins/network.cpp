// Network addresses.
#include <arpa/inet.h>

#include "ast/passes/typing.h"
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint32_t v4_size = sizeof(in_addr);
constexpr std::uint32_t v6_size = sizeof(in6_addr);
constexpr std::uint32_t mac_size = 6;

// Bytes of the address that an argument holds; for pointers of what they point to. 0: not known.
std::uint32_t address_bytes(const Type& type) {
  const Type& value = type.is_pointer() ? type.pointee() : type;
  if (value.is_integer()) return type.is_pointer() ? 0 : v4_size;
  return value.size();
}

bool holds_bytes(const Type& type) {
  return type.is_string() || type.is(TypeKind::array) || type.is_structure() || (type.is(TypeKind::buffer) && !type.is_counted());
}

void check_ntop(CallCheck& call) {
  std::size_t address = call.count() - 1;
  const Type& type = call.type(address);
  if (type.is_none()) return;
  auto wrong = [&](const std::string& message, const char* help) {
    call.diagnostics().report<DiagnosticId::argument_value>(call.argument(address).range, message).with_help(help);
  };
  if (call.count() > 1 && !call.type(0).is_numeric() && !call.type(0).is_none()) {
    call.diagnostics().report<DiagnosticId::argument_type>(call.argument(0).range, "ntop", "an integer", "family", to_string(call.type(0)));
    return;
  }
  if (const auto& family = call.facts(0).constant; call.count() > 1 && family && *family != AF_INET && *family != AF_INET6) {
    call.diagnostics()
        .report<DiagnosticId::argument_value>(call.argument(0).range, fmt::format("`ntop` knows no address family {}", *family))
        .with_help("AF_INET is 2, AF_INET6 10");
    return;
  }
  if (call.type(address).is_numeric()) {
    if (call.count() > 1 && call.facts(0).constant == AF_INET6) wrong("an IPv6 address has 16 bytes, a number at most 8", "AF_INET, 2, is the family of 4 bytes");
    return;
  }
  std::uint32_t bytes = address_bytes(type);
  if (type.is_pointer() && bytes != v4_size && bytes != v6_size) {
    if (call.count() == 1) wrong("an address of this type has no known size", "say the family: `ntop(AF_INET6, $address)`; AF_INET is 2, AF_INET6 10");
    return;
  }
  if (!type.is_pointer() && !holds_bytes(type)) {
    call.diagnostics().report<DiagnosticId::argument_type>(call.argument(address).range, "ntop", "an integer, a pointer or 4 or 16 bytes", "address", to_string(type));
  } else if (bytes != v4_size && bytes != v6_size) {
    wrong(fmt::format("an address has 4 or 16 bytes, not {}", bytes), "");
  } else if (call.count() > 1 && bytes == v4_size && call.facts(0).constant == AF_INET6) {
    wrong("an IPv6 address has 16 bytes, not 4", "AF_INET, 2, is the family of 4 bytes");
  }
}

// Copies `size` bytes of what an argument holds or points to.
void copy_bytes(CallLowering& call, std::size_t index, llvm::Value* to, llvm::Value* size, std::uint32_t most) {
  BpfBuilder& bpf = call.bpf();
  const Type& type = call.facts(index).type;
  if (type.is_scalar() && !type.is_pointer()) {
    bpf.store(call.scalar(index), to, std::bit_floor(most));
    return;
  }
  llvm::Value* address = nullptr;
  AddressSpace space = type.space();
  if (type.is_pointer()) {
    address = call.scalar(index);
  } else {
    Operand operand = call.probe().lower_bytes(call.argument(index));
    address = operand.value;
    space = operand.place == Operand::Place::remote ? operand.type.space() : AddressSpace::kernel;
  }
  bpf.call(space == AddressSpace::user ? Helper::probe_read_user : Helper::probe_read_kernel, {to, size, address});
}

void lower_ntop(CallLowering& call) {
  using layout::InetValue;
  BpfBuilder& bpf = call.bpf();
  std::size_t argument = call.count() - 1;
  std::uint32_t bytes = call.facts(argument).type.is_numeric() ? v4_size : address_bytes(call.facts(argument).type);
  bool size_known = bytes == v4_size || bytes == v6_size;
  llvm::Value* family = call.count() > 1 ? call.scalar(0) : bpf.number(bytes == v4_size ? AF_INET : AF_INET6);
  Destination memory = call.result_memory();
  bpf.clear(memory.memory, sizeof(InetValue));
  bpf.store(family, bpf.at(memory.memory, offsetof(InetValue, family)), word);
  llvm::Value* size = bpf.number(bytes);
  if (!size_known) {
    llvm::Value* is_v6 = bpf.CreateICmpEQ(bpf.opaque(family), bpf.number(AF_INET6));
    size = bpf.opaque(bpf.CreateSelect(is_v6, bpf.number(v6_size), bpf.number(v4_size)));
    size = bpf.CreateSelect(bpf.CreateICmpUGT(size, bpf.number(v6_size)), bpf.number(v6_size), size);
  }
  copy_bytes(call, argument, bpf.at(memory.memory, offsetof(InetValue, address)), size, bytes);
  call.give_memory(memory.memory);
}

// The address that a text spells, in network order; empty where it spells none.
std::string parse_address(const std::string& text) {
  std::string bytes(text.find(':') == std::string::npos ? v4_size : v6_size, '\0');
  bool parsed = inet_pton(bytes.size() == v4_size ? AF_INET : AF_INET6, text.c_str(), bytes.data()) == 1;
  return parsed ? bytes : "";
}

void check_pton(CallCheck& call) {
  const std::string& text = *call.facts(0).text;
  std::string bytes = parse_address(text);
  if (bytes.empty()) {
    call.diagnostics()
        .report<DiagnosticId::argument_value>(call.argument(0).range, fmt::format("`{}` is no IP address", text))
        .with_help("addresses look like \"127.0.0.1\" or \"2001:db8::1\"");
    return;
  }
  call.result().type = Type::array(Type::integer(1, false), static_cast<std::uint32_t>(bytes.size()));
}

void check_macaddr(CallCheck& call) {
  const Type& type = call.type(0);
  if (type.is_none() || type.is_numeric() || type.is_pointer()) return;
  const bool is_text = type.is_string() && type.size() == mac_size + 1;  // of six characters: the NUL is no part of it
  if (type.size() == mac_size || is_text) return;
  call.diagnostics().report<DiagnosticId::argument_value>(call.argument(0).range, fmt::format("a hardware address has 6 bytes, not {}", type.size() - (type.is_string() ? 1 : 0)));
}

void lower_macaddr(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  if (call.facts(0).type.is_numeric()) {
    call.give(bpf.CreateAnd(call.scalar(0), (std::uint64_t{1} << (8 * mac_size)) - 1));
    return;
  }
  llvm::Value* place = call.probe().temporary(word);
  bpf.store(bpf.number(0), place, word);
  copy_bytes(call, 0, place, bpf.number(mac_size), mac_size);
  call.give(bpf.load(place, word, false));
}

void check_bswap(CallCheck& call) {
  const Type& type = call.type(0);
  if (type.is_none()) return;
  const std::uint32_t size = written_size(call.argument(0), call.facts(0)).value_or(type.size());
  call.result().type = Type::integer(size, false);
  if (const auto& known = call.facts(0).constant) {
    auto swapped = __builtin_bswap64(static_cast<std::uint64_t>(*known)) >> (64 - 8 * size);
    call.result().constant = static_cast<std::int64_t>(swapped);
  }
}

void lower_bswap(CallLowering& call) {
  BpfBuilder& bpf = call.bpf();
  const std::uint32_t size = call.facts().type.size();
  llvm::Value* value = call.scalar(0);
  if (size == 1) return call.give(bpf.narrow(value, size, false));
  value = bpf.CreateTrunc(value, bpf.getIntNTy(size * 8));
  call.give(bpf.CreateZExt(bpf.CreateUnaryIntrinsic(llvm::Intrinsic::bswap, value), bpf.getInt64Ty()));
}

}  // namespace

BuiltinFamily network_builtins() {
  static const Builtin rows[] = {
      {.prototype = "inet ntop(any family_or_address, [any address])",
       .doc = "An IP address: an integer in network order, 4 or 16 bytes, or a pointer to them. The family, where given, comes first.",
       .check = check_ntop, .lower = lower_ntop},
      {.prototype = "auto pton(text address)", .doc = "The bytes of an IP address, in network order: an array of 4 or 16.", .check = check_pton,
       .lower = [](CallLowering& call) { call.give_memory(call.program().object().bytes(parse_address(*call.facts(0).text))); }},
      {.prototype = "macaddr macaddr(array|string|buffer|pointer|int address)", .doc = "A hardware address, 6 bytes.", .check = check_macaddr,
       .lower = lower_macaddr},
      {.prototype = "auto bswap(int value)", .doc = "The integer with its bytes in reverse order; a number as it is written has as few of them as hold it.", .check = check_bswap, .lower = lower_bswap},
  };
  return {"Networks", rows};
}

}  // namespace fathom::codegen

// What is known before the script runs: questions about expressions and about the kernel.
#include "ast/format_string.h"
#include "ast/target.h"
#include "codegen/builtins/format.h"
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

bool is_literal(const ast::Expression& expression, const Facts& facts) {
  if (const auto* unary = std::get_if<ast::Unary>(&expression.kind)) {
    return unary->op == ast::UnaryOperator::negate && facts.constant && std::holds_alternative<ast::IntegerLiteral>(unary->operand->kind);
  }
  return std::holds_alternative<ast::IntegerLiteral>(expression.kind) || std::holds_alternative<ast::StringLiteral>(expression.kind) ||
         std::holds_alternative<ast::BooleanLiteral>(expression.kind) || std::holds_alternative<ast::Positional>(expression.kind) ||
         std::holds_alternative<ast::PositionalCount>(expression.kind);
}

template <bool (*question)(const Type&)>
void check_type(CallCheck& call) {
  if (!call.type(0).is_none()) call.result().constant = question(call.type(0));
}

bool is_string(const Type& type) { return type.is_string(); }
bool is_pointer(const Type& type) { return type.is_pointer(); }
bool is_array(const Type& type) { return type.is(TypeKind::array); }
bool is_integer(const Type& type) { return type.is_integer(); }
bool is_unsigned(const Type& type) { return type.is_integer() && !type.is_signed(); }

void check_static_assert(CallCheck& call) {
  if (!call.final() || *call.facts(0).constant != 0 || call.is_unreachable()) return;
  call.diagnostics().report<DiagnosticId::static_assertion>(call.range(), *call.facts(1).text).label(call.argument(0).range, "this is false");
}

// The constants put into the format; formats take what printf() takes of them.
std::string formatted(CallCheck& call) {
  std::string text;
  std::size_t argument = 1;
  auto pieces = parse_format(*call.facts(0).text);
  if (!pieces) return *call.facts(0).text;
  for (const FormatPiece& piece : *pieces) {
    text += piece.text;
    if (!piece.has_conversion || argument >= call.count()) continue;
    const Facts& value = call.facts(argument++);
    bool is_hexadecimal = piece.conversion.letters == "x";
    if (value.text) {
      text += *value.text;
    } else if (value.constant) {
      text += is_hexadecimal ? fmt::format("{:x}", static_cast<std::uint64_t>(*value.constant)) : fmt::to_string(*value.constant);
    }
  }
  return text;
}

void check_fail(CallCheck& call) {
  if (!check_format(call)) return;
  for (std::size_t i = 1; i < call.count(); ++i) {
    if (call.facts(i).constant || call.facts(i).text || call.type(i).is_none()) continue;
    call.diagnostics().report<DiagnosticId::argument_not_constant>(call.argument(i).range, "a value", "fail");
    return;
  }
  if (call.final() && !call.is_unreachable()) call.diagnostics().report<DiagnosticId::static_assertion>(call.range(), formatted(call));
}

std::string_view base_name(const Type& type) {
  switch (type.kind()) {
    case TypeKind::none: return "void";
    case TypeKind::boolean: return "bool";
    case TypeKind::integer: return "int";
    case TypeKind::string: return "string";
    case TypeKind::buffer: return "buffer";
    case TypeKind::pointer: return "pointer";
    case TypeKind::array: return "array";
    case TypeKind::structure: return type.is_union() ? "union" : "struct";
    case TypeKind::enumeration: return "enum";
    case TypeKind::tuple: return type.is_record() ? "record" : "tuple";
    case TypeKind::stack: return type.symbol_space() == SymbolSpace::user ? "ustack_t" : "kstack_t";
    case TypeKind::symbol: return type.symbol_space() == SymbolSpace::user ? "usym_t" : "ksym_t";
    case TypeKind::timestamp: return "timestamp_t";
    case TypeKind::inet: return "inet";
    case TypeKind::macaddr: return "macaddr_t";
    case TypeKind::username: return "username_t";
    case TypeKind::cgroup_path: return "cgroup_path_t";
    case TypeKind::context: return "struct";
    case TypeKind::aggregation: return aggregation_name(type.aggregation());
  }
  return "";
}

Facts known_text(std::string_view text) {
  Facts facts;
  facts.type = Type::string(static_cast<std::uint32_t>(text.size() + 1));
  facts.text = text;
  return facts;
}

void check_typeinfo(CallCheck& call) {
  const Type& type = call.type(0);
  Facts id;
  id.type = Type::uint64();
  id.constant = type.is_structure() ? type.type_id() : 0;
  std::vector<Facts>& parts = call.result().parts;
  parts = {id, known_text(base_name(type)), known_text(to_string(type))};
  call.result().type = Type::record({"btf_id", "base_type", "full_type"}, {parts[0].type, parts[1].type, parts[2].type});
}

void lower_typeinfo(CallLowering& call) {
  const std::vector<Facts>& parts = call.facts().parts;
  Destination memory = call.result_memory();
  std::vector<std::uint32_t> offsets = tuple_offsets(memory.type.parts());
  call.bpf().clear(memory.memory, memory.type.size());
  call.bpf().store(call.bpf().number(static_cast<std::uint64_t>(*parts[0].constant)), memory.memory, sizeof(std::uint64_t));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    call.probe().store_literal(*parts[i].text, {call.bpf().at(memory.memory, offsets[i]), memory.type.parts()[i], memory.padded});
  }
  call.give_memory(memory.memory);
}

void lower_is_err(CallLowering& call) {
  constexpr std::int64_t last_error = 4095;  // MAX_ERRNO
  BpfBuilder& bpf = call.bpf();
  call.give(bpf.from_bool(bpf.CreateICmpUGE(call.scalar(0), bpf.number(static_cast<std::uint64_t>(-last_error)))));
}

}  // namespace

BuiltinFamily compile_time_builtins() {
  static const Builtin rows[] = {
      {.prototype = "bool is_str(any value)", .doc = "Whether a value is a string, known before the script runs.", .check = check_type<is_string>,
       .lower = give_constant},
      {.prototype = "bool is_ptr(any value)", .doc = "Whether a value is a pointer, known before the script runs.", .check = check_type<is_pointer>,
       .lower = give_constant},
      {.prototype = "bool is_array(any value)", .doc = "Whether a value is an array, known before the script runs.", .check = check_type<is_array>,
       .lower = give_constant},
      {.prototype = "bool is_integer(any value)", .doc = "Whether a value is an integer, known before the script runs.",
       .check = check_type<is_integer>, .lower = give_constant},
      {.prototype = "bool is_unsigned_integer(any value)", .doc = "Whether a value is an integer without a sign, known before the script runs.",
       .check = check_type<is_unsigned>, .lower = give_constant},
      {.prototype = "bool is_literal(any value)", .doc = "Whether an expression is a number, a string or a parameter as written.",
       .check = [](CallCheck& call) { call.result().constant = is_literal(call.argument(0), call.facts(0)); }, .lower = give_constant},
      {.prototype = "auto typeinfo(type value)",
       .doc = "What is known of the type of an expression, or of a type: a record of btf_id, base_type (\"int\") and full_type (\"uint64\").",
       .check = check_typeinfo, .lower = lower_typeinfo},
      {.prototype = "bool is_err(pointer|int value)", .doc = "Whether a pointer that the kernel returned is an error number.",
       .lower = lower_is_err},
      {.prototype = "bool kfunc_exist(text function)", .doc = "Whether the kernel has a function that BPF programs may call, a kfunc.",
       .check = [](CallCheck& call) { call.result().constant = call.target().has_kfunc(*call.facts(0).text); }, .lower = give_constant},
      {.prototype = "bool kfunc_allowed(text function)", .doc = "Whether probes of this type may call a kfunc.",
       .check = [](CallCheck& call) { call.result().constant = call.target().allows_kfunc(*call.facts(0).text, call.probe_type().program); },
       .lower = give_constant},
      {.prototype = "none static_assert(literal condition, text message)", .doc = "Refuses the script with a message if a constant is false.",
       .check = check_static_assert, .lower = [](CallLowering&) {}},
      {.prototype = "none fail(text format, ...)", .doc = "Refuses the script with a message, unless it stands where it is never reached.",
       .check = check_fail, .lower = [](CallLowering&) {}},
  };
  return {"Before the script runs", rows};
}

}  // namespace fathom::codegen

// Named options of scripts: what stands behind `--` on the command line.
#include <algorithm>

#include <fmt/format.h>

#include "ast/config.h"
#include "ast/number.h"
#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

const NamedOption* find_option(CallCheck& call) {
  const auto& options = call.settings().options;
  const auto last = std::find_if(options.rbegin(), options.rend(), [&](const NamedOption& option) { return option.name == *call.facts(0).text; });
  return last == options.rend() ? nullptr : &*last;
}

// `--name VALUE` looks natural, but VALUE is a parameter of its own then.
bool has_value(CallCheck& call, const NamedOption& option) {
  if (option.value) return true;
  call.diagnostics().report<DiagnosticId::option_without_value>(call.range(), option.name).with_help(fmt::format("write `--{}=VALUE`", option.name));
  return false;
}

void give_boolean(CallCheck& call, const NamedOption* option, bool otherwise) {
  call.result().type = Type::boolean();
  call.result().constant = otherwise;
  if (option == nullptr) return;
  const std::string given = option->value.value_or("true");
  if (given == "true" || given == "1" || given.empty()) {
    call.result().constant = 1;
  } else if (given == "false" || given == "0") {
    call.result().constant = 0;
  } else {
    call.diagnostics().report<DiagnosticId::option_value>(call.range(), given, option->name).with_help("it takes true or false");
  }
}

void give_number(CallCheck& call, const NamedOption* option) {
  call.result().type = call.type(1).is_signed() ? Type::int64() : Type::uint64();
  call.result().constant = call.facts(1).constant;
  if (option == nullptr || !has_value(call, *option)) return;
  if (auto number = parse_parameter(*option->value)) {
    call.result().constant = static_cast<std::int64_t>(number->value);
  } else {
    call.diagnostics().report<DiagnosticId::option_value>(call.range(), *option->value, option->name).with_help("it takes a number");
  }
}

// The type is that of the default; without one, the option is a flag.
void check_getopt(CallCheck& call) {
  const NamedOption* given = find_option(call);
  if (call.count() < 2 || call.type(1).is(TypeKind::boolean)) {
    give_boolean(call, given, call.count() >= 2 && call.facts(1).constant.value_or(0) != 0);
  } else if (call.type(1).is_string() && call.facts(1).text) {
    call.result().text = given != nullptr && has_value(call, *given) ? *given->value : *call.facts(1).text;
    call.result().type = Type::string(static_cast<std::uint32_t>(call.result().text->size() + 1));
  } else if (call.facts(1).constant) {
    give_number(call, given);
  } else if (call.final()) {
    call.diagnostics().report<DiagnosticId::argument_not_constant>(call.argument(1).range, "default", call.name());
  }
}

void lower_getopt(CallLowering& call) {
  const Facts& known = call.facts();
  if (!known.text) {
    call.give(call.bpf().number(static_cast<std::uint64_t>(known.constant.value_or(0))));
    return;
  }
  Destination memory = call.result_memory();
  call.probe().store_literal(*known.text, memory);
  call.give_memory(memory.memory);
}

Type type_of(const SettingValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return Type::string(static_cast<std::uint32_t>(text->size() + 1));
  return std::holds_alternative<bool>(value) ? Type::boolean() : Type::uint64();
}

void check_config(CallCheck& call) {
  std::vector<std::string> names;
  std::vector<Type> types;
  for (const ConfigKey& key : config_keys()) {
    if (!key.get) continue;
    const SettingValue value = key.get(call.settings());
    names.emplace_back(key.key);
    types.push_back(type_of(value));
    Facts& part = call.result().parts.emplace_back();
    part.type = types.back();
    if (const auto* number = std::get_if<std::uint64_t>(&value)) part.constant = static_cast<std::int64_t>(*number);
    if (const bool* truth = std::get_if<bool>(&value)) part.constant = *truth;
    if (const auto* text = std::get_if<std::string>(&value)) part.text = *text;
  }
  call.result().type = Type::record(std::move(names), std::move(types));
}

void lower_config(CallLowering& call) {
  Destination memory = call.result_memory();
  call.bpf().clear(memory.memory, memory.type.size());
  std::vector<std::uint32_t> offsets = tuple_offsets(memory.type.parts());
  std::size_t index = 0;
  for (const ConfigKey& key : config_keys()) {
    if (!key.get) continue;
    SettingValue value = key.get(call.program().checked().settings);
    llvm::Value* place = call.bpf().at(memory.memory, offsets[index]);
    const Type& type = memory.type.parts()[index++];
    if (const auto* text = std::get_if<std::string>(&value)) {
      call.probe().store_literal(*text, {place, type, false});
    } else if (const bool* truth = std::get_if<bool>(&value)) {
      call.bpf().store(call.bpf().number(*truth ? 1 : 0), place, type.size());
    } else {
      call.bpf().store(call.bpf().number(std::get<std::uint64_t>(value)), place, type.size());
    }
  }
  call.give_memory(memory.memory);
}

}  // namespace

BuiltinFamily parameter_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto getopt(text name, [any default], [text description])",
       .doc = "What `--name=value` behind `--` on the command line says; of the default's type, or whether `--name` is given.",
       .check = check_getopt, .lower = lower_getopt, .reads_option = true},
      {.prototype = "auto config", .doc = "The settings, as the config block and the environment left them: config.max_strlen.", .form = Form::variable,
       .check = check_config, .lower = lower_config},
  };
  return {"Parameters", rows};
}

}  // namespace fathom::codegen

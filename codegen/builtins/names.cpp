// Names of numbers: errors, signals, system calls. Each is a table of texts that goes along with the program.
#include <asm/unistd.h>

#include <csignal>
#include <cstring>

#include "codegen/builtins/list.h"
#include "codegen/call_lowering.h"

namespace fathom::codegen {

namespace {

constexpr std::uint32_t error_text_size = 56;  // the longest text of the C library has 49 characters
constexpr int last_error = 133;                // EHWPOISON
constexpr std::uint32_t signal_text_size = 32;
constexpr int first_real_time = 34;
constexpr int last_signal = 64;
constexpr std::uint32_t call_name_size = 32;

struct SystemCall {
  int number;
  const char* name;
};
constexpr SystemCall system_calls[] = {
#include "syscalls.inc"
};

// Row `index` of a table whose last row stands for all numbers that have none.
void give_row(CallLowering& call, const std::string& table, std::uint32_t row_size) {
  BpfBuilder& bpf = call.bpf();
  std::uint64_t last = table.size() / row_size - 1;
  llvm::Value* index = call.scalar(0);
  llvm::Value* known = bpf.CreateICmpULE(index, bpf.number(last));
  llvm::Value* row = bpf.bounded(bpf.CreateSelect(known, index, bpf.number(last)), last + 1);
  Destination memory = call.result_memory();
  bpf.copy(memory.memory, bpf.at(call.program().object().bytes(table), bpf.CreateMul(row, bpf.number(row_size))), row_size);
  call.give_memory(memory.memory);
}

void add_row(std::string& table, std::string_view text, std::uint32_t row_size) {
  table += text.substr(0, row_size - 1);
  table.resize((table.size() + row_size) / row_size * row_size);
}

void lower_strerror(CallLowering& call) {
  std::string table;
  for (int error = 0; error <= last_error; ++error) {
    const char* text = strerrordesc_np(error);
    add_row(table, text != nullptr ? text : "Unknown error", error_text_size);
  }
  add_row(table, "Unknown error", error_text_size);
  give_row(call, table, error_text_size);
}

void lower_signal_name(CallLowering& call) {
  std::string table;
  for (int number = 0; number <= last_signal; ++number) {
    const char* text = sigdescr_np(number);
    if (text != nullptr && number > 0) {
      add_row(table, text, signal_text_size);
    } else if (number >= first_real_time) {
      add_row(table, fmt::format("Real-time signal {}", number - first_real_time), signal_text_size);
    } else {
      add_row(table, "Unknown signal", signal_text_size);
    }
  }
  add_row(table, "Unknown signal", signal_text_size);
  give_row(call, table, signal_text_size);
}

void lower_syscall_name(CallLowering& call) {
  std::size_t count = 0;
  for (const SystemCall& one : system_calls) count = std::max(count, static_cast<std::size_t>(one.number) + 1);
  std::vector<std::string_view> names(count + 1, "Unknown syscall");
  for (const SystemCall& one : system_calls) names[static_cast<std::size_t>(one.number)] = one.name;
  std::string table;
  for (std::string_view name : names) add_row(table, name, call_name_size);
  give_row(call, table, call_name_size);
}

template <std::uint32_t size>
void set_string(CallCheck& call) {
  call.result().type = Type::string(size);
}

// "SIGINT", "int": the number, or 0.
int signal_number(std::string_view name) {
  auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  std::string wanted;
  for (char c : name) wanted += upper(c);
  if (wanted.starts_with("SIG")) wanted.erase(0, 3);
  for (int number = 1; number < first_real_time; ++number) {
    const char* known = sigabbrev_np(number);
    if (known != nullptr && wanted == known) return number;
  }
  if (wanted == "CLD") return SIGCHLD;
  if (wanted == "IOT") return SIGABRT;
  return wanted == "IO" ? SIGIO : 0;
}

void check_signal(CallCheck& call) {
  if (call.probe_type().moment != Moment::attached) {
    call.diagnostics()
        .report<DiagnosticId::not_available>(call.range(), call.name(), call.probe_type().name)
        .with_help("the signal would go to fathom itself");
    return;
  }
  const Facts& signal = call.facts(0);
  if (signal.type.is_string()) {
    int number = signal_number(*signal.text);
    if (number == 0) {
      call.diagnostics()
          .report<DiagnosticId::argument_value>(call.argument(0).range, fmt::format("there is no signal `{}`", *signal.text))
          .with_help("signals are named as in \"SIGTERM\" or \"term\", or numbered 1 to 64");
    }
    call.result().index = static_cast<std::uint32_t>(number);
  } else if (signal.constant && (*signal.constant < 1 || *signal.constant > last_signal)) {
    call.diagnostics().report<DiagnosticId::argument_value>(call.argument(0).range, fmt::format("signals are numbered 1 to {}, not {}", last_signal, *signal.constant));
  }
}

void send(CallLowering& call, Helper helper) {
  bool is_named = call.facts(0).type.is_string();
  call.bpf().call(helper, {is_named ? call.bpf().number(call.facts().index) : call.scalar(0)});
}

}  // namespace

BuiltinFamily name_builtins() {
  static const Builtin rows[] = {
      {.prototype = "auto strerror(int error)", .doc = "The text of an error number: strerror(2) is \"No such file or directory\".",
       .check = set_string<error_text_size>, .lower = lower_strerror, .writes_in_place = true},
      {.prototype = "auto signal_name(int signal)", .doc = "The text of a signal's number: signal_name(2) is \"Interrupt\".",
       .check = set_string<signal_text_size>, .lower = lower_signal_name, .writes_in_place = true},
      {.prototype = "auto syscall_name(int number)", .doc = "The name of a system call's number: syscall_name(0) is \"read\" on x86-64.",
       .check = set_string<call_name_size>, .lower = lower_syscall_name, .writes_in_place = true},
      {.prototype = "none signal(int|text signal)", .doc = "Sends a signal, by number or name, to the current process.", .check = check_signal,
       .lower = [](CallLowering& call) { send(call, Helper::send_signal); }, .unsafe = true},
      {.prototype = "none signal_thread(int|text signal)", .doc = "Sends a signal, by number or name, to the current thread.",
       .check = check_signal, .lower = [](CallLowering& call) { send(call, Helper::send_signal_thread); }, .unsafe = true},
  };
  return {"Names of numbers, signals", rows};
}

}  // namespace fathom::codegen

// Option parsing by CLI11.
#include "options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>

#include "ast/pattern.h"
#include "ast/text.h"

namespace fathom {

namespace {

constexpr char usage_footer[] = R"(Examples:
  fathom -e 'probe tracepoint:syscalls:sys_enter_openat < count() >'
      count calls of openat(2) until Ctrl-C
  fathom -e 'tracepoint:syscalls:sys_enter_execve { printf("%s %s\n", comm, str(args.filename)); }'
      show programs as they start
  fathom -l 'tracepoint:syscalls:*open*'
      list attach points; with -v their arguments

See fathom(1) for the language.)";

// The name under which fathom behaves like bpftrace, and the version whose behaviour that is.
constexpr char other_name[] = "bpftrace";
constexpr char other_version[] = "bpftrace v0.26.1";

const std::map<std::string, Stage> stages = {{"tokens", Stage::tokens}, {"ast", Stage::ast},   {"checked", Stage::checked}, {"ir", Stage::ir},
                                             {"asm", Stage::assembly},  {"elf", Stage::elf},   {"plan", Stage::plan}};

// What -d can name. The last two show what libbpf and the verifier say.
const std::map<std::string, std::vector<Stage>> debug_stages = {
    {"all", {Stage::ast, Stage::checked, Stage::ir}},
    {"parse", {Stage::ast}},
    {"ast", {Stage::ast}},
    {"types", {Stage::checked}},
    {"codegen", {Stage::ir}},
    {"codegen-opt", {Stage::ir}},
    {"dis", {Stage::assembly}},
    {"libbpf", {}},
    {"verifier", {}},
};

const std::map<std::string, Buffering> bufferings = {{"line", Buffering::line}, {"full", Buffering::full}, {"none", Buffering::none}};

// Options of bpftrace that change nothing here.
struct Silent {
  const char* names;
  bool takes_value;
  const char* reason;  // null: nothing to say
};
constexpr Silent silent_options[] = {
    {"-b,--btf", false, nullptr},
    {"--verify-llvm-ir", false, nullptr},
    {"--usdt-file-activation", false, nullptr},  // the kernel counts by file in any case
};

// Options of bpftrace that fathom refuses.
struct Refused {
  const char* names;
  bool takes_value;
  const char* reason;
  const char* help;
};
constexpr Refused refused_options[] = {
    {"--aot", true, "executables are not made ahead of time", "`fathom SCRIPT` starts in milliseconds; `--emit-elf FILE` writes the BPF object"},
};

struct Raw {
  std::string program, emit, process, command, compat, buffering, features, mode;
  bool test = false, bench = false;
  std::vector<std::string> debug, positional, dwarf_processes;
};

void describe(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("-e", raw.program, "the program itself, instead of a file")->type_name("PROGRAM");
  app.add_flag("-l,--list", options.list, "list attach points that match a pattern, or those of a script")->take_last();
  app.add_option("-p,--pid", raw.process, "only events of this process; ends with it")->type_name("PID");
  app.add_option("-c,--cmd", raw.command, "run a command once the probes are attached; ends with it")->type_name("COMMAND");
  app.add_option("--dwarf-pid", raw.dwarf_processes, "unwind the stacks of this process too where dw_ustack is used; may be repeated")->type_name("PID")->allow_extra_args(false);
  app.add_option("-o,--output", options.output, "write to a file instead of standard output")->type_name("FILE");
  app.add_option("-f", options.format, "output format: text, or json with one object per line")->type_name("FORMAT");
  app.add_option("-B", raw.buffering, "write output out line by line, when a buffer is full, or at once: line, full, none")->type_name("MODE");
  app.add_flag("-q,--quiet", options.quiet, "do not say how many probes were attached")->take_last();
  app.add_flag("-v,--verbose", options.verbose, "say more: printk lines as they come, arguments of listed probes, the verifier's log")->take_last();
  app.add_flag("-k,--warnings", options.helper_warnings, "warn when a probe reads memory or a map element in vain")->take_last();
  app.add_flag_callback("--no-warnings", [&] { options.warnings = false; }, "no warnings at all");
  app.add_flag("--unsafe", options.unsafe, "allow builtins that change what the machine does: signal, write_user, system and the like")->take_last();
  app.add_option("--compat", raw.compat, "print as this version of bpftrace does, such as 0.17")->type_name("VERSION");
  app.add_option("-I", options.include_directories, "look for included headers here as well; may be repeated")->type_name("DIRECTORY")->allow_extra_args(false);
  app.add_option("--include", options.included_headers, "include a header before the script; may be repeated")->type_name("HEADER")->allow_extra_args(false);
  app.add_option("--probe-filter", options.probe_filter, "leave out probes whose attach point does not match")->type_name("REGEX");
  app.add_option("--no-feature", raw.features, "do without these features of the kernel: kprobe_multi, kprobe_session, uprobe_multi and others that --info names")->type_name("LIST");
  app.add_option("--traceable-functions", options.traceable_functions, "take kernel functions from a file instead of the kernel's list")->type_name("FILE");
  app.add_option("--debuginfo", options.debug_folders, "look for separate debug files here first; + in front of a directory compares checksums")->type_name("DIRECTORY:...");
  app.add_flag("--test", raw.test, "run the script's test probes, and nothing else")->take_last();
  app.add_flag("--bench", raw.bench, "run the script's bench probes, and tell what they cost")->take_last();
  app.add_flag("--fmt", options.reformat, "show the script in the usual layout; with -o put it into a file")->take_last();
  app.add_option("--mode", raw.mode, "the same by name: trace, test, bench, fmt")->type_name("MODE");
  app.add_option("-d,--debug", raw.debug, "show what a stage made of the script: ast, types, codegen, dis, libbpf, verifier, all")
      ->type_name("STAGE")->allow_extra_args(false);
  app.add_option("--emit", raw.emit, "stop after a step and show its result: tokens, ast, checked, ir, asm, elf, plan")->type_name("STEP");
  app.add_option("--emit-elf", options.emit_elf, "write the BPF object to a file and stop")->type_name("FILE");
  app.add_option("--emit-llvm", options.emit_llvm, "write LLVM's code to FILE.optimized.ll")->type_name("FILE");
  app.add_flag("--dry-run", options.dry_run, "compile, load and attach, then stop")->take_last();
  app.add_flag("--info", options.info, "tell what this machine's kernel and this build can do")->take_last();
  app.add_option("script", raw.positional, "script file, or - for standard input; then its parameters $1, $2, …")->type_name("");
}

template <class Option>
void add_hidden(CLI::App& app, const Option& option) {
  CLI::Option* added = option.takes_value ? app.add_option(option.names) : app.add_flag(option.names);
  added->group("");  // not in --help
}

bool given(const CLI::App& app, std::string_view names) { return app.count(std::string(names.substr(0, names.find(',')))) != 0; }

// Says what goes wrong on the command line, in fathom's way or in bpftrace's.
class Complaints {
 public:
  explicit Complaints(MessageStyle style) : style_(style) {}

  int error(const std::string& message, const std::string& help = "`fathom --help` lists the options") const {
    if (style_ == MessageStyle::bpftrace) {
      fmt::print(stderr, "ERROR: {}\n{}\n", message, under_other_name(help));
    } else {
      fmt::print(stderr, "error: {}\n = help: {}\n", message, help);
    }
    return 1;
  }
  void warning(const std::string& message) const {
    fmt::print(stderr, "{}: {}\n", style_ == MessageStyle::bpftrace ? "WARNING" : "warning", message);
  }

 private:
  MessageStyle style_;
};

// CLI11's errors, in our words.
std::string message_of(const CLI::ParseError& error) {
  std::string text = error.what();
  std::string option = text.substr(text.find_first_of('-') == std::string::npos ? 0 : text.find_first_of('-'));
  option = option.substr(0, option.find_first_of(": "));
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return "unknown option `" + option + "`";
  if (text.find("At Most") != std::string::npos) return "option `" + option + "` is given more than once";
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) return "option `" + option + "` needs a value";
  return text;
}

// "ast,types" as a list; empty where a word is none of the stages.
std::optional<std::vector<std::string>> split_stages(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) {
    if (!debug_stages.contains(word)) return std::nullopt;
    words.push_back(word);
  }
  if (words.empty()) return std::nullopt;
  return words;
}

// Up to 0.21 -d took no stage, and -dd stood for more of it; -kk for more warnings. Both still work.
std::vector<std::string> readable_arguments(int count, char** arguments, Options& options) {
  std::vector<std::string> all(arguments + 1, arguments + count);
  std::vector<std::string> result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == "--") {
      result.insert(result.end(), all.begin() + static_cast<std::ptrdiff_t>(i), all.end());
      break;
    }
    bool is_debug = all[i] == "-d" || all[i] == "-dd" || all[i] == "--debug";
    if (all[i] == "-kk") {
      result.emplace_back("-k");
    } else if (is_debug && (i + 1 == all.size() || !split_stages(all[i + 1]) || all[i] == "-dd")) {
      options.debug = debug_stages.at("all");
      options.dry_run = true;
    } else {
      result.push_back(all[i]);
      // The program of -e is no option, whatever it looks like.
      if ((all[i] == "-e" || all[i] == "-c") && i + 1 < all.size()) result.push_back(all[++i]);
    }
  }
  std::reverse(result.begin(), result.end());  // as CLI11 wants them
  return result;
}

// Each returns what is wrong, or nothing.
std::optional<int> read_stages(Options& options, const Raw& raw, const Complaints& complaints) {
  if (!raw.emit.empty()) {
    auto stage = stages.find(raw.emit);
    if (stage == stages.end()) {
      return complaints.error("there is no step `" + raw.emit + "` to show; the steps are tokens, ast, checked, ir, asm, elf and plan");
    }
    options.emit = stage->second;
  }
  for (const std::string& list : raw.debug) {
    auto words = split_stages(list);
    if (!words) return complaints.error("there is no stage `" + list + "`", "the stages of -d are all, ast, types, codegen, codegen-opt, dis, libbpf and verifier");
    for (const std::string& word : *words) {
      const std::vector<Stage>& shown = debug_stages.at(word);
      options.debug.insert(options.debug.end(), shown.begin(), shown.end());
      options.debug_load |= shown.empty() || word == "all";
    }
  }
  return std::nullopt;
}

// --mode, or an option of its own for each mode.
std::optional<int> read_mode(Options& options, const Raw& raw, const Complaints& complaints) {
  const std::map<std::string, RunMode> modes = {{"", RunMode::trace}, {"trace", RunMode::trace}, {"test", RunMode::test}, {"bench", RunMode::bench}};
  const auto mode = modes.find(raw.mode);
  if (raw.mode == "fmt" || raw.mode == "format") {
    options.reformat = true;
  } else if (mode == modes.end()) {
    return complaints.error("there is no mode `" + raw.mode + "`", "--mode takes trace, test, bench or fmt");
  } else {
    options.mode = mode->second;
  }
  if (raw.test && raw.bench) return complaints.error("--test and --bench can not be used together");
  if (raw.test) options.mode = RunMode::test;
  if (raw.bench) options.mode = RunMode::bench;
  return std::nullopt;
}

std::optional<std::uint32_t> read_process(const std::string& text) {
  std::uint32_t process = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), process);
  if (error != std::errc{} || end != text.data() + text.size() || process == 0) return std::nullopt;
  return process;
}

std::optional<int> read_values(Options& options, const Raw& raw, const Complaints& complaints) {
  if (!raw.process.empty()) {
    options.process = read_process(raw.process);
    if (!options.process) return complaints.error("-p takes a process id, not `" + raw.process + "`");
  }
  for (const std::string& text : raw.dwarf_processes) {
    const auto process = read_process(text);
    if (!process) return complaints.error("--dwarf-pid takes a process id, not `" + text + "`");
    options.dwarf_processes.push_back(*process);
  }
  if (!raw.buffering.empty()) {
    auto mode = bufferings.find(raw.buffering);
    if (mode == bufferings.end()) return complaints.error("`" + raw.buffering + "` is no way to write output", "-B takes line, full or none");
    options.buffering = mode->second;
  }
  if (!options.probe_filter.empty() && !Pattern::compile(options.probe_filter)) {
    return complaints.error("`" + options.probe_filter + "` is no regular expression", "--probe-filter takes one as `grep -E` does: 'sys_enter_(read|write)'");
  }
  if (!raw.compat.empty()) {
    auto form = text_form_of(raw.compat);
    if (!form) return complaints.error("`" + raw.compat + "` is no version", "--compat takes a version of bpftrace such as 0.17 or 0.23");
    options.text_form = *form;
  }
  std::istringstream features(raw.features);
  for (std::string feature; std::getline(features, feature, ',');) {
    const auto known = feature_named(feature);
    if (!known) return complaints.error("there is no feature `" + feature + "` to do without", "--no-feature takes kprobe_multi, kprobe_session, uprobe_multi and others that `fathom --info` names");
    options.disabled_features.push_back(*known);
  }
  return read_mode(options, raw, complaints);
}

std::optional<int> check_combinations(const Options& options, const CLI::App& app, const Complaints& complaints) {
  for (const Refused& option : refused_options) {
    if (given(app, option.names)) return complaints.error(fmt::format("option `{}` is not supported: {}", option.names, option.reason), option.help);
  }
  if (options.process && options.command) return complaints.error("-c and -p can not be used together");
  if (options.helper_warnings && !options.warnings) return complaints.error("-k and --no-warnings can not be used together");
  for (const Silent& option : silent_options) {
    if (option.reason != nullptr && given(app, option.names)) complaints.warning(fmt::format("option `{}` has no effect: {}", option.names, option.reason));
  }
  return std::nullopt;
}

}  // namespace

namespace {

// Takes what stands behind `--` out of the arguments: named options of the script, and further parameters.
std::vector<std::string> take_script_arguments(int& count, char** arguments, Options& options) {
  std::vector<std::string> parameters;
  int end = count;
  for (int i = count - 1; i > 0; --i) {
    if (std::string_view(arguments[i]) == "--") end = i;
  }
  for (int i = end + 1; i < count; ++i) {
    std::string_view text = arguments[i];
    if (!text.starts_with("--") || text.size() == 2) {
      parameters.emplace_back(text);
      continue;
    }
    std::size_t equals = std::min(text.find('='), text.size());
    NamedOption& option = options.script_options.emplace_back(std::string(text.substr(2, equals - 2)));
    if (equals < text.size()) option.value = text.substr(equals + 1);
  }
  count = end;
  return parameters;
}

}  // namespace

std::variant<Options, int> parse_options(int count, char** arguments) {
  Options options;
  std::vector<std::string> behind = take_script_arguments(count, arguments, options);
  Raw raw;
  if (std::filesystem::path(count > 0 ? arguments[0] : "").filename() == other_name) options.style = MessageStyle::bpftrace;
  Complaints complaints(options.style);
  CLI::App app("Ask a running Linux kernel questions.", options.style == MessageStyle::bpftrace ? other_name : "fathom");
  app.set_version_flag("-V,--version", options.style == MessageStyle::bpftrace ? other_version : "fathom " FATHOM_VERSION, "show the version");
  app.footer(options.style == MessageStyle::bpftrace ? under_other_name(usage_footer) : usage_footer);
  describe(app, options, raw);
  for (const Silent& option : silent_options) add_hidden(app, option);
  for (const Refused& option : refused_options) add_hidden(app, option);
  try {
    app.parse(readable_arguments(count, arguments, options));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      errno = 0;
      app.exit(error);
      if (std::cout.flush()) return 0;
      fmt::print(stderr, "error: standard output could not be written ({})\n", strerrordesc_np(errno));
      return 1;
    }
    return complaints.error(message_of(error));
  }
  bool has_program = app.count("-e") != 0;
  if (has_program) options.program = raw.program;
  if (app.count("-c") != 0) options.command = raw.command;
  if (!has_program && !raw.positional.empty()) {
    options.file = raw.positional.front();
    raw.positional.erase(raw.positional.begin());
  }
  options.parameters = std::move(raw.positional);
  options.parameters.insert(options.parameters.end(), behind.begin(), behind.end());
  if (auto code = read_stages(options, raw, complaints)) return *code;
  if (auto code = read_values(options, raw, complaints)) return *code;
  if (auto code = check_combinations(options, app, complaints)) return *code;
  if (!options.list && !options.info && !has_program && options.file.empty()) {
    fmt::print(stderr, "{}", app.help());
    return 1;
  }
  return options;
}

}  // namespace fathom

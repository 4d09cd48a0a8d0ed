// Option parsing by CLI11.
#include "options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <map>

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

const std::map<std::string, Stage> stages = {{"tokens", Stage::tokens}, {"ast", Stage::ast},   {"checked", Stage::checked}, {"ir", Stage::ir},
                                             {"asm", Stage::assembly},  {"elf", Stage::elf},   {"plan", Stage::plan}};

// Options of bpftrace that scripts' wrappers use and that this version does not have.
struct Missing {
  const char* names;
  bool takes_value;
};
constexpr Missing missing_options[] = {
    {"-f", true},        {"-B", true},          {"-k,--warnings", false},   {"--no-warnings", false},
    {"-d,--debug", true},  {"--info", false},          {"--aot", true},          {"--emit-elf", true},  {"--emit-llvm", true},
    {"-b,--btf", false}, {"--no-feature", true}, {"--usdt-file-activation", false}, {"--probe-filter", true}, {"--dwarf-pid", true}, {"--debuginfo", true},
    {"--traceable-functions", true}, {"--test", false}, {"--bench", false}, {"--fmt", false},
};

struct Raw {
  std::string program, emit, process, command;
  std::vector<std::string> positional;
};

void describe(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("-e", raw.program, "the program itself, instead of a file")->type_name("PROGRAM");
  app.add_flag("-l,--list", options.list, "list attach points that match a pattern");
  app.add_option("-p,--pid", raw.process, "only events of this process; ends with it")->type_name("PID");
  app.add_option("-c,--cmd", raw.command, "run a command once the probes are attached; ends with it")->type_name("COMMAND");
  app.add_option("-o,--output", options.output, "write to a file instead of standard output")->type_name("FILE");
  app.add_option("-I", options.include_directories, "look for included headers here as well; may be repeated")->type_name("DIRECTORY")->allow_extra_args(false);
  app.add_option("--include", options.included_headers, "include a header before the script; may be repeated")->type_name("HEADER")->allow_extra_args(false);
  app.add_flag("-q,--quiet", options.quiet, "do not say how many probes were attached");
  app.add_flag("-v,--verbose", options.verbose, "say more: printk lines as they come, arguments of listed probes, the verifier's log");
  app.add_flag("--unsafe", options.unsafe, "allow builtins that change what the machine does: signal, write_user and the like");
  app.add_option("--emit", raw.emit, "stop after a step and show its result: tokens, ast, checked, ir, asm, elf, plan")->type_name("STEP");
  app.add_flag("--dry-run", options.dry_run, "compile, load and attach, then stop");
  app.add_option("script", raw.positional, "script file, or - for standard input; then its parameters $1, $2, …")->type_name("");
}

void add_missing(CLI::App& app) {
  for (const Missing& option : missing_options) {
    CLI::Option* added = option.takes_value ? app.add_option(option.names) : app.add_flag(option.names);
    added->group("");  // not in --help
  }
}

// The first option given that is known but missing, or empty.
std::string first_missing(const CLI::App& app) {
  for (const Missing& option : missing_options) {
    std::string name = option.names;
    name = name.substr(0, name.find(','));
    if (app.count(name) != 0) return name;
  }
  return {};
}

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

int usage_error(const std::string& message) {
  fmt::print(stderr, "error: {}\n = help: `fathom --help` lists the options\n", message);
  return 1;
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
    options.script_options.push_back({std::string(text.substr(2, equals - 2)), std::string(text.substr(std::min(equals + 1, text.size())))});
  }
  count = end;
  return parameters;
}

}  // namespace

std::variant<Options, int> parse_options(int count, char** arguments) {
  Options options;
  std::vector<std::string> behind = take_script_arguments(count, arguments, options);
  Raw raw;
  CLI::App app("Ask a running Linux kernel questions.", "fathom");
  app.set_version_flag("-V,--version", "fathom " FATHOM_VERSION, "show the version");
  app.footer(usage_footer);
  describe(app, options, raw);
  add_missing(app);
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return usage_error(message_of(error));
  }
  if (std::string missing = first_missing(app); !missing.empty()) return usage_error("option `" + missing + "` is not supported yet");
  bool has_program = app.count("-e") != 0;
  if (has_program) options.program = raw.program;
  if (app.count("-c") != 0) options.command = raw.command;
  if (options.list && has_program) return usage_error("listing the probes of a program is not supported yet");
  if (!has_program && !raw.positional.empty()) {
    options.file = raw.positional.front();
    raw.positional.erase(raw.positional.begin());
  }
  options.parameters = std::move(raw.positional);
  options.parameters.insert(options.parameters.end(), behind.begin(), behind.end());
  if (!raw.emit.empty()) {
    auto stage = stages.find(raw.emit);
    if (stage == stages.end()) return usage_error("there is no step `" + raw.emit + "` to show; the steps are tokens, ast, checked, ir, asm, elf and plan");
    options.emit = stage->second;
  }
  if (!raw.process.empty()) {
    std::uint32_t process = 0;
    auto [end, error] = std::from_chars(raw.process.data(), raw.process.data() + raw.process.size(), process);
    if (error != std::errc{} || end != raw.process.data() + raw.process.size() || process == 0) {
      return usage_error("-p takes a process id, not `" + raw.process + "`");
    }
    options.process = process;
  }
  if (options.process && options.command) return usage_error("-c and -p can not be used together");
  if (!options.list && !has_program && options.file.empty()) {
    fmt::print(stderr, "{}", app.help());
    return 1;
  }
  return options;
}

}  // namespace fathom

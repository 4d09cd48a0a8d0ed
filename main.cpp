// fathom: options, then the flow from source text to output, one named step after the other.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "ast/check.h"
#include "ast/config.h"
#include "ast/environment.h"
#include "ast/passes/options.h"
#include "ast/print.h"
#include "codegen/builtins/list.h"
#include "c_setup.h"
#include "codegen/codegen.h"
#include "definitions/read.h"
#include "definitions/script_types.h"
#include "lexer/imports.h"
#include "options.h"
#include "parser/expand.h"
#include "parser/parser.h"
#include "runtime/info.h"
#include "runtime/machine.h"
#include "runtime/object.h"
#include "runtime/output/output.h"
#include "runtime/probes/attach.h"
#include "runtime/probes/listing.h"
#include "runtime/session.h"
#include "runtime/source_reader.h"
#include "runtime/standard_streams.h"
#include "runtime/symbols.h"
#include "runtime/target_linux.h"

namespace {

using namespace fathom;

constexpr int failure = 1;

// Says what went wrong, in fathom's own way or in bpftrace's.
class Report {
 public:
  explicit Report(MessageStyle style) : own_(style == MessageStyle::own) {}

  int operator()(const Error& error) const {
    fmt::print(stderr, "{}: {}\n", own_ ? "error" : "ERROR", error.message);
    if (!error.help.empty()) fmt::print(stderr, "{}: {}\n", own_ ? " = help" : "HINT", error.help);
    return failure;
  }

  // Prints the diagnostics; whether there is an error among them.
  bool operator()(const Diagnostics& diagnostics, const SourceFile& source, bool warnings = true) const {
    constexpr std::size_t most_shown = 20;
    bool color = isatty(STDERR_FILENO) != 0;
    std::vector<Diagnostic> sorted = diagnostics.sorted();
    if (!warnings) std::erase_if(sorted, [](const Diagnostic& one) { return row_of(one.id).severity == Severity::warning; });
    for (std::size_t i = 0; i < std::min(sorted.size(), most_shown); ++i) {
      fmt::print(stderr, "{}", own_ ? render(sorted[i], source, color) : render_plainly(sorted[i], source));
    }
    if (sorted.size() > most_shown) fmt::print(stderr, "{}: too many mistakes: the first {} are shown\n", own_ ? "error" : "ERROR", most_shown);
    return diagnostics.has_errors();
  }

  // What could not be written is an error, unless the reader has gone: `| head`.
  int written(int error, const std::string& name) const {
    if (error == 0 || error == EPIPE) return 0;
    return (*this)({fmt::format("{} could not be written ({})", name, strerrordesc_np(error)), "", error});
  }

  int show(std::string_view text) const {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return written(std::fflush(stdout) == 0 ? 0 : errno, "standard output");
  }

  int unknown_format(const std::string& name) const {
    std::string names;
    for (const OutputFormat& format : output_formats()) {
      names += fmt::format("{}{}{}{}", names.empty() ? "" : ", ", own_ ? "`" : "'", format.name, own_ ? "`" : "'");
    }
    if (own_) return (*this)({fmt::format("there is no output format `{}`", name), "the formats are " + names, 0});
    fmt::print(stderr, "ERROR: Invalid output format \"{}\"\nValid formats: {}\n", name, names);
    return failure;
  }

 private:
  bool own_;
};

int list(const Options& options, const LinuxTarget& target, const Report& report) {
  std::string text;
  // A file name that does not exist is more likely than a pattern with a point in it.
  if (options.file.find('.') != std::string::npos && options.file.find_first_of(":*") == std::string::npos) {
    fmt::print(stderr, "{}: `{}` looks like the name of a file, but there is none; it is taken for a pattern\n",
               options.style == MessageStyle::own ? "warning" : "WARNING", options.file);
  }
  auto probes = list_probes(all_probe_types(), options.file, target, options.verbose);
  if (!probes) return report(probes.error());
  for (const ListedProbe& probe : *probes) {
    text += probe.text + "\n";
    for (const std::string& argument : probe.arguments) text += "    " + argument + "\n";
  }
  return report.show(text);
}

// The attach points of a script.
int list(const CheckedProgram& program, const Report& report) {
  std::string text;
  for (const CheckedProbe& probe : program.probes) {
    for (const AttachPoint& point : probe.attach_points) text += point.text + "\n";
  }
  return report.show(text);
}

bool lists_script(const Options& options) {
  return options.list && (options.program || options.file == "-" || std::filesystem::is_regular_file(options.file));
}

int write_file(const std::string& path, std::string_view bytes, const Report& report) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return report({fmt::format("{} can not be written ({})", path, strerrordesc_np(errno)), "", errno});
  bool complete = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  complete = std::fclose(file) == 0 && complete;
  return report.written(complete ? 0 : errno, path);
}

LoadLog load_log(const Options& options) {
  if (!options.verbose && !options.debug_load) return {};
  return [](std::string_view text) { fmt::print(stderr, "{}", text); };
}

void set_buffering(std::FILE* file, Buffering buffering) {
  switch (buffering) {
    case Buffering::line: std::setvbuf(file, nullptr, _IOLBF, BUFSIZ); return;
    case Buffering::full: std::setvbuf(file, nullptr, _IOFBF, 64u << 10); return;
    case Buffering::none: std::setvbuf(file, nullptr, _IONBF, 0); return;
  }
}

int run(const Image& image, const Options& options, const LinuxTarget& target, const Report& report) {
  if (auto allowed = check_privileges(); !allowed) return report(allowed.error());
  raise_limits();
  const OutputFormat* format = find_output_format(options.format);
  std::FILE* file = options.output.empty() ? stdout : std::fopen(options.output.c_str(), "we");
  if (file == nullptr) return report({fmt::format("{} can not be written ({})", options.output, strerrordesc_np(errno)), "", errno});
  set_buffering(file, options.buffering);
  std::vector<WatchedProcess> watched;
  if (options.command || options.process) {
    auto process = options.process ? WatchedProcess::existing(*options.process) : WatchedProcess::command(*options.command);
    if (!process) return report(process.error());
    watched.push_back(std::move(*process));
  }
  std::string mark = new_run_mark();
  if (auto able = check_features(image.plan, target); !able) return report(able.error());
  auto object = Object::load(image, mark, load_log(options), target);
  if (!object) return report(object.error());
  Symbols symbols(image.plan.settings.cpp_demangle);
  auto output = format->make(file, symbols, image.plan.settings);
  Session session(image.plan, *object, target, symbols, *output, mark, watched.empty() ? nullptr : &watched.front(),
                  {options.quiet, options.verbose, options.dry_run, options.warnings,
                   format != output_formats().data() || options.style == MessageStyle::bpftrace});
  auto code = session.run();
  output->flush();
  int failed = report.written(output->error(), options.output.empty() ? "standard output" : options.output);
  if (file != stdout) std::fclose(file);
  if (!code) return report(code.error());
  return failed != 0 ? failed : *code;
}

}  // namespace

int main(int count, char** arguments) {
  secure_standard_streams();
  auto parsed = parse_options(count, arguments);
  if (int* code = std::get_if<int>(&parsed)) return *code;
  Options options = std::move(std::get<Options>(parsed));
  Report report(options.style);
  auto show = [&](std::string_view text) { return report.show(text); };
  if (find_output_format(options.format) == nullptr) return report.unknown_format(options.format);
  const char* btf = std::getenv("BPFTRACE_BTF");
  LinuxTarget machine(btf == nullptr ? "" : btf);
  if (btf != nullptr && btf != std::string_view("none") && *btf != '\0' && !machine.has(Feature::btf)) {
    return report({fmt::format("{}, which BPFTRACE_BTF names, does not describe kernel types (BTF)", btf), "unset BPFTRACE_BTF to use the kernel's own description", 0});
  }
  if (options.process) machine.bind_to(*options.process);
  if (options.info) return show(machine_info(machine, FATHOM_VERSION));
  if (options.list && !lists_script(options)) return list(options, machine, report);

  Settings settings;
  settings.parameters = options.parameters;
  settings.options = options.script_options;
  settings.process = options.process;
  settings.unsafe = options.unsafe;
  settings.has_command = options.command.has_value();
  settings.helper_warnings = options.helper_warnings;
  settings.text_form = options.text_form;
  settings.message_style = options.style;
  settings.probe_filter = options.probe_filter;
  auto source = options.program ? Result<SourceFile>(SourceFile("stdin", *options.program)) : read_source(options.file);
  if (!source) return report(source.error());

  Diagnostics diagnostics;
  std::vector<Token> tokens = lex(*source, diagnostics);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  auto debugged = [&](Stage stage) { return std::ranges::find(options.debug, stage) != options.debug.end(); };
  if (options.emit == Stage::tokens) return show(to_string(tokens, *source));
  tokens = with_imports(std::move(tokens), *source, read_import, diagnostics);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  Catalog catalog{all_probe_types(), codegen::builtin_families()};
  const auto is_builtin = [&](std::string_view name) { return find_builtin(catalog.builtins, name) != nullptr; };
  CSetup setup = c_setup(options, source->name(), machine);
  CPart c = read_definitions(std::move(tokens), *source, setup, machine, is_builtin, diagnostics);
  ScriptTypes target(machine, std::move(c.declarations), LateHeaders(std::move(setup), std::move(c.accepted_headers)));
  ast::Program program = parse(c.tokens, *source, diagnostics);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  if (debugged(Stage::ast)) show(ast::to_string(program));
  if (options.emit == Stage::ast) return show(ast::to_string(program));
  apply_config(program, settings, diagnostics);
  // The environment goes over the script.
  auto environment = apply_environment(settings, [](const char* name) { return std::getenv(name); });
  if (!environment) return report(environment.error());
  for (const std::string& warning : *environment) fmt::print(stderr, "{}: {}\n", options.style == MessageStyle::own ? "warning" : "WARNING", warning);
  program = expand(std::move(program), *source, diagnostics, catalog.builtins);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  CheckedProgram checked = check(program, *source, settings, catalog, target, diagnostics);
  if (wants_script_help(settings)) return show(script_help(checked)), failure;
  if (report(diagnostics, *source, options.warnings)) return failure;
  if (options.list) return list(checked, report);
  if (debugged(Stage::checked)) show(to_string(checked));
  if (options.emit == Stage::checked) return show(to_string(checked));
  codegen::Module module = codegen::lower(checked);
  if (debugged(Stage::ir)) show(codegen::to_ir(module));
  if (debugged(Stage::assembly)) show(codegen::to_assembly(module));
  if (options.emit == Stage::ir) return show(codegen::to_ir(module));
  if (options.emit == Stage::assembly) return show(codegen::to_assembly(module));
  if (!options.emit_llvm.empty()) {
    if (int code = write_file(options.emit_llvm + ".optimized.ll", codegen::to_ir(module), report); code != 0) return code;
  }
  auto image = codegen::emit(std::move(module));
  if (!image) return report(image.error());
  std::string_view elf(reinterpret_cast<const char*>(image->elf.data()), image->elf.size());
  if (!options.emit_elf.empty()) return write_file(options.emit_elf, elf, report);
  if (options.emit == Stage::elf) return show(elf);
  if (options.emit == Stage::plan) return show(to_json(image->plan) + "\n");
  return run(*image, options, machine, report);
}

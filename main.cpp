// fathom: options, then the flow from source text to output, one named step after the other.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "ast/check.h"
#include "ast/config.h"
#include "ast/environment.h"
#include "ast/passes/options.h"
#include "ast/print.h"
#include "ast/text.h"
#include "codegen/builtins/list.h"
#include "c_setup.h"
#include "codegen/codegen.h"
#include "codegen/debug_info.h"
#include "codegen/instructions.h"
#include "codegen/unwind_table.h"
#include "definitions/read.h"
#include "definitions/script_types.h"
#include "lexer/imports.h"
#include "listing.h"
#include "options.h"
#include "parser/expand.h"
#include "parser/format.h"
#include "parser/parser.h"
#include "report.h"
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

int write_file(const std::string& path, std::string_view bytes, const Report& report) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return report({fmt::format("{} can not be written ({})", path, strerrordesc_np(errno)), "", errno});
  bool complete = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  complete = std::fclose(file) == 0 && complete;
  return report.written(complete ? 0 : errno, path);
}

// A layout that would change what the script means is a mistake of ours, and is not shown.
int reformat(const std::vector<Token>& tokens, const SourceFile& source, const Options& options, const Report& report) {
  const std::string text = formatted(tokens, source);
  Diagnostics diagnostics;
  const SourceFile result(source.name(), text);
  const auto same = [](const Token& a, const Token& b) { return a.kind == b.kind && a.number == b.number && a.text == b.text; };
  if (!std::ranges::equal(tokens, lex(result, diagnostics), same)) {
    return report({"the script could not be put into another layout", "this is a bug in fathom: please report it with the script", 0});
  }
  return options.output.empty() ? report.show(text) : write_file(options.output, text, report);
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

int run(const Image& image, const Options& options, const LinuxTarget& target, const DebugFolders& debug_folders, const Report& report) {
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
  raise_limits();  // not those of the command
  std::string mark = new_run_mark();
  if (auto able = check_features(image.plan, target); !able) return report.attaching(able.error());
  auto object = Object::load(image, mark, load_log(options), target);
  if (!object) return report.attaching(object.error());
  Symbols symbols(image.plan.settings.cpp_demangle ? demangled : nullptr, codegen::rust_name);
  symbols.set_reading(!image.plan.settings.lazy_symbolication, image.plan.settings.cache_user_symbols == SymbolCache::none);
  const char* kernel_file = std::getenv("BPFTRACE_VMLINUX");
  symbols.set_debugging(debug_folders, image.plan.settings.show_debug_info ? codegen::read_debug_info : nullptr, kernel_file == nullptr ? "" : kernel_file);
  auto output = format->make(file, symbols, image.plan.settings);
  Session session(image.plan, *object, target, symbols, *output, mark, watched.empty() ? nullptr : &watched.front(),
                  {options.quiet, options.verbose, options.dry_run, options.warnings, codegen::read_unwind_rows,
                   format != output_formats().data() || options.style == MessageStyle::bpftrace});
  auto code = session.run();
  output->flush();
  int failed = report.written(output->error(), options.output.empty() ? "standard output" : options.output);
  if (file != stdout) std::fclose(file);
  if (!code) return report.attaching(code.error());
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
  if (options.process) {
    if (const auto process = WatchedProcess::existing(*options.process); !process) return report(process.error());
    machine.bind_to(*options.process);
  }
  for (const Feature feature : options.disabled_features) machine.do_without(feature);
  if (!options.traceable_functions.empty()) {
    if (auto read = machine.read_traceable(options.traceable_functions); !read) return report(read.error());
  }
  machine.read_debug_info_with(codegen::read_debug_info);
  machine.read_instructions_with(codegen::instruction_offsets);
  const auto folders = debug_folders(options.debug_folders);
  if (!folders) return report(folders.error());
  machine.look_for_debug_files_in(*folders);
  if (options.info) return show(machine_info(machine, FATHOM_VERSION));
  if (options.list && !lists_script(options)) return list_machine(options, machine, report);

  Settings settings;
  settings.parameters = options.parameters;
  settings.options = options.script_options;
  settings.process = options.process;
  settings.dwarf_processes = options.dwarf_processes;
  settings.unsafe = options.unsafe;
  settings.has_command = options.command.has_value();
  settings.helper_warnings = options.helper_warnings;
  settings.text_form = options.text_form;
  settings.message_style = options.style;
  settings.probe_filter = options.probe_filter;
  settings.mode = options.mode;
  auto source = options.program ? Result<SourceFile>(SourceFile("stdin", *options.program)) : read_source(options.file);
  if (!source) return report(source.error());

  Diagnostics diagnostics;
  std::vector<Token> tokens = lex(*source, diagnostics);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  auto debugged = [&](Stage stage) { return std::ranges::find(options.debug, stage) != options.debug.end(); };
  if (options.emit == Stage::tokens) return show(to_string(tokens, *source));
  const std::vector<Token> own_tokens = options.reformat ? tokens : std::vector<Token>();
  tokens = with_imports(std::move(tokens), *source, read_import, diagnostics);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  Catalog catalog{all_probe_types(), codegen::builtin_families()};
  const auto is_builtin = [&](std::string_view name) { return find_builtin(catalog.builtins, name) != nullptr; };
  CSetup setup = c_setup(options, source->name(), machine);
  CPart c = read_definitions(std::move(tokens), *source, setup, machine, is_builtin, diagnostics);
  ScriptTypes target(machine, std::move(c.declarations), LateHeaders(std::move(setup), std::move(c.accepted_headers)));
  ast::Program program = parse(c.tokens, *source, diagnostics);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  if (options.reformat) return reformat(own_tokens, *source, options, report);
  if (debugged(Stage::ast)) show(ast::to_string(program));
  if (options.emit == Stage::ast) return show(ast::to_string(program));
  apply_config(program, settings, diagnostics);
  // The environment goes over the script.
  auto environment = apply_environment(settings, [](const char* name) { return std::getenv(name); });
  if (!environment) return report(environment.error());
  for (const std::string& warning : *environment) fmt::print(stderr, "{}: {}\n", options.style == MessageStyle::own ? "warning" : "WARNING", warning);
  program = expand(std::move(program), *source, diagnostics, catalog.builtins);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  if (program.probes.empty() && options.style == MessageStyle::bpftrace) return show("No probes to attach\n"), failure;
  // What the machine does not show to this user would otherwise be told as missing.
  const bool will_run = !options.list && !options.emit && options.emit_elf.empty() && !wants_script_help(settings);
  if (auto allowed = check_privileges(); will_run && !allowed) return report.not_allowed(allowed.error());
  CheckedProgram checked = check(program, *source, settings, catalog, target, diagnostics);
  if (wants_script_help(settings)) return show(script_help(checked)), failure;
  if (report(diagnostics, *source, options.warnings)) return failure;
  if (options.verbose) fmt::print(stderr, "{}", left_out(checked, target));
  if (options.list) return list_script(checked, report);
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
  return run(*image, options, machine, *folders, report);
}

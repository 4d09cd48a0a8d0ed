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
#include "codegen/builtins/list.h"
#include "c_setup.h"
#include "codegen/codegen.h"
#include "definitions/read.h"
#include "definitions/script_types.h"
#include "lexer/imports.h"
#include "options.h"
#include "parser/expand.h"
#include "parser/parser.h"
#include "runtime/machine.h"
#include "runtime/object.h"
#include "runtime/output/output.h"
#include "runtime/probes/attach.h"
#include "runtime/probes/listing.h"
#include "runtime/session.h"
#include "runtime/source_reader.h"
#include "runtime/symbols.h"
#include "runtime/target_linux.h"

namespace {

using namespace fathom;

constexpr int failure = 1;

int report(const Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  if (!error.help.empty()) fmt::print(stderr, " = help: {}\n", error.help);
  return failure;
}

// Prints the diagnostics; whether there is an error among them.
bool report(const Diagnostics& diagnostics, const SourceFile& source) {
  constexpr std::size_t most_shown = 20;
  bool color = isatty(STDERR_FILENO) != 0;
  std::vector<Diagnostic> sorted = diagnostics.sorted();
  for (std::size_t i = 0; i < std::min(sorted.size(), most_shown); ++i) fmt::print(stderr, "{}", render(sorted[i], source, color));
  if (sorted.size() > most_shown) fmt::print(stderr, "error: too many mistakes: the first {} are shown\n", most_shown);
  return diagnostics.has_errors();
}

// What could not be written is an error, unless the reader has gone: `| head`.
int written(int error, const std::string& name) {
  if (error == 0 || error == EPIPE) return 0;
  return report({fmt::format("{} could not be written ({})", name, strerrordesc_np(error)), "", error});
}

int show(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return written(std::fflush(stdout) == 0 ? 0 : errno, "standard output");
}

int list(const Options& options, const LinuxTarget& target) {
  auto probes = list_probes(all_probe_types(), options.file, target, options.verbose);
  if (!probes) return report(probes.error());
  std::string text;
  for (const ListedProbe& probe : *probes) {
    text += probe.text + "\n";
    for (const std::string& argument : probe.arguments) text += "    " + argument + "\n";
  }
  return show(text);
}

LoadLog load_log(const Options& options) {
  if (!options.verbose) return {};
  return [](std::string_view text) { fmt::print(stderr, "{}", text); };
}

int run(const Image& image, const Options& options, const LinuxTarget& target) {
  if (auto allowed = check_privileges(); !allowed) return report(allowed.error());
  raise_limits();
  std::FILE* file = options.output.empty() ? stdout : std::fopen(options.output.c_str(), "we");
  if (file == nullptr) return report({fmt::format("{} can not be written ({})", options.output, strerrordesc_np(errno)), "", errno});
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
  auto output = make_text_output(file, symbols, image.plan.settings);
  Session session(image.plan, *object, target, *output, mark, watched.empty() ? nullptr : &watched.front(),
                  {options.quiet, options.verbose, options.dry_run, &symbols});
  auto code = session.run();
  output->flush();
  int failed = written(output->error(), options.output.empty() ? "standard output" : options.output);
  if (file != stdout) std::fclose(file);
  if (!code) return report(code.error());
  return failed != 0 ? failed : *code;
}

}  // namespace

int main(int count, char** arguments) {
  auto parsed = parse_options(count, arguments);
  if (int* code = std::get_if<int>(&parsed)) return *code;
  Options options = std::move(std::get<Options>(parsed));
  const char* btf = std::getenv("BPFTRACE_BTF");
  LinuxTarget machine(btf == nullptr ? "" : btf);
  if (btf != nullptr && btf != std::string_view("none") && *btf != '\0' && !machine.has(Feature::btf)) {
    return report({fmt::format("{}, which BPFTRACE_BTF names, does not describe kernel types (BTF)", btf), "unset BPFTRACE_BTF to use the kernel's own description", 0});
  }
  if (options.process) machine.bind_to(*options.process);
  if (options.list) return list(options, machine);

  Settings settings;
  settings.parameters = options.parameters;
  settings.options = options.script_options;
  settings.process = options.process;
  settings.unsafe = options.unsafe;
  settings.has_command = options.command.has_value();
  auto source = options.program ? Result<SourceFile>(SourceFile("stdin", *options.program)) : read_source(options.file);
  if (!source) return report(source.error());

  Diagnostics diagnostics;
  std::vector<Token> tokens = lex(*source, diagnostics);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  if (options.emit == Stage::tokens) return show(to_string(tokens, *source));
  tokens = with_imports(std::move(tokens), *source, read_import, diagnostics);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  Catalog catalog{all_probe_types(), codegen::builtin_families(), codegen::missing_builtins()};
  const auto is_builtin = [&](std::string_view name) { return find_builtin(catalog.builtins, name) != nullptr; };
  CSetup setup = c_setup(options, source->name(), machine);
  CPart c = read_definitions(std::move(tokens), *source, setup, machine, is_builtin, diagnostics);
  ScriptTypes target(machine, std::move(c.declarations), LateHeaders(std::move(setup), std::move(c.accepted_headers)));
  ast::Program program = parse(c.tokens, *source, diagnostics);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  if (options.emit == Stage::ast) return show(ast::to_string(program));
  apply_config(program, settings, diagnostics);
  // The environment goes over the script.
  auto environment = apply_environment(settings, [](const char* name) { return std::getenv(name); });
  if (!environment) return report(environment.error());
  for (const std::string& warning : *environment) fmt::print(stderr, "warning: {}\n", warning);
  program = expand(std::move(program), *source, diagnostics);
  if (diagnostics.has_errors()) return report(diagnostics, *source), failure;
  CheckedProgram checked = check(program, *source, settings, catalog, target, diagnostics);
  if (wants_script_help(settings)) return show(script_help(checked)), failure;
  if (report(diagnostics, *source)) return failure;
  if (options.emit == Stage::checked) return show(to_string(checked));
  codegen::Module module = codegen::lower(checked);
  if (options.emit == Stage::ir) return show(codegen::to_ir(module));
  if (options.emit == Stage::assembly) return show(codegen::to_assembly(module));
  auto image = codegen::emit(std::move(module));
  if (!image) return report(image.error());
  if (options.emit == Stage::elf) return show({reinterpret_cast<const char*>(image->elf.data()), image->elf.size()});
  if (options.emit == Stage::plan) return show(to_json(image->plan) + "\n");
  return run(*image, options, machine);
}

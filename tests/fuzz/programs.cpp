// Many programs through the whole compiler in one process: what the generator writes must be refused with a diagnostic or compile, in
// bounded time, and what is accepted must lower, emit and, for a share, pass the kernel's verifier.
//   fuzz_programs [--seed N] [--count N] [--emit N] [--load N] [--seconds N] [--show] [--only SEED]
// --emit, --load: every Nth accepted program is lowered and emitted, loaded; 0: none. --seconds: stop after that long. --show: print the
// programs. --only: that one alone. Each program has a seed of its own, printed with every failure; the last line sums up.
#include <fmt/format.h>
#include <sys/time.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>

#include "codegen/codegen.h"
#include "generator.h"
#include "runtime/machine.h"
#include "runtime/object.h"
#include "runtime/probes/attach.h"
#include "runtime/target_linux.h"

namespace {

using namespace fathom;
using namespace fathom::fuzz;

constexpr char run_mark[] = "f0f0f0f0";  // any but the one that stands in the object
// With sanitizers. Processor time, of the kernel too, which does not depend on what else the machine does; and a program that only waits.
constexpr unsigned busy_seconds_per_program = 10;
constexpr unsigned seconds_per_program = 300;

struct Arguments {
  std::uint64_t seed = 1, count = 1000, emit = 0, load = 0, seconds = 0, only = 0;
  bool show = false;
};

// What runs now, for the message of a crash.
struct Current {
  std::uint64_t seed = 0;
  const char* text = "";
};
Current current;

void say_current() {
  char line[96];
  int length = std::snprintf(line, sizeof line, "\nfailed at program %llu:\n", static_cast<unsigned long long>(current.seed));
  (void)!write(STDERR_FILENO, line, static_cast<std::size_t>(length));
  (void)!write(STDERR_FILENO, current.text, std::char_traits<char>::length(current.text));
}

void on_signal(int number) {
  say_current();
  const char* why = number == SIGALRM || number == SIGPROF ? "\nit takes too long\n" : "\nit was aborted\n";
  (void)!write(STDERR_FILENO, why, std::char_traits<char>::length(why));
  _exit(1);
}

// 0: no limit.
void limit_time(unsigned busy_seconds, unsigned seconds) {
  itimerval busy{};
  busy.it_value.tv_sec = busy_seconds;
  setitimer(ITIMER_PROF, &busy, nullptr);
  alarm(seconds);
}

bool parse(int count, char** values, Arguments& arguments) {
  const std::map<std::string_view, std::uint64_t Arguments::*> names = {{"--seed", &Arguments::seed}, {"--count", &Arguments::count},
                                                                        {"--emit", &Arguments::emit}, {"--load", &Arguments::load},
                                                                        {"--seconds", &Arguments::seconds}, {"--only", &Arguments::only}};
  for (int i = 1; i < count; ++i) {
    if (std::string_view(values[i]) == "--show") {
      arguments.show = true;
      continue;
    }
    auto name = names.find(values[i]);
    if (name == names.end() || i + 1 == count) return false;
    std::string_view value = values[++i];
    if (std::from_chars(value.data(), value.data() + value.size(), arguments.*name->second).ec != std::errc{}) return false;
  }
  return true;
}

struct Tally {
  std::uint64_t programs = 0, valid = 0, accepted_valid = 0, accepted = 0, emitted = 0, loaded = 0, lacking = 0, failures = 0;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> refused;  // diagnostics of what was meant to be valid: how often, an example's seed
};

void fail(Tally& tally, std::string_view what, const std::string& why, const std::string& text) {
  ++tally.failures;
  fmt::print("\nprogram {} {}: {}\n{}\n", current.seed, what, why, text);
}

std::optional<Image> emit(const Checked& checked, Tally& tally, const std::string& text) {
  auto image = codegen::emit(codegen::lower(checked.checked));
  if (!image) {
    fail(tally, "is not emitted", image.error().message, text);
    return std::nullopt;
  }
  ++tally.emitted;
  return std::move(*image);
}

void load(const Image& image, const Target& target, Tally& tally, const std::string& text) {
  std::string log;
  auto object = Object::load(image, run_mark, [&](std::string_view more) { log += more; }, target);
  // fathom itself does not try where the kernel lacks a probe type; such programs are tried here all the same, as far as they load.
  if (!object && !check_features(image.plan, target)) {
    ++tally.lacking;
    return;
  }
  if (!object) {
    if (log.size() > 2000) log = log.substr(log.size() - 2000);
    return fail(tally, "is not loaded", object.error().message + "\n" + log, text);
  }
  ++tally.loaded;
}

bool loads(const Checked& checked) {
  auto image = codegen::emit(codegen::lower(checked.checked));
  return image && Object::load(*image, run_mark, {}, LinuxTarget()).has_value();
}

// Half are meant to be valid; a quarter are such with changes, a quarter are noise of tokens.
std::string write_program(const Vocabulary& vocabulary, std::uint64_t seed, bool loadable, bool& valid) {
  Generator generator(vocabulary, seed);
  valid = loadable || seed % 4 < 2;
  if (valid) return generator.program(loadable);
  if (seed % 4 == 2) return generator.mutated(generator.program(false));
  return generator.noise();
}

void one(const Vocabulary& vocabulary, const Arguments& arguments, std::uint64_t seed, Tally& tally) {
  bool valid = false;
  std::string text = write_program(vocabulary, seed, arguments.load != 0, valid);
  if (arguments.show) fmt::print("--- {}\n{}\n", seed, text);
  current = {seed, text.c_str()};
  limit_time(busy_seconds_per_program, seconds_per_program);
  Checked checked = run_front_end(text, vocabulary.target(), small_settings());
  for (const Diagnostic& diagnostic : checked.diagnostics.sorted()) render(diagnostic, *checked.source, false);
  ++tally.programs;
  tally.valid += valid ? 1 : 0;
  if (!checked.accepted()) {
    if (!valid) return;
    auto& [times, example] = tally.refused[std::string(row_of(checked.diagnostics.sorted().front().id).name)];
    if (times++ == 0) example = seed;
    return;
  }
  tally.accepted_valid += valid ? 1 : 0;
  ++tally.accepted;
  bool loading = arguments.load != 0 && tally.accepted % arguments.load == 0;
  if (!loading && (arguments.emit == 0 || tally.accepted % arguments.emit != 0)) return;
  auto image = emit(checked, tally, text);
  if (image && loading) load(*image, vocabulary.target(), tally, text);
}

}  // namespace

int main(int count, char** values) {
  Arguments arguments;
  if (!parse(count, values, arguments)) {
    fmt::print(stderr, "usage: fuzz_programs [--seed N] [--count N] [--emit N] [--load N] [--seconds N] [--show] [--only SEED]\n");
    return 2;
  }
  if (arguments.only != 0) arguments.seed = arguments.only, arguments.count = 1, arguments.show = true;
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_set_death_callback(say_current);
#else
  std::signal(SIGSEGV, on_signal);
#endif
  std::signal(SIGALRM, on_signal);
  std::signal(SIGPROF, on_signal);
  std::signal(SIGABRT, on_signal);
  if (arguments.load != 0) raise_limits();

  LinuxTarget target;
  Vocabulary vocabulary(target, arguments.load != 0 ? &loads : nullptr);
  fmt::print("seed {}: {} attach points, {} constructs refused, {} rows unused\n", arguments.seed, vocabulary.points().size(), vocabulary.refused().size(),
             vocabulary.unused_rows().size());
  for (const std::string& refused : vocabulary.refused()) fmt::print("  refused: {}\n", refused);
  if (!vocabulary.unused_rows().empty()) fmt::print("  unused: {}\n", fmt::join(vocabulary.unused_rows(), " "));
  std::fflush(stdout);
  if (vocabulary.points().empty()) return 1;

  Tally tally;
  auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < arguments.count; ++i) {
    one(vocabulary, arguments, arguments.seed + i, tally);
    if (arguments.seconds != 0 && std::chrono::steady_clock::now() - start > std::chrono::seconds(arguments.seconds)) break;
  }
  limit_time(0, 0);
  for (const auto& [name, found] : tally.refused) fmt::print("  {} {} (program {})\n", found.first, name, found.second);
  auto elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{} programs in {:.1f} s: {} of {} meant to be valid were accepted, {} accepted in all, {} emitted, {} loaded, {} for other kernels, {} failures\n",
             tally.programs, elapsed, tally.accepted_valid, tally.valid, tally.accepted, tally.emitted, tally.loaded, tally.lacking, tally.failures);
  return tally.failures == 0 ? 0 : 1;
}

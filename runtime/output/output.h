// The interface of an output format. One file in runtime/output/ implements one. Output gets decoded values and decides on text only.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ast/debug_info.h"
#include "runtime/output/message.h"
#include "runtime/plan.h"
#include "runtime/value.h"

namespace fathom {

// Names for addresses; runtime/symbols implements it.
class SymbolSource {
 public:
  virtual ~SymbolSource() = default;
  struct Name {
    std::string symbol;        // empty where unknown
    std::uint64_t offset = 0;  // from the symbol's start, bytes
    std::string module;        // the file that a user address is in; empty where unknown
  };
  virtual Name name_of(std::uint64_t address, SymbolSpace space, std::uint32_t process) = 0;
  // The lines that the code at an address was made from: of inlined calls the innermost first, of the function itself last. Empty where nobody
  // knows, or where the script does not want them (show_debug_info).
  virtual std::vector<SourceLine> source_of(std::uint64_t, SymbolSpace, std::uint32_t) { return {}; }
  // Takes note of what a process has mapped, before it ends.
  virtual void remember(std::uint32_t) {}
  // A file of the process lies at its own addresses plus `base`: for processes that ended before they could be looked at.
  virtual void loaded_at(std::uint32_t, const std::string& /*file*/, std::uint64_t /*base*/) {}
};

// What a piece of finished text is.
enum class TextKind : std::uint8_t {
  printf,
  time,
  cat,     // a file's content
  join,    // a line without its line break
  system,  // what a command printed
  printk,  // a line without its line break
};

// What came of a test probe, and what a bench probe costs.
struct TestResult {
  std::string name;
  bool passed = true;
  std::uint64_t nanoseconds = 0;
};
struct BenchResult {
  std::string name;
  std::uint64_t average = 0;  // ns of one run
  std::uint64_t runs = 0;
};

class Output {
 public:
  virtual ~Output() = default;

  virtual void text(TextKind kind, std::string_view text) = 0;
  // print(value)
  virtual void value(const Value& value) = 0;
  // print(@map, top, divisor) and the maps at exit. top 0: all; divisor 0: none.
  virtual void map(const MapContents& map, std::uint64_t top, std::uint64_t divisor) = 0;
  // errorf(), warnf(), and what went wrong in a probe.
  virtual void message(const Message& message) = 0;
  // Everything is attached; `probes` counts BEGIN and END too.
  virtual void attached(std::size_t probes) = 0;
  // So many more events were lost.
  virtual void lost(std::uint64_t events) = 0;
  // --test: before the first, around each, and behind the last.
  virtual void tests_begin(std::size_t count) = 0;
  virtual void test_begins(std::string_view name) = 0;
  virtual void test_ends(const TestResult& result) = 0;
  virtual void tests_end(std::span<const TestResult> results) = 0;
  // --bench: all results.
  virtual void benchmarks(std::span<const BenchResult> results) = 0;
  // Before the maps are shown at exit.
  virtual void end_of_run() = 0;
  virtual void flush() = 0;
  // The errno of the first write that failed (the reader is gone, or the disk is full), or 0.
  virtual int error() const = 0;
};

// An output format that -f can name. `file` stays open and belongs to the caller, who also chooses by setvbuf() when it is written out:
// line by line, when the buffer is full, or at once. Only flush() flushes.
struct OutputFormat {
  std::string_view name;
  std::unique_ptr<Output> (*make)(std::FILE* file, SymbolSource& symbols, const Settings& settings);
};

std::unique_ptr<Output> make_text_output(std::FILE* file, SymbolSource& symbols, const Settings& settings);
std::unique_ptr<Output> make_json_output(std::FILE* file, SymbolSource& symbols, const Settings& settings);

// All formats, the default first.
std::span<const OutputFormat> output_formats();
const OutputFormat* find_output_format(std::string_view name);

}  // namespace fathom

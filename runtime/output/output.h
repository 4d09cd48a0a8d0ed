// The interface of an output format. One file in runtime/output/ implements one. Output gets decoded values and decides on text only.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  // Takes note of what a process has mapped, before it ends.
  virtual void remember(std::uint32_t) {}
  // A file of the process lies at its own addresses plus `base`: for processes that ended before they could be looked at.
  virtual void loaded_at(std::uint32_t, const std::string& /*file*/, std::uint64_t /*base*/) {}
};

class Output {
 public:
  virtual ~Output() = default;

  // printf(): `text` is the format, `arguments` in the order of its conversions (`*` widths included).
  virtual void formatted(std::string_view format, std::span<const Value> arguments) = 0;
  // print(value)
  virtual void value(const Value& value) = 0;
  // time(): strftime text of now.
  virtual void time(std::string_view format) = 0;
  // print(@map, top, divisor) and the maps at exit. top 0: all; divisor 0: none.
  virtual void map(const MapContents& map, std::uint64_t top, std::uint64_t divisor) = 0;
  // A line of the script's printk(), without line break.
  virtual void printk(std::string_view line) = 0;
  // Before the maps are shown at exit.
  virtual void end_of_run() = 0;
  virtual void flush() = 0;
  // The errno of the first write that failed (the reader is gone, or the disk is full), or 0.
  virtual int error() const = 0;
};

// The text format. `file` stays open and belongs to the caller, who also chooses by setvbuf() when it is written out: line by line, when
// the buffer is full, or at once. Only flush() flushes.
std::unique_ptr<Output> make_text_output(std::FILE* file, SymbolSource& symbols, const Settings& settings);

// printf's text: C semantics for the values of the language.
std::string format_text(std::string_view format, std::span<const Value> arguments, SymbolSource& symbols, const Settings& settings);

}  // namespace fathom

// The interface of builtin functions and variables. A builtin is one row in codegen/builtins/<family>.cpp: prototype, doc, check, lower.
// check resolves every call and bare name against these rows; nothing else knows a builtin's name.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ast/diagnostics.h"
#include "ast/nodes.h"
#include "ast/probe_type.h"
#include "ast/settings.h"
#include "ast/types.h"

namespace fathom {

namespace codegen {
class CallLowering;  // codegen/call_lowering.h
}

// Where a builtin may be written.
enum class Form : std::uint8_t {
  function,     // only with parentheses: exit()
  variable,     // with or without: pid, pid()
  aggregation,  // only as the value of a map or alone as a statement: count()
};

class CallCheck;
struct CheckedMap;  // ast/check.h

struct Builtin {
  // "uint32 pid", "string str(pointer|int|string value, [int length])", "none printf(text format, ...)"; see ast/prototype.h.
  std::string_view prototype;
  // One sentence for the manual.
  std::string_view doc;
  Form form = Form::function;
  // Meaning beyond the prototype: result type, relations between arguments. Null where the prototype says all.
  void (*check)(CallCheck& call) = nullptr;
  void (*lower)(codegen::CallLowering& call) = nullptr;
  // Aggregations: which one.
  std::optional<Aggregation> aggregation = std::nullopt;
  // Whether it reads what differs from attach point to attach point: args, argN, retval.
  bool reads_context = false;
  bool gives_fields = false;  // only the fields named behind it are read: args.NAME
  // Whether it has to know which of several attach points fired.
  bool reads_cookie = false;
  // Whether it can build its result right where it is wanted, in a record of the ring.
  bool writes_in_place = false;
  // Whether it reads a named option of the script.
  bool reads_option = false;
  // Whether it writes records to the data ring.
  bool writes_records = false;
  // Whether, in a program that stays behind as a file, it writes to whoever reads that file.
  bool writes_files = false;
  // Whether it can change what the traced machine does: only with --unsafe.
  bool unsafe = false;
  // What the kernel must have for it, and what serves where it has not.
  std::optional<Feature> needs = std::nullopt;
  std::string_view instead = {};
  // The setting that says whether it may be used although it may still change.
  Stability Settings::*unstable = nullptr;
};

// The builtin families, in the order of the manual.
struct BuiltinFamily {
  std::string_view title;
  std::span<const Builtin> rows;
};
using BuiltinFamilies = std::span<const BuiltinFamily>;

// What is known about one expression of one checked probe.
struct Facts {
  Type type;
  const Builtin* builtin = nullptr;       // calls and names that are builtins
  std::optional<std::int64_t> constant;   // the value, where it is known now
  std::optional<std::string> text;        // the string, where it is known now
  std::uint32_t index = 0;                // map, scratch variable, context field or tuple element: its number
  std::optional<StructMember> member;     // struct member that a Member expression reads; the offset is from the base struct
  bool map_reference = false;             // a map named for itself, not for its value: print(@x), len(@x)
  bool no_value = false;                  // a call that yields nothing: printf()
  bool is_signed = false;                 // comparisons, division, right shift: done on signed numbers
  bool is_object = false;                 // the verifier knows it as this object of the kernel, or as a pointer to it
  const ast::Expression* source = nullptr;  // of a variable that is such an object: what gives it its only value
  std::vector<Facts> parts;               // of a tuple whose parts are known now
  std::vector<std::uint64_t> addresses;   // of symbols that the builtin needs
};

// What a row's check function can ask and say about its call.
class CallCheck {
 public:
  virtual ~CallCheck() = default;

  virtual const Builtin& builtin() const = 0;
  virtual std::string_view name() const = 0;  // as written: "arg3" for the row `argN`
  virtual Range range() const = 0;
  virtual std::size_t count() const = 0;  // arguments given
  virtual const ast::Expression& argument(std::size_t index) const = 0;
  virtual const Facts& facts(std::size_t index) const = 0;
  // The facts of the call itself, to be filled in; `type` starts as the prototype's result.
  virtual Facts& result() = 0;
  virtual const Context& context() const = 0;
  virtual const ProbeType& probe_type() const = 0;
  virtual std::span<const AttachPoint> attach_points() const = 0;
  virtual const Target& target() const = 0;
  virtual const Settings& settings() const = 0;
  virtual Diagnostics& diagnostics() = 0;
  // False while types may still be unknown (none): only then-certain mistakes are to be reported.
  virtual bool final() const = 0;
  // The map that an argument names, or null.
  virtual const CheckedMap* map(std::size_t index) const = 0;
  // The argument `key` is used as a key of the map that the argument `map` names.
  virtual void use_as_key(std::size_t map, std::size_t key) = 0;
  // The scratch variable that an argument names gets values of this type.
  virtual void assign(std::size_t variable, const Type& type) = 0;
  // Whether the call stands in a branch that is never taken.
  virtual bool is_unreachable() const = 0;

  const Type& type(std::size_t index) const { return facts(index).type; }
};

// The row with this name, or null. Names are the identifiers in the prototypes; `argN` there stands for arg0, arg1, ….
const Builtin* find_builtin(BuiltinFamilies families, std::string_view name);
std::vector<std::string> builtin_names(BuiltinFamilies families);

}  // namespace fathom

// A value as text: what print() and %s show, and the parts that maps are printed from.
#pragma once

#include <string>
#include <string_view>

#include "ast/settings.h"
#include "runtime/output/output.h"
#include "runtime/value.h"

namespace fathom {

class ValueText {
 public:
  // Both must outlive it.
  ValueText(SymbolSource& symbols, const Settings& settings) : symbols_(symbols), settings_(settings) {}

  void append(std::string& text, const Value& value) const;
  // The key between the brackets of `@x[…]`: a list or a tuple without its outer parentheses.
  void append_key(std::string& text, const Value& key) const;
  // One part of such a key.
  void append_in_key(std::string& text, const Value& part) const;

  const TextForm& form() const { return settings_.text_form; }

 private:
  struct Append;
  void append_list(std::string& text, const std::vector<Value>& values, std::string_view separator, bool in_key = false) const;
  void append_stack(std::string& text, const StackFrames& stack, bool in_key) const;

  SymbolSource& symbols_;
  const Settings& settings_;
};

// Forms of a buffer's text: %r, %rx, %rh.
enum class BufferForm : std::uint8_t { readable, escaped, hexadecimal };

void append_buffer(std::string& text, std::string_view bytes, BufferForm form);

}  // namespace fathom

// Writes the manual: copies fathom.1.in and puts, in place of a line `.\" @functions@` or `.\" @probes@`, what the tables of builtins and
// of probe types say. So a row's doc is written once and the manual can not fall behind. Usage: generate_manual INPUT OUTPUT.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "ast/builtin.h"
#include "ast/probe_type.h"
#include "codegen/builtins/list.h"
#include "runtime/probes/attach.h"

namespace fathom {
namespace {

// Text that roff shows as it is: no escapes, no control line, no argument that ends early.
std::string escape(std::string_view text) {
  std::string result;
  if (text.starts_with('.') || text.starts_with('\'')) result = "\\&";
  for (const char character : text) {
    if (character == '\\') {
      result += "\\e";
    } else if (character == '"') {
      result += "\\(dq";
    } else if (character == '-') {
      result += "\\-";
    } else {
      result += character;
    }
  }
  return result;
}

// mdoc wants every sentence on a line of its own.
std::string sentences(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t stop = text.find(". ");
    const std::size_t end = stop == std::string_view::npos ? text.size() : stop + 1;
    result += escape(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return result;
}

// "pointer|string value, [int length]" -> the arguments of .Fn, each in quotes.
std::string quoted_parameters(std::string_view list) {
  std::string result;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view parameter = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    while (parameter.starts_with(' ')) parameter.remove_prefix(1);
    result += fmt::format(" \"{}\"", escape(parameter));
  }
  return result;
}

std::string entry(const Builtin& row) {
  const std::string_view prototype = row.prototype;
  const std::size_t open = prototype.find('(');
  const std::string_view head = prototype.substr(0, open);
  const std::size_t space = head.rfind(' ');
  const std::string_view name = head.substr(space + 1);
  std::string item = fmt::format(".It Xo\n.Vt {}\n", escape(head.substr(0, space)));
  if (row.form == Form::variable && open == std::string_view::npos) {
    item += fmt::format(".Va {}\n", escape(name));
  } else {
    const std::size_t close = prototype.rfind(')');
    const std::string_view parameters = open == std::string_view::npos ? "" : prototype.substr(open + 1, close - open - 1);
    item += fmt::format(".Fn {}{}\n", escape(name), quoted_parameters(parameters));
  }
  return item + ".Xc\n" + sentences(row.doc);
}

std::string functions() {
  std::string result;
  for (const BuiltinFamily& family : codegen::builtin_families()) {
    result += fmt::format(".Ss {}\n.Bl -tag -width Ds\n", escape(family.title));
    for (const Builtin& row : family.rows) result += entry(row);
    result += ".El\n";
  }
  return result;
}

std::string probes() {
  std::string result = ".Bl -tag -width Ds\n";
  for (const ProbeType* type : all_probe_types()) {
    result += fmt::format(".It Li \"{}\"\n{}", escape(type->syntax), sentences(type->doc));
    std::string aliases;
    for (const std::string_view alias : type->aliases) aliases += fmt::format("{}.Ic {}", aliases.empty() ? "" : " ,\n", escape(alias));
    if (!aliases.empty()) result += fmt::format("Also written\n{} .\n", aliases);
  }
  return result + ".El\n";
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 3) {
    std::cerr << "usage: generate_manual INPUT OUTPUT\n";
    return 2;
  }
  std::ifstream input(arguments[1]);
  std::ofstream output(arguments[2]);
  for (std::string line; std::getline(input, line);) {
    if (line == ".\\\" @functions@") {
      output << functions();
    } else if (line == ".\\\" @probes@") {
      output << probes();
    } else {
      output << line << '\n';
    }
  }
  output.close();
  return input.eof() && output ? 0 : 1;
}

}  // namespace
}  // namespace fathom

int main(int count, char** arguments) { return fathom::run({arguments, arguments + count}); }

// Lines, functions and types. Units are parsed when they are first asked for, so that a question about one function costs the look at one.
#include "codegen/debug_info.h"

#include <llvm/DebugInfo/DIContext.h>
#include <llvm/DebugInfo/DWARF/DWARFCompileUnit.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/DebugInfo/DWARF/DWARFDie.h>
#include <llvm/DebugInfo/DWARF/DWARFUnit.h>
#include <llvm/Demangle/Demangle.h>
#include <llvm/Object/ObjectFile.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

namespace fathom::codegen {

namespace {

constexpr int deepest = 8;  // of types within types; a pointer's struct is described, the structs that it points to by name
constexpr std::uint32_t word = 8;

using llvm::DWARFDie;
namespace dwarf = llvm::dwarf;

// What typedefs and qualifiers stand for.
DWARFDie resolved(DWARFDie type) {
  for (int depth = 0; type.isValid() && depth < 64; ++depth) {
    switch (std::uint16_t{type.getTag()}) {
      case dwarf::DW_TAG_typedef:
      case dwarf::DW_TAG_const_type:
      case dwarf::DW_TAG_volatile_type:
      case dwarf::DW_TAG_restrict_type:
      case dwarf::DW_TAG_atomic_type: type = type.getAttributeValueAsReferencedDie(dwarf::DW_AT_type); break;
      default: return type;  // the tags are LLVM's enumeration, not ours
    }
  }
  return type;
}

std::string name_of(const DWARFDie& die) {
  const char* name = die.getName(llvm::DINameKind::ShortName);
  return name == nullptr ? "" : name;
}

std::uint64_t number_of(const DWARFDie& die, dwarf::Attribute attribute) { return dwarf::toUnsigned(die.find(attribute), 0); }

Type convert(const DWARFDie& given, int depth);

Type convert_base(const DWARFDie& type) {
  const auto size = static_cast<std::uint32_t>(number_of(type, dwarf::DW_AT_byte_size));
  switch (number_of(type, dwarf::DW_AT_encoding)) {
    case dwarf::DW_ATE_boolean: return size == 1 ? Type::boolean() : Type::integer(size, false);
    case dwarf::DW_ATE_signed:
    case dwarf::DW_ATE_signed_char: return size <= word ? Type::integer(size, true) : Type::buffer(size);
    case dwarf::DW_ATE_unsigned:
    case dwarf::DW_ATE_unsigned_char:
    case dwarf::DW_ATE_UTF: return size <= word ? Type::integer(size, false) : Type::buffer(size);
    default: return Type::none();  // floating point, which BPF does not calculate with
  }
}

std::shared_ptr<const StructLayout> layout_of(const DWARFDie& structure, int depth) {
  auto layout = std::make_shared<StructLayout>();
  for (const DWARFDie& child : structure.children()) {
    if (child.getTag() != dwarf::DW_TAG_member && child.getTag() != dwarf::DW_TAG_inheritance) continue;
    const auto location = child.find(dwarf::DW_AT_data_member_location);
    if (!location && child.find(dwarf::DW_AT_external)) continue;  // static
    StructMember member;
    member.name = child.getTag() == dwarf::DW_TAG_member ? name_of(child) : "";
    member.type = convert(child.getAttributeValueAsReferencedDie(dwarf::DW_AT_type), depth + 1);
    member.offset = static_cast<std::uint32_t>(dwarf::toUnsigned(location, 0));
    member.bit_size = static_cast<std::uint32_t>(number_of(child, dwarf::DW_AT_bit_size));
    if (const auto bits = child.find(dwarf::DW_AT_data_bit_offset)) {
      const auto first = static_cast<std::uint32_t>(dwarf::toUnsigned(bits, 0));
      const std::uint32_t unit = std::max(member.type.size(), 1u) * 8;
      member.offset = first / unit * unit / 8;
      member.bit_offset = first % unit;
    }
    if (!member.type.is_none()) layout->members.push_back(std::move(member));
  }
  return layout;
}

Type convert_structure(const DWARFDie& type, int depth) {
  const bool is_union = type.getTag() == dwarf::DW_TAG_union_type;
  const auto size = static_cast<std::uint32_t>(number_of(type, dwarf::DW_AT_byte_size));
  const bool is_declaration = type.find(dwarf::DW_AT_declaration).has_value();
  return Type::structure(name_of(type), is_union, size, 0, is_declaration || depth > deepest ? nullptr : layout_of(type, depth));
}

Type convert_enumeration(const DWARFDie& type) {
  auto names = std::make_shared<std::vector<std::pair<std::int64_t, std::string>>>();
  bool is_signed = false;
  for (const DWARFDie& child : type.children()) {
    if (child.getTag() != dwarf::DW_TAG_enumerator) continue;
    const auto value = child.find(dwarf::DW_AT_const_value);
    std::int64_t number = static_cast<std::int64_t>(dwarf::toUnsigned(value, 0));
    if (const auto as_signed = dwarf::toSigned(value)) number = *as_signed;
    is_signed = is_signed || number < 0;
    names->emplace_back(number, name_of(child));
  }
  const auto size = static_cast<std::uint32_t>(number_of(type, dwarf::DW_AT_byte_size));
  return Type::enumeration(name_of(type), Type::integer(size == 0 ? 4 : size, is_signed), std::move(names));
}

Type convert_array(const DWARFDie& type, int depth) {
  Type element = convert(type.getAttributeValueAsReferencedDie(dwarf::DW_AT_type), depth + 1);
  if (element.is_none()) return element;
  std::vector<std::uint32_t> counts;
  for (const DWARFDie& child : type.children()) {
    if (child.getTag() != dwarf::DW_TAG_subrange_type) continue;
    if (const auto count = child.find(dwarf::DW_AT_count)) {
      counts.push_back(static_cast<std::uint32_t>(dwarf::toUnsigned(count, 0)));
    } else if (const auto bound = child.find(dwarf::DW_AT_upper_bound)) {
      counts.push_back(static_cast<std::uint32_t>(dwarf::toUnsigned(bound, 0)) + 1);
    } else {
      counts.push_back(0);
    }
  }
  const bool is_text = counts.size() == 1 && counts[0] > 0 && element.is_integer() && element.size() == 1 && element.is_signed();
  if (is_text) return Type::string(counts[0]);
  for (auto count = counts.rbegin(); count != counts.rend(); ++count) element = Type::array(std::move(element), *count);
  return element;
}

Type convert(const DWARFDie& given, int depth) {
  const DWARFDie type = resolved(given);
  if (!type.isValid()) return Type::none();  // void
  switch (std::uint16_t{type.getTag()}) {
    case dwarf::DW_TAG_base_type: return convert_base(type);
    case dwarf::DW_TAG_enumeration_type: return convert_enumeration(type);
    case dwarf::DW_TAG_structure_type:
    case dwarf::DW_TAG_class_type:
    case dwarf::DW_TAG_union_type: return convert_structure(type, depth);
    case dwarf::DW_TAG_array_type: return convert_array(type, depth);
    case dwarf::DW_TAG_pointer_type:
    case dwarf::DW_TAG_reference_type:
    case dwarf::DW_TAG_rvalue_reference_type:
      return Type::pointer(depth > deepest ? Type::none() : convert(type.getAttributeValueAsReferencedDie(dwarf::DW_AT_type), depth + deepest / 2), AddressSpace::user);
    default: return Type::none();
  }
}

// Whether the calling convention passes it in a general register.
bool in_integer_register(const DWARFDie& given) {
  const DWARFDie type = resolved(given);
  if (!type.isValid()) return false;
  switch (std::uint16_t{type.getTag()}) {
    case dwarf::DW_TAG_enumeration_type:
    case dwarf::DW_TAG_pointer_type:
    case dwarf::DW_TAG_reference_type:
    case dwarf::DW_TAG_rvalue_reference_type: return true;
    case dwarf::DW_TAG_base_type: return number_of(type, dwarf::DW_AT_encoding) != dwarf::DW_ATE_float && number_of(type, dwarf::DW_AT_byte_size) <= word;
    default: return false;
  }
}

// The last part of `path` that is as long as `wanted`, from a slash on.
bool ends_path(std::string_view path, std::string_view wanted) {
  if (!path.ends_with(wanted)) return false;
  return path.size() == wanted.size() || wanted.starts_with('/') || path[path.size() - wanted.size() - 1] == '/';
}

class Dwarf : public DebugInfo {
 public:
  explicit Dwarf(llvm::object::OwningBinary<llvm::object::ObjectFile> file)
      : file_(std::move(file)), context_(llvm::DWARFContext::create(*file_.getBinary(), llvm::DWARFContext::ProcessDebugRelocations::Process, nullptr, "", ignore, ignore)) {}

  std::vector<std::uint64_t> places_of(std::string_view file, std::uint32_t line, std::uint32_t column) const override {
    // The first address of each copy of the line: its code may be in several pieces, and functions are inlined where they are called.
    std::map<std::uint64_t, std::uint64_t> first;  // by the offset of the function or inlined call that holds it
    each_row(file, [&](llvm::DWARFUnit& unit, const llvm::DWARFDebugLine::Row& row) {
      if (row.Line != line || !row.IsStmt || row.EndSequence || (column != 0 && row.Column != column)) return;
      llvm::SmallVector<DWARFDie, 4> chain;
      unit.getInlinedChainForAddress(row.Address.Address, chain);
      if (chain.empty()) return;
      const auto [place, is_new] = first.try_emplace(chain.front().getOffset(), row.Address.Address);
      if (!is_new) place->second = std::min(place->second, row.Address.Address);
    });
    std::set<std::uint64_t> sorted;
    for (const auto& [die, address] : first) sorted.insert(address);
    return {sorted.begin(), sorted.end()};
  }

  bool has_file(std::string_view file) const override { return !lines_of(file).empty(); }

  std::vector<std::uint32_t> lines_of(std::string_view file) const override {
    std::set<std::uint32_t> lines;
    each_row(file, [&](llvm::DWARFUnit&, const llvm::DWARFDebugLine::Row& row) {
      if (row.IsStmt && !row.EndSequence && row.Line != 0) lines.insert(row.Line);
    });
    return {lines.begin(), lines.end()};
  }

  std::optional<DebugFunction> function_at(std::uint64_t address) const override {
    llvm::DWARFCompileUnit* unit = unit_at(address);
    DWARFDie die = unit == nullptr ? DWARFDie() : unit->getSubroutineForAddress(address);
    while (die.isValid() && die.getTag() != dwarf::DW_TAG_subprogram) die = die.getParent();
    if (!die.isValid()) return std::nullopt;
    DebugFunction function;
    if (const char* name = die.getName(llvm::DINameKind::ShortName)) function.name = name;
    // A copy of a function refers to the original for its parameters' names and types.
    for (const DWARFDie& child : die.children()) {
      if (child.getTag() != dwarf::DW_TAG_formal_parameter) continue;
      const DWARFDie origin = child.getAttributeValueAsReferencedDie(dwarf::DW_AT_abstract_origin);
      const DWARFDie& described = origin.isValid() ? origin : child;
      const DWARFDie type = described.getAttributeValueAsReferencedDie(dwarf::DW_AT_type);
      function.parameters.push_back({name_of(described), convert(type, 0), in_integer_register(type)});
    }
    function.result = convert(die.getAttributeValueAsReferencedDie(dwarf::DW_AT_type), 0);
    return function;
  }

  std::vector<SourceLine> source_of(std::uint64_t address) const override {
    if (unit_at(address) == nullptr) return {};
    const llvm::DILineInfoSpecifier wanted(llvm::DILineInfoSpecifier::FileLineInfoKind::AbsoluteFilePath, llvm::DINameKind::LinkageName);
    const llvm::DIInliningInfo calls = context_->getInliningInfoForAddress({address, llvm::object::SectionedAddress::UndefSection}, wanted);
    std::vector<SourceLine> places;
    for (std::uint32_t i = 0; i < calls.getNumberOfFrames(); ++i) {
      const llvm::DILineInfo& call = calls.getFrame(i);
      if (call.Line == 0 || call.FileName == llvm::DILineInfo::BadString) continue;
      places.push_back({call.FunctionName == llvm::DILineInfo::BadString ? "" : call.FunctionName, call.FileName, call.Line});
    }
    return places;
  }

 private:
  static void ignore(llvm::Error error) { llvm::consumeError(std::move(error)); }  // what is damaged is left out

  // The unit with the code at this address; null where there is none, or its description is damaged, which LLVM would not notice.
  llvm::DWARFCompileUnit* unit_at(std::uint64_t address) const {
    llvm::DWARFCompileUnit* unit = context_->getCompileUnitForCodeAddress(address);
    return unit != nullptr && unit->getUnitDIE(false).isValid() ? unit : nullptr;
  }

  template <class Visit>
  void each_row(std::string_view wanted, Visit visit) const {
    for (const auto& unit : context_->compile_units()) {
      const auto* table = context_->getLineTableForUnit(unit.get());
      if (table == nullptr) continue;
      std::map<std::uint64_t, bool> files;
      for (const auto& row : table->Rows) {
        const auto [known, is_new] = files.try_emplace(row.File, false);
        if (is_new) {
          std::string path;
          const char* folder = unit->getCompilationDir();
          table->getFileNameByIndex(row.File, folder == nullptr ? "" : folder, llvm::DILineInfoSpecifier::FileLineInfoKind::AbsoluteFilePath, path);
          known->second = ends_path(path, wanted);
        }
        if (known->second) visit(*unit, row);
      }
    }
  }

  llvm::object::OwningBinary<llvm::object::ObjectFile> file_;
  std::unique_ptr<llvm::DWARFContext> context_;
};

}  // namespace

std::shared_ptr<const DebugInfo> read_debug_info(const std::string& path) {
  auto file = llvm::object::ObjectFile::createObjectFile(path);
  if (!file) {
    llvm::consumeError(file.takeError());
    return nullptr;
  }
  return std::make_shared<Dwarf>(std::move(*file));
}

std::string rust_name(const std::string& name) {
  const std::unique_ptr<char, decltype(&std::free)> text(name.starts_with("_R") ? llvm::rustDemangle(name) : nullptr, std::free);
  return text ? std::string(text.get()) : std::string();
}

}  // namespace fathom::codegen

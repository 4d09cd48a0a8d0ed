// LLVM runs the call frame instructions (DWARF 5, section 6.4; the System V ABI for x86-64 says what is different in .eh_frame); here their
// result becomes rows. What a row can not say is marked as unknown: the registers that compilers and assemblers use to find frames are there.
#include "codegen/unwind_table.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/DebugInfo/DWARF/DWARFDebugFrame.h>
#include <llvm/Object/ObjectFile.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

namespace fathom::codegen {

namespace {

namespace dwarf = llvm::dwarf;
using layout::UnwindRow;

constexpr std::uint32_t frame_register = 6, stack_register = 7;  // DWARF numbers of x86-64
// Words of struct pt_regs by DWARF number: rax rdx rcx rbx rsi rdi rbp rsp r8 … r15 rip.
constexpr std::uint8_t saved_words[] = {10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16};

constexpr UnwindRow unknown_at(std::uint32_t address) {
  return {.address = address, .cfa = 0, .return_at = 0, .frame_at = 0, .base = layout::unwind_unknown, .flags = 0, .stub_pushes = 0};
}

bool same_rule(const UnwindRow& left, const UnwindRow& right) {
  return left.cfa == right.cfa && left.return_at == right.return_at && left.frame_at == right.frame_at && left.base == right.base && left.flags == right.flags &&
         left.stub_pushes == right.stub_pushes;
}

// The operations of an expression with their first operands.
struct Operation {
  std::uint8_t code;
  std::int64_t operand;
};
std::vector<Operation> operations_of(const llvm::DWARFExpression& expression) {
  std::vector<Operation> operations;
  for (const auto& operation : expression) {
    if (operation.isError()) return {};
    operations.push_back({operation.getCode(), operation.getNumOperands() > 0 ? static_cast<std::int64_t>(operation.getRawOperand(0)) : 0});
  }
  return operations;
}

std::optional<std::uint32_t> register_of(const Operation& operation) {
  if (operation.code < dwarf::DW_OP_breg0 || operation.code >= dwarf::DW_OP_breg0 + std::size(saved_words)) return std::nullopt;
  return operation.code - dwarf::DW_OP_breg0;
}

// The two forms of expressions that are in use for the CFA: a word in memory, at a register plus an offset (frames of signals, functions that
// align their stack), and that of linkage tables, whose entries push a word behind their first instructions:
// sp + 8 + ((ip & 15) >= N) << 3.
bool expression_cfa(const llvm::DWARFExpression& expression, UnwindRow& row) {
  const std::vector<Operation> found = operations_of(expression);
  const auto base = found.empty() ? std::nullopt : register_of(found[0]);
  if (!base || found[0].operand != static_cast<std::int32_t>(found[0].operand)) return false;
  row.base = saved_words[*base];
  row.cfa = static_cast<std::int32_t>(found[0].operand);
  if (found.size() == 2 && found[1].code == dwarf::DW_OP_deref) {
    row.flags |= layout::unwind_follows;
    return true;
  }
  constexpr std::uint8_t ip = dwarf::DW_OP_breg16;
  const std::uint8_t stub[] = {0, ip, dwarf::DW_OP_lit15, dwarf::DW_OP_and, 0, dwarf::DW_OP_ge, dwarf::DW_OP_lit3, dwarf::DW_OP_shl, dwarf::DW_OP_plus};
  if (found.size() != std::size(stub)) return false;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (stub[i] != 0 && found[i].code != stub[i]) return false;
  }
  if (found[1].operand != 0 || found[4].code <= dwarf::DW_OP_lit0 || found[4].code > dwarf::DW_OP_lit15) return false;
  row.stub_pushes = static_cast<std::uint16_t>(found[4].code - dwarf::DW_OP_lit0);
  return true;
}

bool set_cfa(const dwarf::UnwindLocation& cfa, UnwindRow& row) {
  if (cfa.getLocation() == dwarf::UnwindLocation::DWARFExpr) return expression_cfa(*cfa.getDWARFExpressionBytes(), row);
  if (cfa.getLocation() != dwarf::UnwindLocation::RegPlusOffset || cfa.getRegister() >= std::size(saved_words)) return false;
  row.base = saved_words[cfa.getRegister()];
  row.cfa = cfa.getOffset();
  return true;
}

bool fits(std::int64_t offset) { return offset >= std::numeric_limits<std::int16_t>::min() && offset <= std::numeric_limits<std::int16_t>::max(); }

// Where a register of the caller is kept, in terms of what the row counts from.
std::optional<std::int16_t> kept_at(const dwarf::UnwindLocation& place, bool is_signal) {
  std::int64_t offset = 0;
  if (is_signal) {
    // "where the stack pointer is, plus": sp does not change within such a frame.
    const auto expression = place.getDWARFExpressionBytes();
    if (!expression || place != dwarf::UnwindLocation::createAtDWARFExpression(*expression)) return std::nullopt;
    const std::vector<Operation> found = operations_of(*expression);
    if (found.size() != 1 || register_of(found[0]) != stack_register) return std::nullopt;
    offset = found[0].operand;
  } else {
    offset = place.getOffset();
    if (place.getLocation() != dwarf::UnwindLocation::CFAPlusOffset || place != dwarf::UnwindLocation::createAtCFAPlusOffset(place.getOffset())) return std::nullopt;
  }
  return fits(offset) ? std::optional(static_cast<std::int16_t>(offset)) : std::nullopt;
}

UnwindRow convert(const dwarf::UnwindRow& given, std::uint32_t address, std::uint32_t return_register, bool is_signal) {
  UnwindRow row{};
  row.address = address;
  row.flags = is_signal ? layout::unwind_signal : 0;
  if (!set_cfa(given.getCFAValue(), row)) return unknown_at(address);
  const auto back = given.getRegisterLocations().getRegisterLocation(return_register);
  if (back && back->getLocation() == dwarf::UnwindLocation::Undefined) {
    row.flags |= layout::unwind_outermost;
    return row;
  }
  const auto return_at = back ? kept_at(*back, is_signal) : std::nullopt;
  if (!return_at) return unknown_at(address);
  row.return_at = *return_at;
  const auto frame = given.getRegisterLocations().getRegisterLocation(frame_register);
  if (!frame || frame->getLocation() == dwarf::UnwindLocation::Same || frame->getLocation() == dwarf::UnwindLocation::Unspecified) return row;
  // One that is nowhere is not missed before a function further out counts from it.
  if (const auto frame_at = kept_at(*frame, is_signal)) {
    row.flags |= layout::unwind_saves_frame;
    row.frame_at = *frame_at;
  }
  return row;
}

struct Function {
  std::uint32_t begin;
  std::uint32_t end;
  std::vector<UnwindRow> rows;
};

std::vector<Function> functions_of(const llvm::DWARFDebugFrame& frames, std::uint64_t base) {
  std::vector<Function> functions;
  for (const dwarf::FrameEntry& entry : frames.entries()) {
    const auto* described = llvm::dyn_cast<dwarf::FDE>(&entry);
    const dwarf::CIE* common = described == nullptr ? nullptr : described->getLinkedCIE();
    if (common == nullptr || described->getInitialLocation() < base || described->getAddressRange() == 0) continue;
    const std::uint64_t begin = described->getInitialLocation() - base;
    if (begin + described->getAddressRange() > std::numeric_limits<std::uint32_t>::max()) continue;
    auto rows = dwarf::UnwindTable::create(described);
    if (!rows) {
      llvm::consumeError(rows.takeError());
      continue;
    }
    Function& function = functions.emplace_back(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + described->getAddressRange()));
    const bool is_signal = common->getAugmentationString().contains('S');
    for (const dwarf::UnwindRow& row : *rows) {
      if (!row.hasAddress() || row.getAddress() < base + function.begin || row.getAddress() >= base + function.end) continue;
      function.rows.push_back(convert(row, static_cast<std::uint32_t>(row.getAddress() - base), static_cast<std::uint32_t>(common->getReturnAddressRegister()), is_signal));
    }
  }
  std::ranges::sort(functions, {}, &Function::begin);
  return functions;
}

UnwindRows rows_of(const std::vector<Function>& functions) {
  UnwindRows rows = {unknown_at(0)};
  auto add = [&](const UnwindRow& row) {
    if (rows.back().address == row.address) {
      rows.back() = row;
    } else if (!same_rule(rows.back(), row)) {
      rows.push_back(row);
    }
  };
  std::uint32_t end = 0;
  for (const Function& function : functions) {
    if (function.begin < end) continue;  // described twice
    if (function.begin > end) add(unknown_at(end));
    for (const UnwindRow& row : function.rows) add(row);
    end = function.end;
  }
  add(unknown_at(end));
  return rows;
}

}  // namespace

UnwindRows read_unwind_rows(const std::string& path, std::uint64_t base) {
  auto file = llvm::object::ObjectFile::createObjectFile(path);
  if (!file) {
    llvm::consumeError(file.takeError());
    return {};
  }
  if (file->getBinary()->getArch() != llvm::Triple::x86_64) return {};
  const auto ignore = [](llvm::Error error) { llvm::consumeError(std::move(error)); };  // what is damaged is left out
  const auto context = llvm::DWARFContext::create(*file->getBinary(), llvm::DWARFContext::ProcessDebugRelocations::Ignore, nullptr, "", ignore, ignore);
  auto frames = context->getEHFrame();
  if (!frames) {
    llvm::consumeError(frames.takeError());
    return {};
  }
  const std::vector<Function> functions = functions_of(**frames, base);
  UnwindRows rows = functions.empty() ? UnwindRows() : rows_of(functions);
  return rows.size() > std::size_t{1} << layout::unwind_search_steps ? UnwindRows() : rows;
}

}  // namespace fathom::codegen

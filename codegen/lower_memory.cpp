// Values larger than a register: reading them from kernel and user memory, copying, padding, comparing.
#include "ast/passes/typing.h"
#include "codegen/lowering.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace fathom::codegen {

namespace {

constexpr std::uint32_t word = 8;

Helper read_helper(AddressSpace space) { return space == AddressSpace::user ? Helper::probe_read_user : Helper::probe_read_kernel; }
Helper string_helper(AddressSpace space) { return space == AddressSpace::user ? Helper::probe_read_user_str : Helper::probe_read_kernel_str; }

// Characters without a NUL are read to one byte behind them, which the kernel replaces by the NUL.
std::uint64_t readable(const Type& string) { return string.size() + (string.may_lack_nul() ? 1 : 0); }

// Padding between or behind the elements.
// Which part of the tuple the part `index` of another one belongs to, whose parts have these names, if it is a record.
std::size_t part_for(const Type& tuple, const std::vector<std::string>& names, std::size_t index) {
  return index < names.size() ? tuple.part_named(names[index]).value_or(static_cast<std::uint32_t>(index)) : index;
}

bool has_gaps(const Type& tuple) {
  std::uint32_t used = 0;
  for (const Type& part : tuple.parts()) used += part.size();
  return used != tuple.size();
}

std::uint64_t bytes_at(std::string_view text, std::size_t offset, std::size_t size) {
  std::uint64_t value = 0;
  if (offset < text.size()) std::memcpy(&value, text.data() + offset, std::min(size, text.size() - offset));
  return value;
}

}  // namespace

void ProbeLowering::read(llvm::Value* to, llvm::Value* address, std::uint32_t size, AddressSpace space) {
  llvm::Value* result = bpf_.call(read_helper(space), {to, bpf_.getInt32(size), address});
  report_failed_read(result, space == AddressSpace::user ? "probe_read_user" : "probe_read_kernel");
}

void ProbeLowering::report_failed_read(llvm::Value* result, const char* helper) {
  if (!program_.checked().settings.helper_warnings) return;
  llvm::Value* failed = bpf_.CreateICmpSLT(bpf_.narrow(result, sizeof(std::uint32_t), true), bpf_.number(0));
  report_error_when(failed, RunTimeError::helper_failed, "", helper, result);
}

void ProbeLowering::read_string(const Destination& destination, llvm::Value* address, AddressSpace space, llvm::Value* length) {
  std::uint32_t capacity = destination.type.size();
  // Cleared as a whole beforehand: the verifier can not relate where the string ends to how much is left behind it.
  if (destination.padded) bpf_.clear(destination.memory, capacity);
  llvm::Value* size = bpf_.number(capacity);
  if (const auto* constant = length == nullptr ? nullptr : llvm::dyn_cast<llvm::ConstantInt>(length)) {
    size = bpf_.number(static_cast<std::uint64_t>(std::clamp<std::int64_t>(constant->getSExtValue(), 0, capacity)));
  } else if (length != nullptr) {
    size = bpf_.at_most(length, capacity);  // 0 or less reads nothing
  }
  llvm::Value* read = bpf_.call(string_helper(space), {destination.memory, size, address});
  report_failed_read(read, space == AddressSpace::user ? "probe_read_user_str" : "probe_read_kernel_str");
  // On a fault the kernel zeroes the buffer, but a length of 0 leaves it alone; the empty string is what scripts expect of both.
  if (!destination.padded) {
    bpf_.when(bpf_.CreateICmpSLT(read, bpf_.number(1)), [&] { bpf_.store(bpf_.number(0), destination.memory, 1); });
  }
}

void ProbeLowering::store_literal(std::string_view text, const Destination& destination) {
  std::uint32_t capacity = destination.type.size();
  std::string_view kept = text.substr(0, std::min<std::size_t>(text.size(), capacity - 1));
  auto needed = static_cast<std::uint32_t>(kept.size() + 1);
  std::uint32_t stored = destination.padded && capacity <= max_inline_clear ? capacity : needed;
  if (stored > max_inline_clear) {
    std::string padded(kept);
    padded.resize(needed);
    bpf_.copy(destination.memory, program_.object().bytes(padded), needed);
    stored = needed;
  } else {
    std::uint32_t offset = 0;
    for (std::uint32_t size : {8u, 4u, 2u, 1u}) {
      for (; offset + size <= stored; offset += size) {
        bpf_.store(bpf_.number(bytes_at(kept, offset, size)), bpf_.at(destination.memory, offset), size);
      }
    }
  }
  if (destination.padded && stored < capacity) bpf_.clear(bpf_.at(destination.memory, stored), capacity - stored, 1);
}

void ProbeLowering::store(const ast::Expression& expression, const Destination& destination) {
  const Facts& known = facts(expression);
  if (known.type.is(TypeKind::context)) {
    store_context(destination);
    return;
  }
  if (destination.type.is_string() && known.text && known.type.is_string()) {
    store_literal(*known.text, destination);
    return;
  }
  const auto* tuple = std::get_if<ast::Tuple>(&expression.kind);
  const auto* record = std::get_if<ast::Record>(&expression.kind);
  if ((tuple != nullptr || record != nullptr) && destination.type.is_tuple()) {
    const ast::Expressions& elements = tuple != nullptr ? tuple->elements : record->elements;
    if (destination.padded && has_gaps(destination.type)) bpf_.clear(destination.memory, destination.type.size());
    std::vector<std::uint32_t> offsets = tuple_offsets(destination.type.parts());
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const std::size_t part = record != nullptr ? part_for(destination.type, record->names, i) : i;
      store(*elements[i], {bpf_.at(destination.memory, offsets[part]), destination.type.parts()[part], destination.padded});
    }
    return;
  }
  store(lower(expression, &destination), destination);
}

void ProbeLowering::store(const Operand& operand, const Destination& destination) {
  if (operand.place == Operand::Place::nothing) return;
  if (operand.value == destination.memory) return;
  switch (operand.place) {
    case Operand::Place::nothing: return;
    case Operand::Place::scalar: bpf_.store(operand.value, destination.memory, destination.type.size()); return;
    case Operand::Place::remote:
      if (destination.type.is(TypeKind::buffer) && !(operand.type == destination.type)) {
        store_buffer(operand, destination);
        return;
      }
      if (destination.type.is_tuple() && operand.type.is_tuple() && !(operand.type == destination.type)) {
        store_tuple(operand, destination);
        return;
      }
      if (destination.type.is_string()) {
        read_string(destination, operand.value, operand.type.space(), bpf_.number(readable(operand.type)));
      } else {
        std::uint32_t size = std::min(operand.type.size(), destination.type.size());
        read(destination.memory, operand.value, size, operand.type.space());
        if (destination.padded && size < destination.type.size()) bpf_.clear(bpf_.at(destination.memory, size), destination.type.size() - size, 1);
      }
      return;
    case Operand::Place::memory: break;
  }
  if (destination.type.is_string()) {
    store_string(operand, destination);
  } else if (destination.type.is_tuple() && operand.type.is_tuple() && !(operand.type == destination.type)) {
    store_tuple(operand, destination);
  } else if (destination.type.is(TypeKind::buffer) && operand.type.is(TypeKind::buffer) && !(operand.type == destination.type)) {
    store_buffer(operand, destination);
  } else {
    std::uint32_t size = std::min(operand.type.size(), destination.type.size());
    bpf_.copy(destination.memory, operand.value, size, operand.alignment);
    if (size < destination.type.size()) bpf_.clear(bpf_.at(destination.memory, size), destination.type.size() - size, 1);
  }
}

// Strings in memory are padded to their own capacity, so that a copy between capacities only pads the difference.
void ProbeLowering::store_string(const Operand& operand, const Destination& destination) {
  if (!operand.padded) {  // a char array in a struct, with anything behind its NUL
    read_string(destination, bpf_.CreatePtrToInt(operand.value, bpf_.getInt64Ty()), AddressSpace::kernel, bpf_.number(readable(operand.type)));
    return;
  }
  std::uint32_t from = operand.type.size();
  std::uint32_t to = destination.type.size();
  if (from <= to) {
    bpf_.copy(destination.memory, operand.value, from, operand.alignment);
    if (destination.padded && from < to) bpf_.clear(bpf_.at(destination.memory, from), to - from, 1);
    if (from == 0) bpf_.store(bpf_.number(0), destination.memory, 1);
  } else {
    bpf_.copy(destination.memory, operand.value, to, operand.alignment);
    bpf_.store(bpf_.number(0), bpf_.at(destination.memory, to - 1), 1);
  }
}

// Into a counted buffer with room for more: a length is put in front where there is none, and what is not in use is zeroed.
void ProbeLowering::store_buffer(const Operand& operand, const Destination& destination) {
  std::uint32_t used = std::min(operand.type.buffer_capacity(), destination.type.buffer_capacity());
  if (destination.padded) bpf_.clear(destination.memory, destination.type.size());
  llvm::Value* content = bpf_.at(destination.memory, Type::length_size);
  if (operand.place == Operand::Place::remote) {
    bpf_.store(bpf_.number(used), destination.memory, Type::length_size);
    read(content, operand.value, used, operand.type.space());
  } else if (operand.type.is_counted()) {
    bpf_.copy(destination.memory, operand.value, Type::length_size + used, operand.alignment);
  } else {
    bpf_.store(bpf_.number(used), destination.memory, Type::length_size);
    // The content is not aligned to words there, so the kernel copies it.
    bpf_.call(Helper::probe_read_kernel, {content, bpf_.getInt32(used), operand.value});
  }
}

void ProbeLowering::store_tuple(const Operand& operand, const Destination& destination) {
  if (destination.padded && has_gaps(destination.type)) bpf_.clear(destination.memory, destination.type.size());
  std::vector<std::uint32_t> from = tuple_offsets(operand.type.parts());
  std::vector<std::uint32_t> to = tuple_offsets(destination.type.parts());
  for (std::size_t i = 0; i < operand.type.parts().size(); ++i) {
    const std::size_t part = part_for(destination.type, operand.type.names(), i);
    store(part_of(operand, from[i], operand.type.parts()[i]),
          {bpf_.at(destination.memory, to[part]), destination.type.parts()[part], destination.padded});
  }
}

// Each field of `args`, as members of a struct.
void ProbeLowering::store_context(const Destination& destination) {
  if (destination.padded) bpf_.clear(destination.memory, destination.type.size());
  if (!destination.type.layout()) return;
  for (const StructMember& member : destination.type.layout()->members) {
    for (const ContextField& field : probe_.context.fields) {
      if (field.name != member.name) continue;
      store(context_field(field), {bpf_.at(destination.memory, member.offset), member.type, destination.padded});
    }
  }
}

Operand ProbeLowering::part_of(const Operand& whole, std::uint32_t offset, const Type& type, const StructMember* bits) {
  if (whole.place == Operand::Place::remote) return at_address(bpf_.CreateAdd(whole.value, bpf_.number(offset)), type.with_space(whole.type.space()), bits);
  std::uint32_t alignment = offset == 0 ? whole.alignment : std::min(whole.alignment, 1u << std::countr_zero(offset));
  Operand part = from_memory(bpf_.at(whole.value, offset), type, alignment, bits);
  part.padded = whole.padded && !whole.type.is_structure();
  return part;
}

llvm::Value* ProbeLowering::in_memory(const ast::Expression& expression, const Type& type) {
  Destination destination{temporary(type.size()), type, true};
  store(expression, destination);
  return destination.memory;
}

llvm::Value* ProbeLowering::extract_bits(llvm::Value* value, const StructMember& member) {
  // Shifted to the top and back, so that the sign comes along.
  llvm::Value* top = bpf_.CreateShl(value, 64 - member.bit_offset - member.bit_size);
  return member.type.is_signed() ? bpf_.CreateAShr(top, 64 - member.bit_size) : bpf_.CreateLShr(top, 64 - member.bit_size);
}

Operand ProbeLowering::at_address(llvm::Value* address, const Type& type, const StructMember* bits) {
  if (!type.is_scalar()) return {Operand::Place::remote, address, type};
  if (read_word_ == nullptr) read_word_ = bpf_.word();
  std::uint32_t size = type.size();
  bool is_bitfield = bits != nullptr && bits->bit_size != 0;
  if (is_bitfield) {
    // Only the bytes that hold the bits, so that a read never leaves the struct.
    size = (bits->bit_offset + bits->bit_size + 7) / 8;
    bpf_.CreateStore(bpf_.number(0), read_word_);
  }
  read(read_word_, address, size, type.space());
  llvm::Value* value = bpf_.load(read_word_, is_bitfield ? word : size, !is_bitfield && type.is_signed());
  return {Operand::Place::scalar, is_bitfield ? extract_bits(value, *bits) : value, type};
}

Operand ProbeLowering::from_memory(llvm::Value* address, const Type& type, std::uint32_t alignment, const StructMember* bits) {
  if (!type.is_scalar()) return {Operand::Place::memory, address, type, alignment == 0 ? word : alignment};
  if (bits != nullptr && bits->bit_size != 0) {
    llvm::Value* value = bpf_.number(0);
    for (std::uint32_t i = 0; i < (bits->bit_offset + bits->bit_size + 7) / 8; ++i) {
      value = bpf_.CreateOr(value, bpf_.CreateShl(bpf_.load(bpf_.at(address, i), 1, false), 8 * i));
    }
    return {Operand::Place::scalar, extract_bits(value, *bits), type};
  }
  return {Operand::Place::scalar, bpf_.load(address, type.size(), type.is_signed(), std::min(alignment, type.size())), type};
}

// Compares the literal and its NUL with the string's first bytes, the longest pieces that are aligned at a time.
llvm::Value* ProbeLowering::equals_literal(const Operand& string, std::string_view text) {
  if (text.size() >= string.type.size()) return bpf_.getFalse();
  std::size_t length = text.size() + 1;
  llvm::Value* difference = bpf_.number(0);
  std::size_t offset = 0;
  for (std::uint32_t size : {8u, 4u, 2u, 1u}) {
    for (; offset + size <= length; offset += size) {
      std::uint32_t alignment = std::min(size, string.alignment);
      llvm::Value* piece = bpf_.load(bpf_.at(string.value, offset), size, false, alignment);
      difference = bpf_.CreateOr(difference, bpf_.CreateXor(piece, bpf_.number(bytes_at(text, offset, size))));
    }
  }
  return bpf_.CreateICmpEQ(difference, bpf_.number(0));
}

llvm::Value* ProbeLowering::equals_memory(llvm::Value* left, llvm::Value* right, std::uint32_t size) {
  llvm::AllocaInst* equal = bpf_.word();
  bpf_.CreateStore(bpf_.number(1), equal);
  auto compare = [&](llvm::Value* a, llvm::Value* b, std::uint32_t bytes, llvm::BasicBlock* end) {
    llvm::Value* differ = bpf_.CreateICmpNE(bpf_.load(a, bytes, false), bpf_.load(b, bytes, false));
    llvm::BasicBlock* stop = bpf_.block("differ");
    llvm::BasicBlock* more = bpf_.block("same");
    bpf_.CreateCondBr(differ, stop, more);
    bpf_.SetInsertPoint(stop);
    bpf_.CreateStore(bpf_.number(0), equal);
    bpf_.CreateBr(end);
    bpf_.SetInsertPoint(more);
  };
  llvm::BasicBlock* compared = bpf_.block("compared");
  std::uint32_t words = size / word;
  if (words > 0) {
    bpf_.repeat(words, [&](llvm::Value* index, llvm::BasicBlock*) {
      llvm::Value* offset = bpf_.CreateShl(index, 3);
      compare(bpf_.at(left, offset), bpf_.at(right, offset), word, compared);
    });
  }
  std::uint32_t offset = words * word;
  for (std::uint32_t bytes : {4u, 2u, 1u}) {
    for (; offset + bytes <= size; offset += bytes) compare(bpf_.at(left, offset), bpf_.at(right, offset), bytes, compared);
  }
  bpf_.CreateBr(compared);
  bpf_.SetInsertPoint(compared);
  return bpf_.to_bool(bpf_.CreateLoad(bpf_.getInt64Ty(), equal));
}

// Padding makes equal strings equal in all bytes that both have; the longer one must end there.
llvm::Value* ProbeLowering::equals_string(const Operand& left, const Operand& right) {
  const Operand& longer = left.type.size() >= right.type.size() ? left : right;
  std::uint32_t common = std::min(left.type.size(), right.type.size());
  llvm::Value* equal = equals_memory(left.value, right.value, common);
  if (longer.type.size() == common) return equal;
  llvm::Value* ends = bpf_.CreateICmpEQ(bpf_.load(bpf_.at(longer.value, common), 1, false), bpf_.number(0));
  return bpf_.CreateAnd(equal, ends);
}

llvm::Value* ProbeLowering::memory_equal(const ast::Expression& left, const ast::Expression& right) {
  Type type = *unify(facts(left).type, facts(right).type);
  llvm::Value* a = in_memory(left, type);
  return equals_memory(a, in_memory(right, type), type.size());
}

llvm::Value* ProbeLowering::string_equal(const ast::Expression& left, const ast::Expression& right) {
  const Facts& a = facts(left);
  const Facts& b = facts(right);
  if (a.text && b.text) return bpf_.getInt1(*a.text == *b.text);
  auto operand = [&](const ast::Expression& expression) {
    Operand value = lower(expression);
    if (value.place == Operand::Place::memory && value.alignment == word && value.padded) return value;
    Destination copy{temporary(stored(value.type).size()), stored(value.type), true};
    store(value, copy);
    return Operand{Operand::Place::memory, copy.memory, copy.type};
  };
  if (a.text || b.text) return equals_literal(operand(a.text ? right : left), a.text ? *a.text : *b.text);
  Operand first = operand(left);
  return equals_string(first, operand(right));
}

}  // namespace fathom::codegen

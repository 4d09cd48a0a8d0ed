// The module around the programs: maps, constants, functions and the debug information that becomes BTF.
#include "codegen/bpf_builder.h"

#include <llvm/BinaryFormat/Dwarf.h>

#include <algorithm>

namespace fathom::codegen {

namespace {

constexpr unsigned pointer_bits = 64;
constexpr unsigned int_bits = 32;

}  // namespace

ObjectBuilder::ObjectBuilder(const SourceFile& source, const std::string& license_text)
    : source_(source), context_(std::make_unique<llvm::LLVMContext>()), module_(std::make_unique<llvm::Module>("fathom", *context_)) {
  module_->setTargetTriple("bpf");
  module_->setDataLayout("e-m:e-p:64:64-i64:64-i128:128-n32:64-S128");
  module_->addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
  module_->addModuleFlag(llvm::Module::Warning, "Dwarf Version", 4);
  debug_ = std::make_unique<llvm::DIBuilder>(*module_);
  file_ = debug_->createFile(source.name(), ".");
  debug_->createCompileUnit(llvm::dwarf::DW_LANG_C, file_, "fathom", true, "", 0);
  int_type_ = debug_->createBasicType("int", int_bits, llvm::dwarf::DW_ATE_signed);
  long_type_ = debug_->createBasicType("long", pointer_bits, llvm::dwarf::DW_ATE_signed);

  auto* license = llvm::ConstantDataArray::getString(*context_, license_text);
  auto* global = new llvm::GlobalVariable(*module_, license->getType(), true, llvm::GlobalValue::ExternalLinkage, license, "_license");
  global->setSection("license");
}

llvm::GlobalVariable* ObjectBuilder::map(const std::string& name) {
  auto& known = maps_[name];
  if (known == nullptr) {
    // Its real members exist only as debug information; all that counts in the ELF is the symbol and a size.
    auto* type = llvm::ArrayType::get(llvm::Type::getInt8Ty(*context_), 40);
    known = new llvm::GlobalVariable(*module_, type, false, llvm::GlobalValue::ExternalLinkage, llvm::Constant::getNullValue(type), name);
    known->setSection(".maps");
    known->setDSOLocal(true);
    known->setAlignment(llvm::Align(8));
  }
  return known;
}

// libbpf reads a number n from a member of type `int (*)[n]`.
llvm::DIType* ObjectBuilder::number(std::uint32_t value) {
  auto* range = debug_->getOrCreateSubrange(0, static_cast<std::int64_t>(value));
  auto* array = debug_->createArrayType(static_cast<std::uint64_t>(value) * int_bits, 0, int_type_, debug_->getOrCreateArray({range}));
  return debug_->createPointerType(array, pointer_bits);
}

void ObjectBuilder::define_map(const std::string& name, const MapDefinition& definition) {
  std::vector<std::pair<const char*, std::uint32_t>> numbers = {{"type", static_cast<std::uint32_t>(definition.type)}};
  if (definition.key_size != 0) numbers.emplace_back("key_size", definition.key_size);
  if (definition.value_size != 0) numbers.emplace_back("value_size", definition.value_size);
  numbers.emplace_back("max_entries", definition.max_entries);
  if (definition.flags != 0) numbers.emplace_back("map_flags", definition.flags);
  std::vector<llvm::Metadata*> members;
  std::uint64_t offset = 0;
  for (const auto& [member, value] : numbers) {
    members.push_back(
        debug_->createMemberType(file_, member, file_, 0, pointer_bits, 0, offset, llvm::DINode::FlagZero, number(value)));
    offset += pointer_bits;
  }
  auto* type = debug_->createStructType(file_, "", file_, 0, offset, 0, llvm::DINode::FlagZero, nullptr, debug_->getOrCreateArray(members));
  llvm::GlobalVariable* variable = map(name);
  variable->addDebugInfo(debug_->createGlobalVariableExpression(file_, name, name, file_, 0, type, false));
}

llvm::Constant* ObjectBuilder::bytes(std::string_view bytes) {
  auto found = bytes_.find(bytes);
  if (found != bytes_.end()) return found->second;
  auto* data = llvm::ConstantDataArray::getString(*context_, llvm::StringRef(bytes.data(), bytes.size()), false);
  auto* variable = new llvm::GlobalVariable(*module_, data->getType(), true, llvm::GlobalValue::InternalLinkage, data, "bytes");
  variable->setSection(".rodata");
  variable->setAlignment(llvm::Align(8));
  bytes_.emplace(std::string(bytes), variable);
  return variable;
}

llvm::Constant* ObjectBuilder::zeroes(std::uint32_t size) {
  if (size > zeroes_size_) {
    std::string zero(size, '\0');
    auto* larger = llvm::cast<llvm::GlobalVariable>(bytes(zero));
    if (zeroes_ != nullptr) zeroes_->replaceAllUsesWith(larger);
    zeroes_ = larger;
    zeroes_size_ = size;
  }
  return zeroes_;
}

llvm::GlobalVariable* ObjectBuilder::global(const std::string& name, const std::string& section, std::uint32_t size) {
  if (auto* known = module_->getNamedGlobal(name)) return known;
  auto* type = llvm::ArrayType::get(llvm::Type::getInt8Ty(*context_), size);
  auto* variable =
      new llvm::GlobalVariable(*module_, type, false, llvm::GlobalValue::ExternalLinkage, llvm::Constant::getNullValue(type), name);
  variable->setSection(section);
  variable->setDSOLocal(true);
  variable->setAlignment(llvm::Align(8));
  auto* range = debug_->getOrCreateSubrange(0, static_cast<std::int64_t>(size));
  auto* byte = debug_->createBasicType("char", 8, llvm::dwarf::DW_ATE_signed_char);
  auto* debug_type = debug_->createArrayType(static_cast<std::uint64_t>(size) * 8, 0, byte, debug_->getOrCreateArray({range}));
  variable->addDebugInfo(debug_->createGlobalVariableExpression(file_, name, name, file_, 0, debug_type, false));
  return variable;
}

llvm::Function* ObjectBuilder::function(const std::string& name, llvm::FunctionType* type, llvm::GlobalValue::LinkageTypes linkage,
                                        Range range) {
  auto* function = llvm::Function::Create(type, linkage, name, *module_);
  function->addFnAttr(llvm::Attribute::NoUnwind);
  std::vector<llvm::Metadata*> types = {long_type_};
  for (llvm::Type* parameter : type->params()) {
    types.push_back(parameter->isPointerTy() ? static_cast<llvm::Metadata*>(debug_->createPointerType(nullptr, pointer_bits)) : long_type_);
  }
  auto* subroutine = debug_->createSubroutineType(debug_->getOrCreateTypeArray(types));
  unsigned line = source_.position(range.begin).line;
  bool is_static = linkage == llvm::GlobalValue::InternalLinkage;
  auto flags = llvm::DISubprogram::SPFlagDefinition | llvm::DISubprogram::SPFlagOptimized |
               (is_static ? llvm::DISubprogram::SPFlagLocalToUnit : llvm::DISubprogram::SPFlagZero);
  auto* subprogram = debug_->createFunction(file_, name, name, file_, line, subroutine, line, llvm::DINode::FlagZero, flags);
  // BTF takes the parameters' names from these.
  for (unsigned i = 0; i < type->getNumParams(); ++i) {
    auto* parameter_type = llvm::cast<llvm::DIType>(types[i + 1]);
    debug_->createParameterVariable(subprogram, "a" + std::to_string(i), i + 1, file_, line, parameter_type, true);
  }
  function->setSubprogram(subprogram);
  llvm::BasicBlock::Create(*context_, "entry", function);
  return function;
}

llvm::Function* ObjectBuilder::program(const std::string& name, const std::string& section, Range range) {
  auto* type = llvm::FunctionType::get(llvm::Type::getInt64Ty(*context_), {llvm::PointerType::get(*context_, 0)}, false);
  llvm::Function* created = function(name, type, llvm::GlobalValue::ExternalLinkage, range);
  created->setSection(section);
  created->setDSOLocal(true);
  return created;
}

llvm::Function* ObjectBuilder::callback(const std::string& name, unsigned parameters, Range range) {
  return callback(name, std::vector<llvm::Type*>(parameters, llvm::Type::getInt64Ty(*context_)), range);
}

llvm::Function* ObjectBuilder::callback(const std::string& name, const std::vector<llvm::Type*>& parameters, Range range) {
  auto* type = llvm::FunctionType::get(llvm::Type::getInt64Ty(*context_), parameters, false);
  llvm::Function* created = function(name, type, llvm::GlobalValue::InternalLinkage, range);
  created->addFnAttr(llvm::Attribute::NoInline);
  return created;
}

llvm::Function* ObjectBuilder::kernel_function(const std::string& name) {
  if (llvm::Function* known = module_->getFunction(name)) return known;
  auto* type = llvm::FunctionType::get(llvm::Type::getInt64Ty(*context_), false);
  auto* declared = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, *module_);
  declared->setSection(".ksyms");
  auto* subroutine = debug_->createSubroutineType(debug_->getOrCreateTypeArray({long_type_}));
  declared->setSubprogram(
      debug_->createFunction(file_, name, name, file_, 0, subroutine, 0, llvm::DINode::FlagPrototyped, llvm::DISubprogram::SPFlagOptimized));
  return declared;
}

llvm::DebugLoc ObjectBuilder::location(llvm::Function* function, Range range) {
  Position position = source_.position(range.begin);
  return llvm::DILocation::get(*context_, position.line, std::min(position.column, 0xffffu), function->getSubprogram());
}

void ObjectBuilder::finish() { debug_->finalize(); }

std::pair<std::unique_ptr<llvm::LLVMContext>, std::unique_ptr<llvm::Module>> ObjectBuilder::take() {
  debug_.reset();
  return {std::move(context_), std::move(module_)};
}

}  // namespace fathom::codegen

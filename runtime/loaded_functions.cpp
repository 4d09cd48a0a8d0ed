// The kernel hands out the type information of a program as bytes; a file in memory makes it readable as any other.
#include "runtime/loaded_functions.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "runtime/btf.h"
#include "runtime/descriptor.h"

namespace fathom {

namespace {

constexpr std::uint32_t word = 8;
constexpr std::uint32_t registers = 5;

// Ids of types mean nothing outside the program.
Type by_name(const Type& type) {
  if (type.is_pointer()) return Type::pointer(by_name(type.pointee()), type.space());
  if (type.is_structure()) return Type::structure(type.name(), type.is_union(), type.size(), 0);
  return type;
}

// A file with the type information of this id.
Descriptor file_of(std::uint32_t types) {
  const Descriptor btf(bpf_btf_get_fd_by_id(types));
  if (!btf) return Descriptor();
  bpf_btf_info info = {};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(btf.get(), &info, &size) != 0 || info.btf_size == 0) return Descriptor();
  std::vector<char> bytes(info.btf_size);
  const std::uint32_t length = info.btf_size;
  info = {};
  info.btf = reinterpret_cast<std::uintptr_t>(bytes.data());
  info.btf_size = length;
  size = sizeof info;
  if (bpf_obj_get_info_by_fd(btf.get(), &info, &size) != 0) return Descriptor();
  Descriptor file(memfd_create("btf", MFD_CLOEXEC));
  if (!file || write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return Descriptor();
  return file;
}

// Types of the functions that a program consists of.
std::vector<std::uint32_t> function_types(int program, std::uint32_t& types) {
  bpf_prog_info info = {};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program, &info, &size) != 0) return {};
  types = info.btf_id;
  const std::uint32_t count = info.nr_func_info, record = info.func_info_rec_size;
  if (types == 0 || count == 0 || record < sizeof(bpf_func_info)) return {};
  std::vector<char> records(std::size_t{count} * record);
  info = {};
  info.nr_func_info = count;
  info.func_info_rec_size = record;
  info.func_info = reinterpret_cast<std::uintptr_t>(records.data());
  size = sizeof info;
  if (bpf_obj_get_info_by_fd(program, &info, &size) != 0) return {};
  std::vector<std::uint32_t> ids;
  for (std::uint32_t i = 0; i < count; ++i) {
    bpf_func_info function;
    std::memcpy(&function, records.data() + std::size_t{i} * record, sizeof function);
    ids.push_back(function.type_id);
  }
  return ids;
}

void add_functions(std::uint32_t id, std::string_view pattern, std::vector<LoadedFunction>& found) {
  const Descriptor program(bpf_prog_get_fd_by_id(id));
  std::uint32_t types = 0;
  const std::vector<std::uint32_t> ids = program ? function_types(program.get(), types) : std::vector<std::uint32_t>();
  const Descriptor file = ids.empty() ? Descriptor() : file_of(types);
  if (!file) return;
  Btf btf(fmt::format("/proc/self/fd/{}", file.get()));
  for (const std::uint32_t function : ids) {
    const std::string name = btf.function_name(function);
    if (name.empty() || !glob_match(pattern, name)) continue;
    auto signature = btf.signature("", name);
    if (!signature) continue;
    for (StructMember& parameter : signature->parameters) parameter.type = by_name(parameter.type);
    signature->result = by_name(signature->result);
    // Of a program whose context has no type of its own the kernel passes on as many words as there are registers for arguments.
    const bool is_untyped = signature->parameters.size() == 1 && signature->parameters[0].type.is_pointer() && !signature->parameters[0].type.pointee().is_structure();
    if (is_untyped) signature->result_offset = registers * word;
    found.push_back({id, name, std::move(*signature)});
  }
}

}  // namespace

Result<std::vector<LoadedFunction>> loaded_functions(std::uint32_t program, std::string_view name) {
  std::vector<LoadedFunction> found;
  if (program != 0) {
    add_functions(program, name, found);
    return found;
  }
  std::uint32_t id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) add_functions(id, name, found);
  if (errno != ENOENT) return fail("the BPF programs of this machine can not be listed", "run as root, or with CAP_SYS_ADMIN", errno);
  return found;
}

}  // namespace fathom

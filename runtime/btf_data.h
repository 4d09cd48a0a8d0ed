// BTF as bytes: the kernel's own, mapped and never copied, and that of its modules, taken in when a name is not found without them. It is read with
// functions that are named like libbpf's, whose inline helpers for single records work on it too; libbpf's own loader copies and checks
// everything first, which takes longer than compiling a script.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct btf;
struct btf_type;

namespace fathom {

class BtfData {
 public:
  // A file of raw BTF, or an ELF file that has some. Null: there is none, or it can not be read.
  static std::unique_ptr<BtfData> open(const std::string& path);
  ~BtfData();
  BtfData(const BtfData&) = delete;
  BtfData& operator=(const BtfData&) = delete;

  // Adds a module's types, which continue the kernel's, behind all others; their ids and names are changed accordingly. False: not such a file.
  bool append(const std::string& path);

  // Ids are 1 … count() - 1; 0 is `void`.
  std::uint32_t count() const { return static_cast<std::uint32_t>(types_.size()); }
  const btf_type* type(std::uint32_t id) const { return id < types_.size() ? types_[id] : nullptr; }
  // Null where the offset leads nowhere.
  const char* name(std::uint32_t offset) const;
  // The first type of that kind and name; 0: none.
  std::uint32_t find(std::string_view name, std::uint32_t kind) const;
  // All of that kind and name in what was appended.
  std::vector<std::uint32_t> find_in_modules(std::string_view name, std::uint32_t kind) const;
  // Enums of both widths.
  const std::vector<std::uint32_t>& enumerations() const { return enumerations_; }

 private:
  struct Strings {
    std::uint32_t begin = 0;  // offset of the first one
    std::string_view text;
  };
  struct Sections {
    std::string_view types, strings;
  };

  BtfData() = default;
  static bool sections(std::string_view bytes, Sections& result);
  // Adds the types in `bytes`; false where they are damaged.
  bool index(std::string_view bytes);
  bool map(const std::string& path);
  // A table of the names of one kind, made once a script asks for many of them.
  const std::unordered_map<std::string_view, std::uint32_t>& names_of(std::uint32_t kind) const;

  std::vector<const btf_type*> types_;
  std::vector<std::uint8_t> kinds_;
  std::vector<std::uint32_t> enumerations_;
  struct Names {
    std::uint32_t searches = 0;
    std::unordered_map<std::string_view, std::uint32_t> ids;
  };
  mutable std::unordered_map<std::uint32_t, Names> names_;  // by kind; append() drops them
  std::vector<Strings> strings_;
  std::uint32_t base_types_ = 0;               // types and bytes of names of the kernel itself
  std::uint32_t base_strings_ = 0;
  std::vector<std::unique_ptr<char[]>> owned_;  // modules, and a kernel that could not be mapped
  void* mapping_ = nullptr;
  std::size_t mapping_size_ = 0;
  btf* parsed_ = nullptr;  // out of an ELF file
};

inline const btf_type* btf__type_by_id(const BtfData* data, std::uint32_t id) { return data->type(id); }
inline const char* btf__name_by_offset(const BtfData* data, std::uint32_t offset) { return data->name(offset); }
inline std::uint32_t btf__type_cnt(const BtfData* data) { return data->count(); }

}  // namespace fathom

// One walk over the types finds where each begins. Files of sysfs can be mapped since Linux 6.15; elsewhere they are read.
#include "runtime/btf_data.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "runtime/descriptor.h"

namespace fathom {

namespace {

// The bytes behind a type's common part; -1: a kind that is newer than this file.
std::ptrdiff_t extra_bytes(const btf_type* type) {
  const std::ptrdiff_t count = btf_vlen(type);
  switch (btf_kind(type)) {
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG:
      return 4;
    case BTF_KIND_ARRAY:
      return sizeof(struct btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return count * static_cast<std::ptrdiff_t>(sizeof(struct btf_member));
    case BTF_KIND_ENUM:
      return count * static_cast<std::ptrdiff_t>(sizeof(struct btf_enum));
    case BTF_KIND_ENUM64:
      return count * static_cast<std::ptrdiff_t>(sizeof(struct btf_enum64));
    case BTF_KIND_FUNC_PROTO:
      return count * static_cast<std::ptrdiff_t>(sizeof(struct btf_param));
    case BTF_KIND_DATASEC:
      return count * static_cast<std::ptrdiff_t>(sizeof(struct btf_var_secinfo));
    case BTF_KIND_PTR:
    case BTF_KIND_FWD:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_FUNC:
    case BTF_KIND_FLOAT:
    case BTF_KIND_TYPE_TAG:
      return 0;
    default:  // a number out of a file
      return -1;
  }
}

// Calls `id` for each reference to a type and `name` for each reference to a name.
template <class Id, class Name>
void each_reference(btf_type* type, Id id, Name name) {
  name(type->name_off);
  const std::uint32_t kind = btf_kind(type);
  if (btf_is_ptr(type) || btf_is_mod(type) || btf_is_typedef(type) || btf_is_func(type) || btf_is_func_proto(type) || kind == BTF_KIND_VAR ||
      kind == BTF_KIND_DECL_TAG) {
    id(type->type);
  }
  const int count = btf_vlen(type);
  if (btf_is_array(type)) {
    id(btf_array(type)->type);
    id(btf_array(type)->index_type);
  }
  for (int i = 0; btf_is_composite(type) && i < count; ++i) {
    name(btf_members(type)[i].name_off);
    id(btf_members(type)[i].type);
  }
  for (int i = 0; btf_is_enum(type) && i < count; ++i) name(btf_enum(type)[i].name_off);
  for (int i = 0; btf_is_enum64(type) && i < count; ++i) name(btf_enum64(type)[i].name_off);
  for (int i = 0; btf_is_func_proto(type) && i < count; ++i) {
    name(btf_params(type)[i].name_off);
    id(btf_params(type)[i].type);
  }
  for (int i = 0; kind == BTF_KIND_DATASEC && i < count; ++i) id(btf_var_secinfos(type)[i].type);
}

// The whole file; null where it can not be read.
std::unique_ptr<char[]> read_all(int file, std::size_t size) {
  auto bytes = std::make_unique_for_overwrite<char[]>(size);
  for (std::size_t done = 0; done < size;) {
    const ssize_t length = pread(file, bytes.get() + done, size - done, static_cast<off_t>(done));
    if (length <= 0) return nullptr;
    done += static_cast<std::size_t>(length);
  }
  return bytes;
}

std::size_t size_of(int file) {
  struct stat status = {};
  return fstat(file, &status) == 0 && S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;
}

}  // namespace

BtfData::~BtfData() {
  if (mapping_ != nullptr) munmap(mapping_, mapping_size_);
  btf__free(parsed_);
}

bool BtfData::map(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::size_t size = file ? size_of(file.get()) : 0;
  if (size == 0) return false;
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapped != MAP_FAILED) {
    mapping_ = mapped;
    mapping_size_ = size;
    return index({static_cast<const char*>(mapped), size});
  }
  owned_.push_back(read_all(file.get(), size));
  return owned_.back() != nullptr && index({owned_.back().get(), size});
}

std::unique_ptr<BtfData> BtfData::open(const std::string& path) {
  std::unique_ptr<BtfData> data(new BtfData);
  static constexpr btf_type nothing = {};
  data->types_.push_back(&nothing);
  data->kinds_.push_back(BTF_KIND_UNKN);
  if (!data->map(path)) {
    // Not raw, or of a machine with the other byte order.
    const libbpf_print_fn_t print = libbpf_set_print(nullptr);  // the caller says what is wrong
    data->parsed_ = btf__parse(path.c_str(), nullptr);
    libbpf_set_print(print);
    std::uint32_t size = 0;
    const void* bytes = data->parsed_ == nullptr ? nullptr : btf__raw_data(data->parsed_, &size);
    if (bytes == nullptr || !data->index({static_cast<const char*>(bytes), size})) return nullptr;
  }
  data->base_types_ = data->count();
  data->base_strings_ = static_cast<std::uint32_t>(data->strings_.front().text.size());
  return data;
}

bool BtfData::sections(std::string_view bytes, Sections& result) {
  btf_header header = {};
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != BTF_MAGIC || header.hdr_len < sizeof header || header.hdr_len > bytes.size()) return false;
  const std::string_view body = bytes.substr(header.hdr_len);
  const auto part = [&](std::uint64_t offset, std::uint64_t length, std::string_view& into) {
    if (offset > body.size() || length > body.size() - offset) return false;
    into = body.substr(offset, length);
    return true;
  };
  return header.type_off % 4 == 0 && part(header.type_off, header.type_len, result.types) &&
         part(header.str_off, header.str_len, result.strings) && (result.strings.empty() || result.strings.back() == '\0');
}

bool BtfData::index(std::string_view bytes) {
  Sections found;
  if (!sections(bytes, found)) return false;
  const std::size_t known = types_.size(), known_enumerations = enumerations_.size();
  types_.reserve(known + found.types.size() / 20);
  kinds_.reserve(known + found.types.size() / 20);
  for (std::string_view rest = found.types; !rest.empty();) {
    const auto* type = reinterpret_cast<const btf_type*>(rest.data());
    const std::ptrdiff_t extra = rest.size() < sizeof(btf_type) ? -1 : extra_bytes(type);
    const std::size_t size = sizeof(btf_type) + static_cast<std::size_t>(extra);
    if (extra < 0 || size > rest.size()) {
      types_.resize(known);
      kinds_.resize(known);
      enumerations_.resize(known_enumerations);
      return false;
    }
    if (btf_is_enum(type) || btf_is_enum64(type)) enumerations_.push_back(count());
    types_.push_back(type);
    kinds_.push_back(static_cast<std::uint8_t>(btf_kind(type)));
    rest.remove_prefix(size);
  }
  const std::uint32_t begin = strings_.empty() ? 0 : strings_.back().begin + static_cast<std::uint32_t>(strings_.back().text.size());
  strings_.push_back({begin, found.strings});
  return true;
}

bool BtfData::append(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::size_t size = file ? size_of(file.get()) : 0;
  std::unique_ptr<char[]> bytes = size == 0 ? nullptr : read_all(file.get(), size);
  const std::uint32_t first = count();
  if (!bytes || !index({bytes.get(), size})) return false;
  owned_.push_back(std::move(bytes));
  names_.clear();
  const std::uint32_t first_string = strings_.back().begin;
  for (std::uint32_t id = first; id < count(); ++id) {
    each_reference(
        const_cast<btf_type*>(types_[id]),  // in `bytes`, which is ours
        [&](std::uint32_t& reference) { reference += reference >= base_types_ ? first - base_types_ : 0; },
        [&](std::uint32_t& reference) { reference += reference >= base_strings_ ? first_string - base_strings_ : 0; });
  }
  return true;
}

const char* BtfData::name(std::uint32_t offset) const {
  for (const Strings& strings : strings_) {
    if (offset >= strings.begin && offset - strings.begin < strings.text.size()) return strings.text.data() + (offset - strings.begin);
  }
  return nullptr;
}

const std::unordered_map<std::string_view, std::uint32_t>& BtfData::names_of(std::uint32_t kind) const {
  std::unordered_map<std::string_view, std::uint32_t>& ids = names_[kind].ids;
  if (!ids.empty()) return ids;
  for (std::uint32_t id = 1; id < count(); ++id) {
    const char* found = kinds_[id] == kind ? name(types_[id]->name_off) : nullptr;
    if (found != nullptr) ids.emplace(found, id);
  }
  return ids;
}

std::vector<std::uint32_t> BtfData::find_in_modules(std::string_view wanted, std::uint32_t kind) const {
  std::vector<std::uint32_t> ids;
  for (std::uint32_t id = base_types_; id < count(); ++id) {
    const char* found = kinds_[id] == kind ? name(types_[id]->name_off) : nullptr;
    if (found != nullptr && wanted == found) ids.push_back(id);
  }
  return ids;
}

std::uint32_t BtfData::find(std::string_view wanted, std::uint32_t kind) const {
  // A walk over all types costs less than a table of them, until there are many searches: a listing asks for every function.
  constexpr std::uint32_t few = 32;
  if (++names_[kind].searches > few) {
    const auto& ids = names_of(kind);
    const auto known = ids.find(wanted);
    return known == ids.end() ? 0 : known->second;
  }
  for (std::uint32_t id = 1; id < count(); ++id) {
    if (kinds_[id] != kind) continue;
    const char* found = name(types_[id]->name_off);
    if (found != nullptr && wanted == found) return id;
  }
  return 0;
}

}  // namespace fathom

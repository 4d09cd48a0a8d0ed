// Packets are written as they lie in the kernel: without a link header, as IP packets (LINKTYPE_RAW), with nanoseconds.
#include "runtime/packets.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/layout.h"

namespace fathom {

namespace {

constexpr std::size_t buffer_pages = 64;  // for each CPU
constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t longest_packet = 262144;
constexpr std::uint32_t link_raw_ip = 101;
constexpr std::uint64_t second = 1'000'000'000;

struct FileHeader {
  std::uint32_t magic = magic_nanoseconds;
  std::uint16_t major = 2, minor = 4;
  std::uint32_t zone = 0, accuracy = 0;
  std::uint32_t longest = longest_packet;
  std::uint32_t link = link_raw_ip;
};
static_assert(sizeof(FileHeader) == 24);

struct RecordHeader {
  std::uint32_t seconds, nanoseconds;
  std::uint32_t kept, length;
};

}  // namespace

void Packets::Free::operator()(perf_buffer* buffer) const { perf_buffer__free(buffer); }

Packets::~Packets() = default;

Result<std::unique_ptr<Packets>> Packets::open(const std::vector<std::string>& files, int map, std::uint64_t wall_offset) {
  std::unique_ptr<Packets> packets(new Packets());
  packets->wall_offset_ = wall_offset;
  for (const std::string& name : files) {
    std::FILE* file = std::fopen(name.c_str(), "we");
    if (file == nullptr) return fail(fmt::format("{} can not be written ({})", name, strerrordesc_np(errno)), "", errno);
    packets->files_.emplace_back(file);
    const FileHeader header;
    packets->put(file, &header, sizeof header);
    std::fflush(file);
  }
  packets->buffer_.reset(perf_buffer__new(map, buffer_pages, take, miss, packets.get(), nullptr));
  if (!packets->buffer_) return fail("the kernel gave no buffers for packets", "there may be too little memory that can be locked: see /proc/sys/kernel/perf_event_mlock_kb", errno);
  return packets;
}

int Packets::descriptor() const { return perf_buffer__epoll_fd(buffer_.get()); }

void Packets::read() {
  perf_buffer__consume(buffer_.get());
  for (const auto& file : files_) {
    if (std::fflush(file.get()) != 0 && error_ == 0) error_ = errno;
  }
}

void Packets::take(void* self, int, void* data, std::uint32_t size) { static_cast<Packets*>(self)->write({static_cast<const std::byte*>(data), size}); }

void Packets::miss(void* self, int, unsigned long long count) { static_cast<Packets*>(self)->lost_ += count; }

void Packets::write(std::span<const std::byte> record) {
  layout::PacketHeader header{};
  if (record.size() < sizeof header) return;
  std::memcpy(&header, record.data(), sizeof header);
  record = record.subspan(sizeof header);
  // The kernel fills records up to whole words.
  record = record.first(std::min<std::size_t>(record.size(), header.bytes));
  if (header.capture >= files_.size() || header.skipped >= record.size()) return;
  record = record.subspan(header.skipped);
  const std::uint64_t time = header.nanoseconds + wall_offset_;
  const auto size = static_cast<std::uint32_t>(record.size());
  const RecordHeader in_file{static_cast<std::uint32_t>(time / second), static_cast<std::uint32_t>(time % second), size, size};
  std::FILE* file = files_[header.capture].get();
  put(file, &in_file, sizeof in_file);
  put(file, record.data(), record.size());
}

void Packets::put(std::FILE* file, const void* bytes, std::size_t size) {
  if (std::fwrite(bytes, 1, size, file) != size && error_ == 0) error_ = errno;
}

}  // namespace fathom

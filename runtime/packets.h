// The packets that skboutput() takes: from the kernel's buffers, one for each CPU, to files in the format of libpcap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ast/result.h"

struct perf_buffer;

namespace fathom {

class Packets {
 public:
  // Makes the files, which are empty until packets come. `map`: where programs put packets; `wall_offset`: what CLOCK_REALTIME is ahead of
  // CLOCK_BOOTTIME, ns.
  static Result<std::unique_ptr<Packets>> open(const std::vector<std::string>& files, int map, std::uint64_t wall_offset);
  ~Packets();

  // Readable while there are packets.
  int descriptor() const;
  // Writes all there are.
  void read();
  std::uint64_t lost() const { return lost_; }
  // The errno of the first write that failed, or 0.
  int error() const { return error_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct Free {
    void operator()(perf_buffer* buffer) const;
  };

  Packets() = default;
  static void take(void* self, int cpu, void* data, std::uint32_t size);
  static void miss(void* self, int cpu, unsigned long long count);
  void write(std::span<const std::byte> record);
  void put(std::FILE* file, const void* bytes, std::size_t size);

  std::vector<std::unique_ptr<std::FILE, Close>> files_;
  std::unique_ptr<perf_buffer, Free> buffer_;
  std::uint64_t wall_offset_ = 0;
  std::uint64_t lost_ = 0;
  int error_ = 0;
};

}  // namespace fathom

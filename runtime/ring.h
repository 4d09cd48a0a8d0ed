// Reader of a BPF ring buffer that consumes up to a given position, which is what lets two rings be read as one sequence.
// The layout of the pages and of the record headers is that of the kernel's kernel/bpf/ringbuf.c: one page with the consumer's position,
// one with the producer's, then the data, mapped twice in a row so that no record ever wraps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "ast/result.h"

namespace fathom {

class Ring {
 public:
  // `map`: descriptor of the ring map, kept by the caller; `bytes`: its size.
  static Result<Ring> open(int map, std::uint32_t bytes);

  Ring(Ring&& other) noexcept;
  Ring& operator=(Ring&& other) noexcept;
  ~Ring();

  int descriptor() const { return map_; }
  // Where the next record will be reserved, in bytes since the ring was made.
  std::uint64_t produced() const;
  std::uint64_t consumed() const;
  bool empty() const { return consumed() >= produced(); }

  // Hands every record before `until` to `use` and frees it. Waits for records that a program is still writing.
  void consume(std::uint64_t until, const std::function<void(std::span<const std::byte>)>& use);

 private:
  Ring(int map, void* consumer, void* producer, std::uint32_t bytes) : map_(map), consumer_(consumer), producer_(producer), bytes_(bytes) {}

  int map_ = -1;
  void* consumer_ = nullptr;  // page with the consumer's position
  void* producer_ = nullptr;  // page with the producer's position, then the data
  std::uint32_t bytes_ = 0;
};

}  // namespace fathom

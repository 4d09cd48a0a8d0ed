// Ring buffer memory and positions.
#include "runtime/ring.h"

#include <linux/bpf.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

namespace fathom {

namespace {

std::size_t page_size() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

std::atomic_ref<std::uint64_t> position(void* page) { return std::atomic_ref(*static_cast<std::uint64_t*>(page)); }

}  // namespace

Result<Ring> Ring::open(int map, std::uint32_t bytes) {
  std::size_t page = page_size();
  void* consumer = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (consumer == MAP_FAILED) return fail("the event ring could not be mapped", "", errno);
  void* producer = mmap(nullptr, page + std::size_t{bytes} * 2, PROT_READ, MAP_SHARED, map, static_cast<off_t>(page));
  if (producer == MAP_FAILED) {
    int error = errno;
    munmap(consumer, page);
    return fail("the event ring could not be mapped", "", error);
  }
  return Ring(map, consumer, producer, bytes);
}

Ring::Ring(Ring&& other) noexcept
    : map_(other.map_),
      consumer_(std::exchange(other.consumer_, nullptr)),
      producer_(std::exchange(other.producer_, nullptr)),
      bytes_(other.bytes_) {}

Ring& Ring::operator=(Ring&& other) noexcept {
  std::swap(map_, other.map_);
  std::swap(consumer_, other.consumer_);
  std::swap(producer_, other.producer_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Ring::~Ring() {
  if (consumer_ != nullptr) munmap(consumer_, page_size());
  if (producer_ != nullptr) munmap(producer_, page_size() + std::size_t{bytes_} * 2);
}

std::uint64_t Ring::produced() const { return position(producer_).load(std::memory_order_acquire); }
std::uint64_t Ring::consumed() const { return position(consumer_).load(std::memory_order_relaxed); }

void Ring::consume(std::uint64_t until, const std::function<void(std::span<const std::byte>)>& use) {
  auto* data = static_cast<std::byte*>(producer_) + page_size();
  std::uint64_t end = std::min(until, produced());
  std::uint64_t at = consumed();
  while (at < end) {
    std::byte* header = data + (at & (bytes_ - 1));
    std::atomic_ref<std::uint32_t> word(*reinterpret_cast<std::uint32_t*>(header));
    std::uint32_t length = word.load(std::memory_order_acquire);
    if ((length & BPF_RINGBUF_BUSY_BIT) != 0) {
      sched_yield();  // a program on another CPU is about to submit it
      continue;
    }
    bool discarded = (length & BPF_RINGBUF_DISCARD_BIT) != 0;
    length &= ~BPF_RINGBUF_DISCARD_BIT;
    if (!discarded) use({header + BPF_RINGBUF_HDR_SZ, length});
    at += (std::uint64_t{length} + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
    position(consumer_).store(at, std::memory_order_release);
  }
}

}  // namespace fathom

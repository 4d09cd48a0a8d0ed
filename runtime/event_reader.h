// Moves records out of the kernel's rings as soon as they come, on a thread of its own, so that neither formatting nor a slow terminal
// makes the rings overflow. What it moved waits in a queue that grows up to a bound; beyond that records stay in the ring, where the
// kernel counts what no longer fits. The two rings become one sequence here.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "ast/result.h"
#include "runtime/descriptor.h"
#include "runtime/layout.h"
#include "runtime/map_reader.h"
#include "runtime/ring.h"

namespace fathom {

// Some data records, then at most one control record that was made behind them.
struct EventBatch {
  std::vector<std::byte> records;  // each: u64 number of bytes, then those, padded to 8
  std::optional<layout::ControlRecord> control;
  std::optional<Result<MapElements>> elements;  // print_map: what the map held when the record was read

  void add(std::span<const std::byte> record);
  void for_each(const std::function<void(std::span<const std::byte>)>& use) const;
};

class EventReader {
 public:
  // Acts on a control record right when it is read; runs on the reader's thread.
  using Act = std::function<void(EventBatch& batch)>;

  // Rings may be missing. `most_bytes`: bound of the queue.
  EventReader(std::optional<Ring> data, std::optional<Ring> control, std::size_t most_bytes, Act act);
  ~EventReader();

  Result<void> start();
  // Readable while batches wait.
  int descriptor() const { return ready_.get(); }
  // The oldest batch, or nothing.
  std::optional<EventBatch> take();
  // Returns when everything that programs had written before the call is in the queue, however long that makes it: how many batches wait then.
  // Programs that go on may add to them all the time.
  std::size_t catch_up();
  // Drops what waits.
  void discard();

 private:
  void run();
  void wait(bool gather);
  // Whether it moved anything.
  bool pass();
  void push(EventBatch batch);
  void push_data(std::uint64_t until);
  std::uint64_t unread() const;

  std::optional<Ring> data_;
  std::optional<Ring> control_;
  std::size_t most_bytes_;
  Act act_;
  Descriptor ready_;
  Descriptor wake_;  // somebody wants catch_up(), room has become free, or it is over
  std::thread thread_;

  std::mutex mutex_;
  std::condition_variable caught_up_;
  std::deque<EventBatch> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t wanted_ = 0;  // calls of catch_up()
  std::uint64_t done_ = 0;    // of them answered
  bool over_ = false;
};

}  // namespace fathom

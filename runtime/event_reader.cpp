// The reader's thread and its queue.
#include "runtime/event_reader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fathom {

namespace {

// The first event of a burst wakes the reader at once; it then lets events gather this long, so that a busy probe does not wake it for
// each.
constexpr int gather_milliseconds = 10;

// A batch is handed on once it holds this much.
constexpr std::size_t batch_bytes = 256u << 10;

constexpr std::size_t word = 8;

void signal_event(const Descriptor& descriptor) {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(descriptor.get(), &one, sizeof one);
}

void reset_event(const Descriptor& descriptor) {
  std::uint64_t count = 0;
  [[maybe_unused]] ssize_t length = read(descriptor.get(), &count, sizeof count);
}

}  // namespace

void EventBatch::add(std::span<const std::byte> record) {
  std::uint64_t size = record.size();
  std::size_t at = records.size();
  records.resize(at + word + (record.size() + word - 1) / word * word);
  std::memcpy(records.data() + at, &size, sizeof size);
  std::memcpy(records.data() + at + word, record.data(), record.size());
}

void EventBatch::for_each(const std::function<void(std::span<const std::byte>)>& use) const {
  for (std::size_t at = 0; at < records.size();) {
    std::uint64_t size = 0;
    std::memcpy(&size, records.data() + at, sizeof size);
    use({records.data() + at + word, size});
    at += word + (size + word - 1) / word * word;
  }
}

EventReader::EventReader(std::optional<Ring> data, std::optional<Ring> control, std::size_t most_bytes, Act act)
    : data_(std::move(data)),
      control_(std::move(control)),
      most_bytes_(most_bytes),
      act_(std::move(act)),
      ready_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

EventReader::~EventReader() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    over_ = true;
  }
  signal_event(wake_);
  thread_.join();
}

Result<void> EventReader::start() {
  if (ready_.get() < 0 || wake_.get() < 0) return fail("no event descriptor could be made", "", errno);
  if (data_ || control_) thread_ = std::thread([this] { run(); });
  return {};
}

std::optional<EventBatch> EventReader::take() {
  std::lock_guard lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  EventBatch batch = std::move(queue_.front());
  queue_.pop_front();
  bool was_full = queued_bytes_ >= most_bytes_;
  queued_bytes_ -= batch.records.size();
  if (queue_.empty()) reset_event(ready_);
  if (was_full && queued_bytes_ < most_bytes_) signal_event(wake_);
  return batch;
}

void EventReader::discard() {
  while (take()) {
  }
}

std::size_t EventReader::catch_up() {
  if (!thread_.joinable()) return 0;
  std::unique_lock lock(mutex_);
  std::uint64_t mine = ++wanted_;
  signal_event(wake_);
  caught_up_.wait(lock, [&] { return done_ >= mine; });
  return queue_.size();
}

void EventReader::push(EventBatch batch) {
  std::lock_guard lock(mutex_);
  queued_bytes_ += batch.records.size();
  if (queue_.empty()) signal_event(ready_);
  queue_.push_back(std::move(batch));
}

// Moves data records up to a position.
void EventReader::push_data(std::uint64_t until) {
  if (!data_) return;
  EventBatch batch;
  data_->consume(until, [&](std::span<const std::byte> record) {
    batch.add(record);
    if (batch.records.size() < batch_bytes) return;
    push(std::move(batch));
    batch = {};
  });
  if (!batch.records.empty()) push(std::move(batch));
}

// Control records say how far the data ring had come when they were made. The data ring's end is taken first: a control record that was
// made before any of that data is then already visible. What comes while this runs waits for the next pass.
bool EventReader::pass() {
  std::uint64_t data_end = data_ ? data_->produced() : 0;
  bool moved = (data_ && !data_->empty()) || (control_ && !control_->empty());
  if (control_) {
    control_->consume(control_->produced(), [&](std::span<const std::byte> bytes) {
      EventBatch batch;
      layout::ControlRecord record{};
      std::memcpy(&record, bytes.data(), std::min(bytes.size(), sizeof record));
      push_data(record.data_position);
      batch.control = record;
      act_(batch);
      push(std::move(batch));
    });
  }
  push_data(data_end);
  return moved;
}

std::uint64_t EventReader::unread() const { return data_ ? data_->produced() - data_->consumed() : 0; }

// Waits for something to do. `gather`: only for control records and wake-ups, and not for long.
void EventReader::wait(bool gather) {
  enum { wake, control, data, count };
  pollfd descriptors[count] = {{wake_.get(), POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}};
  if (control_) descriptors[control].fd = control_->descriptor();
  if (data_ && !gather) descriptors[data].fd = data_->descriptor();
  bool has_some = !gather && data_ && !data_->empty();  // what came while gathering woke nobody
  poll(descriptors, count, gather ? gather_milliseconds : has_some ? 0 : -1);
  if (descriptors[wake].revents != 0) reset_event(wake_);
}

void EventReader::run() {
  bool gather = false;
  while (true) {
    wait(gather);
    std::unique_lock lock(mutex_);
    if (over_) return;
    std::uint64_t wanted = wanted_;
    bool must = wanted != done_;
    if (!must && queued_bytes_ >= most_bytes_) {
      lock.unlock();
      // Nothing is read until there is room, or somebody wants all there is.
      pollfd descriptor = {wake_.get(), POLLIN, 0};
      poll(&descriptor, 1, -1);
      continue;
    }
    lock.unlock();
    bool moved = pass();  // once is enough for whoever waits: what comes later is not theirs, and may never end
    lock.lock();
    done_ = std::max(done_, must ? wanted : done_);
    lock.unlock();
    caught_up_.notify_all();
    gather = moved && unread() < batch_bytes;
  }
}

}  // namespace fathom

// The bytes that cross from BPF programs to user space: the single source for the code that writes them and the code that reads them.
// Everything is in the machine's byte order. Offsets and sizes are bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "ast/types.h"

namespace fathom::layout {

// Data ring: a record is the u32 index of its row in Plan::formats, 4 bytes of zero, then the fields of RecordLayout.
inline constexpr std::uint32_t record_header = 8;

// Control ring: fixed records. `data_position` is the data ring's producer position when the record was made: everything before it
// was written earlier and is shown first, so that the two rings read as one sequence.
enum class ControlKind : std::uint32_t { exit, print_map, clear_map, zero_map, run_time_error, process, unwatch, unknown_code };

struct ControlRecord {
  ControlKind kind;
  std::uint32_t map;            // index in Plan::maps; run_time_error: in Plan::errors; process: in Plan::programs, and in its attach points (low `point_bits`)
  std::uint64_t data_position;
  std::int64_t first;           // exit: code; print_map: top (0: all); run_time_error: what a helper returned; process: its id, heard of for the first time; unwatch: the address; unknown_code: the process whose code is not in the tables
  std::int64_t second;          // print_map: divisor (0: none); process: the address of the attach point in it (0: unknown)
};
static_assert(sizeof(ControlRecord) == 32);
inline constexpr std::uint32_t point_bits = 16;

// Bytes of the control ring; that of the data ring is Settings::ring_bytes.
inline constexpr std::uint32_t control_ring_bytes = 64u << 10;

// Programs can interrupt each other on one CPU (task, soft and hard interrupt, NMI): each finds a slot of scratch memory of its own.
inline constexpr std::uint32_t scratch_slots = 4;

// Per-CPU u64 counters, one map of one value.
enum class Counter : std::uint32_t { lost_events, lost_control, lost_stacks, no_scratch, endless_loop, lost_updates, cut_stacks, count };

// What programs and the runtime share about one place in the script that can fail. A program sends a record only if it finds `told` zero
// and sets it, so that a flood of errors can not fill the control ring.
struct ErrorState {
  std::uint64_t count;  // how often it failed
  std::uint64_t told;   // not zero: a record is on its way, or nobody wants another one yet
};

// What programs and the runtime share while a script runs.
struct RunState {
  std::uint64_t stop;   // not zero: attached programs return at once
  std::uint64_t start;  // CLOCK_BOOTTIME when the script started, ns
  std::uint64_t child;  // process id of the command of -c
  // What CLOCK_REALTIME and CLOCK_TAI were ahead of CLOCK_BOOTTIME then, ns.
  std::uint64_t wall_offset;
  std::uint64_t tai_offset;
  std::uint64_t zero;   // always 0, which the verifier can not know
};

// Fields of a data record.
struct RecordLayout {
  std::vector<std::uint32_t> offsets;  // of each field, from the start of the record
  std::uint32_t size = 0;              // of the whole record, a multiple of 8
};
RecordLayout record_layout(const std::vector<Type>& fields);

// A stack as a value: the key of its frames in the map Plan::stack_map.
struct StackValue {
  std::uint64_t hash;    // of the frames; 0 with count 0: no stack could be read
  std::uint32_t frames;  // number of u64 addresses
  std::uint32_t process; // user stacks: whose addresses these are; 0 for kernel stacks
};
static_assert(sizeof(StackValue) == 16);

// Words of a frame in the stacks' map: an address, or what the kernel calls struct bpf_stack_build_id.
struct BuildIdFrame {
  std::int32_t status;  // 1: offset in the file with the build id; 2: an address
  std::uint8_t build_id[20];
  std::uint64_t offset;
};
static_assert(sizeof(BuildIdFrame) == 32);
inline std::uint32_t stack_frame_words(const Type& stack) {
  return stack.stack_mode() == StackMode::build_id ? sizeof(BuildIdFrame) / sizeof(std::uint64_t) : 1;
}

// A user symbol: an address of a process.
struct SymbolValue {
  std::uint64_t address;
  std::uint32_t process;
  std::uint32_t padding;
};
static_assert(sizeof(SymbolValue) == 16);

// Unwinding by DWARF: what .eh_frame says, in a form that programs search by halving. All rows are sorted by their first member.

// From this address on, up to that of the next row: how to get from the registers of a function to those of its caller. The canonical frame
// address (CFA) is the value that the stack pointer has there.
struct UnwindRow {
  std::uint32_t address;     // in the file, from its lowest segment on
  std::int32_t cfa;          // CFA: register `base` plus this
  std::int16_t return_at;    // where the return address is, and
  std::int16_t frame_at;     // the caller's frame pointer, if `saves_frame`: from the CFA, or of a signal's frame from its stack pointer
  std::uint8_t base;         // a word of struct pt_regs; or unwind_unknown
  std::uint8_t flags;
  std::uint16_t stub_pushes;  // of a linkage table's entry: from this offset in its 16 bytes on one more word is on the stack; 0: no such
};
static_assert(sizeof(UnwindRow) == 16);
inline constexpr std::uint8_t unwind_unknown = 0xff;  // nothing is known of this code
inline constexpr std::uint8_t unwind_outermost = 1;   // nobody called this function
inline constexpr std::uint8_t unwind_saves_frame = 2;
inline constexpr std::uint8_t unwind_follows = 4;     // `base` plus `cfa` is where the CFA is kept
inline constexpr std::uint8_t unwind_signal = 8;      // the frame that a signal makes: the caller was stopped, it made no call

// Words of struct pt_regs of x86_64 (arch/x86/include/uapi/asm/ptrace.h).
inline constexpr std::uint32_t registers_bp = 4, registers_ip = 16, registers_sp = 19, registers_count = 21;

// A piece of a process's memory that holds code. The first row stands for none: `end` is the number of rows, `base` when the session was last
// told of code that is in none of them (CLOCK_MONOTONIC, ns).
struct UnwindPlace {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint64_t base;   // what the addresses of the table's rows have to be raised by
  std::uint32_t table;  // 0: nothing describes the code, which is taken to keep frame pointers
  std::uint32_t rows;   // of the table
};
static_assert(sizeof(UnwindPlace) == 32);

inline constexpr std::uint32_t unwind_search_steps = 24;             // halvings: a table has at most 2^24 rows
inline constexpr std::uint32_t unwind_max_tables = 8192;             // files
inline constexpr std::uint32_t unwind_max_processes = 1024;
inline constexpr std::uint64_t unwind_patience = 100'000'000;        // ns between two questions for a process's code

// Processes that programs remember as known to the session.
inline constexpr std::uint32_t known_processes = 4096;

struct TimestampValue {
  std::uint64_t nanoseconds;  // of CLOCK_BOOTTIME
  std::uint64_t format;       // index in Plan::time_formats
};
static_assert(sizeof(TimestampValue) == 16);

// An IP address.
struct InetValue {
  std::uint64_t family;      // AF_INET or AF_INET6
  std::uint8_t address[16];  // network order; of AF_INET the first 4 bytes
};
static_assert(sizeof(InetValue) == 24);

struct CgroupPathValue {
  std::uint64_t id;
  std::uint64_t pattern;  // index in Plan::cgroup_patterns
};
static_assert(sizeof(CgroupPathValue) == 16);

// What stands in front of a packet in the buffers that skboutput() fills.
struct PacketHeader {
  std::uint32_t capture;      // index in Plan::captures
  std::uint32_t bytes;        // of the packet that follow, those that are left out included
  std::uint64_t skipped;      // bytes at its beginning that are left out
  std::uint64_t nanoseconds;  // of CLOCK_BOOTTIME
};
static_assert(sizeof(PacketHeader) == 24);

// join(): the NUL-terminated strings stand one behind the other.
struct JoinedValue {
  std::uint32_t bytes;  // of all strings, each with its NUL
  std::uint32_t cut;    // not zero: there were more
};
inline constexpr std::uint32_t joined_room = 16u << 10;         // for all strings but the last
inline constexpr std::uint32_t joined_string_room = 4u << 10;   // for each
inline constexpr std::uint32_t joined_strings = 256;            // at most

// Per-CPU bytes of an aggregation. A CPU that never updated it holds zeroes.
struct CountValue { std::uint64_t count; };
struct SumValue { std::uint64_t sum; std::uint64_t updated; };           // updated: non-zero once written
struct ExtremeValue { std::uint64_t value; std::uint64_t updated; };    // min, max
struct AverageValue { std::uint64_t total; std::uint64_t count; };      // avg, stats
// tseries: one per interval, at index `epoch` modulo their number.
struct SeriesInterval {
  std::uint64_t epoch;   // time since 1970 divided by the interval's length; what is older than the newest ones is out of date
  std::uint64_t value;
  std::uint64_t detail;  // last: when it was taken, in ns; average: number of values; others: 1; 0: no value
};
// hist: u64 counts[hist_buckets(bits)]; lhist: u64 counts[lhist_buckets(…)].

// Bucket 0: negatives. With k = bits: 1 + n for n < 2^(k+1) values that have a bucket of their own; then 2^k buckets per power of two.
std::uint32_t hist_buckets(std::uint32_t bits);
// First value and (exclusive) last value of bucket `index` ≥ 1. The last bucket ends at 2^63.
struct BucketRange { std::uint64_t low, high; };
BucketRange hist_bucket_range(std::uint32_t index, std::uint32_t bits);
// The bucket of a value: the rule that the generated code follows.
std::uint32_t hist_bucket(std::int64_t value, std::uint32_t bits);

// Bucket 0: below min; 1 …: steps, the last of them shorter where `step` does not divide max - min; then one for max and above.
// `step` is at least 1 and min at most max.
std::uint32_t lhist_buckets(const Buckets& buckets);
std::uint32_t lhist_bucket(std::int64_t value, const Buckets& buckets);

// Bytes of an aggregation on one CPU.
std::uint32_t aggregation_size(Aggregation kind, const Buckets& buckets);

// Whether the kernel can keep such a value for each CPU. It has no room for larger ones: they are kept once, for all CPUs.
bool fits_per_cpu(const Type& aggregation);

// Non-aggregation scalar maps end in a u64 that is non-zero once they were written: offset of it behind a value of this type.
std::uint32_t scalar_written_offset(const Type& value);

}  // namespace fathom::layout

// The scripts of the benchmark written by hand in C, the way an expert would: one object per variant, chosen by -DVARIANT_name.
// The loader (loader.c) attaches the program `handle` and, where the object has a ring, prints what comes out of it.
#include <linux/bpf.h>  // first: the other one uses its types

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct comm {
  char text[16];
};

// The record of a syscall tracepoint: 8 bytes common to all, the number, the arguments.
struct syscall_enter {
  __u64 common;
  __s64 number;
  __u64 arguments[6];
};

#if defined(VARIANT_count)
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} values SEC(".maps");

SEC("tracepoint")
int handle(struct syscall_enter* context) {
  __u32 key = 0;
  __u64* value = bpf_map_lookup_elem(&values, &key);
  if (value) ++*value;
  return 0;
}
#endif

#if defined(VARIANT_comm)
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(max_entries, 4096);
  __type(key, struct comm);
  __type(value, __u64);
} values SEC(".maps");

SEC("tracepoint")
int handle(struct syscall_enter* context) {
  struct comm key = {};
  bpf_get_current_comm(&key, sizeof(key));
  __u64* value = bpf_map_lookup_elem(&values, &key);
  if (value) {
    ++*value;
  } else {
    __u64 one = 1;
    bpf_map_update_elem(&values, &key, &one, BPF_ANY);
  }
  return 0;
}
#endif

#if defined(VARIANT_hist)
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 66);
  __type(key, __u32);
  __type(value, __u64);
} values SEC(".maps");

static __always_inline __u32 log2_of(__u64 value) {
  __u32 result = 0;
  __u32 shift = (value > 0xffffffffu) << 5;
  value >>= shift, result |= shift;
  shift = (value > 0xffff) << 4;
  value >>= shift, result |= shift;
  shift = (value > 0xff) << 3;
  value >>= shift, result |= shift;
  shift = (value > 0xf) << 2;
  value >>= shift, result |= shift;
  shift = (value > 0x3) << 1;
  value >>= shift, result |= shift;
  return result | (value >> 1);
}

SEC("tracepoint")
int handle(struct syscall_enter* context) {
  __s64 operand = context->arguments[2];
  // Bucket 0 holds negative numbers, bucket 1 zero, bucket 2 one, bucket 3 two and three, …
  __u32 key = operand < 0 ? 0 : operand == 0 ? 1 : log2_of(operand) + 2;
  __u64* value = bpf_map_lookup_elem(&values, &key);
  if (value) ++*value;
  return 0;
}
#endif

#if defined(VARIANT_printf) || defined(VARIANT_printf_batched) || defined(VARIANT_begin_print)
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4 << 20);
} events SEC(".maps");

struct event {
  __u64 id;
  __u64 pid;
  struct comm comm;
};

// The natural program wakes its reader up; the batched one leaves it to look every 100 ms.
#if defined(VARIANT_printf_batched)
enum { flags = BPF_RB_NO_WAKEUP };
#else
enum { flags = 0 };
#endif

#if defined(VARIANT_begin_print)
SEC("raw_tp")
#else
SEC("tracepoint")
#endif
int handle(void* context) {
  struct event* event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event) return 0;
  event->id = 1;
  event->pid = bpf_get_current_pid_tgid() >> 32;
  bpf_get_current_comm(&event->comm, sizeof(event->comm));
  bpf_ringbuf_submit(event, flags);
  return 0;
}
#endif

#if defined(VARIANT_begin)
SEC("raw_tp")
int handle(void* context) { return 0; }
#endif

// The hand-written program that fathom is measured against: opens one object of programs.bpf.c, loads it, attaches it to a syscall
// tracepoint (or runs it once), and shows at the end what it counted. No more than an expert would write for one purpose.
//   loader OBJECT [SYSCALL-EVENT]     loader count.bpf.o sys_enter_openat
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

struct event {
  __u64 id;
  __u64 pid;
  char comm[16];
};

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

static int die(const char* what) {
  perror(what);
  exit(1);
}

// tracefs without mounting it anywhere.
static int open_tracefs(void) {
  int context = syscall(SYS_fsopen, "tracefs", 1);
  if (context < 0 || syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) < 0) die("fsopen tracefs");
  int mount = syscall(SYS_fsmount, context, 1, 0);
  if (mount < 0) die("fsmount tracefs");
  close(context);
  return mount;
}

static struct bpf_link* attach(struct bpf_program* program, const char* event) {
  char path[128], text[16] = "";
  int tracefs = open_tracefs();
  snprintf(path, sizeof(path), "events/syscalls/%s/id", event);
  int file = openat(tracefs, path, O_RDONLY);
  if (file < 0 || read(file, text, sizeof(text) - 1) <= 0) die(path);
  close(file);
  close(tracefs);
  struct perf_event_attr attributes = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attributes), .config = strtoull(text, NULL, 10)};
  attributes.sample_period = 1;
  attributes.wakeup_events = 1;
  int descriptor = syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
  if (descriptor < 0) die("perf_event_open");
  struct bpf_link* link = bpf_program__attach_perf_event(program, descriptor);
  if (!link) die("attach");
  return link;
}

static int print_event(void* context, void* data, size_t size) {
  (void)context;
  (void)size;
  const struct event* event = data;
  printf("%d %s\n", (int)event->pid, event->comm);
  return 0;
}

// The per-CPU values of every key, summed.
static void print_map(int map, size_t key_size) {
  int cpus = libbpf_num_possible_cpus();
  __u64* values = calloc(cpus, sizeof(*values));
  char key[64], next[64];
  for (void* previous = NULL; bpf_map_get_next_key(map, previous, next) == 0; previous = key) {
    memcpy(key, next, key_size);
    __u64 sum = 0;
    if (bpf_map_lookup_elem(map, key, values)) continue;
    for (int cpu = 0; cpu < cpus; ++cpu) sum += values[cpu];
    if (sum && key_size == 16) printf("@[%.16s]: %llu\n", key, sum);
    if (sum && key_size == 4) printf("@[%u]: %llu\n", *(__u32*)key, sum);
  }
  free(values);
}

static int quiet(enum libbpf_print_level level, const char* format, va_list arguments) {
  return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  libbpf_set_print(quiet);
  struct sigaction action = {.sa_handler = stop};  // without SA_RESTART: a signal ends the wait
  sigaction(SIGINT, &action, NULL);
  struct bpf_object* object = bpf_object__open(argv[1]);
  if (!object || bpf_object__load(object)) die(argv[1]);
  struct bpf_program* program = bpf_object__find_program_by_name(object, "handle");
  struct bpf_map* values = bpf_object__find_map_by_name(object, "values");
  struct bpf_map* events = bpf_object__find_map_by_name(object, "events");
  struct ring_buffer* ring = events ? ring_buffer__new(bpf_map__fd(events), print_event, NULL, NULL) : NULL;
  if (argc == 2) {
    LIBBPF_OPTS(bpf_test_run_opts, options);
    if (bpf_prog_test_run_opts(bpf_program__fd(program), &options)) die("test run");
    if (ring) ring_buffer__consume(ring);
    return 0;
  }
  struct bpf_link* link = attach(program, argv[2]);
  while (!stopped) {
    if (!ring) {
      pause();
    } else if (ring_buffer__poll(ring, 100) == 0) {
      ring_buffer__consume(ring);
    }
  }
  bpf_link__destroy(link);
  if (ring) ring_buffer__consume(ring);
  if (values) print_map(bpf_map__fd(values), bpf_map__key_size(values));
  return 0;
}

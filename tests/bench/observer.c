// The stopwatch of the benchmark. Starts a tracing tool and watches it from outside, so that every tool is measured alike:
//   observer text TEXT -- COMMAND...    time from before fork until TEXT stands on the tool's standard output, and until it exits
//   observer open -- COMMAND...         time from before fork until a BPF program of the tool has run for the first time, while this
//                                       process keeps calling openat(2); then SIGINT
//   observer read COUNT -- COMMAND...   run time of the tool's BPF programs while this process calls read(2) COUNT times; then SIGINT
// The kernel's own statistics (BPF_ENABLE_STATS) say how often and how long programs ran. A program is the tool's if the tool holds a
// descriptor of it. Prints one line of JSON: times in ns, memory in KiB; what does not apply is 0.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { max_programs = 64, batch = 500 };
static const long long patience = 20LL * 1000 * 1000 * 1000;

struct counts {
  unsigned long long run_time;
  unsigned long long runs;
};

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void die(const char* what) {
  fprintf(stderr, "observer: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void wait_microseconds(long microseconds) {
  struct timespec time = {.tv_nsec = microseconds * 1000};
  nanosleep(&time, NULL);
}

static int bpf(int command, union bpf_attr* attributes) { return syscall(SYS_bpf, command, attributes, sizeof(*attributes)); }

static unsigned next_program(unsigned id) {
  union bpf_attr attributes = {.start_id = id};
  return bpf(BPF_PROG_GET_NEXT_ID, &attributes) ? 0 : attributes.next_id;
}

static unsigned last_program(void) {
  unsigned last = 0;
  for (unsigned id = 0; (id = next_program(id)) != 0;) last = id;
  return last;
}

static struct counts counts_of(unsigned id) {
  struct counts none = {0, 0};
  union bpf_attr attributes = {.prog_id = id};
  int descriptor = bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
  if (descriptor < 0) return none;
  struct bpf_prog_info info = {0};
  union bpf_attr query = {.info = {.bpf_fd = descriptor, .info_len = sizeof(info), .info = (unsigned long)&info}};
  int failed = bpf(BPF_OBJ_GET_INFO_BY_FD, &query);
  close(descriptor);
  struct counts counts = {info.run_time_ns, info.run_cnt};
  return failed ? none : counts;
}

// Whether the process has a descriptor (of the program or of a link) that names the program.
static int holds_program(pid_t process, unsigned id) {
  char path[64], wanted[32], text[1024];
  snprintf(path, sizeof(path), "/proc/%d/fdinfo", process);
  snprintf(wanted, sizeof(wanted), "prog_id:\t%u\n", id);
  DIR* directory = opendir(path);
  if (!directory) return 0;
  int found = 0;
  for (struct dirent* entry; !found && (entry = readdir(directory));) {
    int file = openat(dirfd(directory), entry->d_name, O_RDONLY);
    if (file < 0) continue;
    ssize_t size = read(file, text, sizeof(text) - 1);
    close(file);
    text[size > 0 ? size : 0] = 0;
    found = strstr(text, wanted) != NULL;
  }
  closedir(directory);
  return found;
}

static pid_t start(char** command, int output) {
  pid_t process = fork();
  if (process != 0) return process;
  dup2(output, STDOUT_FILENO);
  int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  if (!getenv("OBSERVER_STDERR")) dup2(nothing, STDERR_FILENO);
  execvp(command[0], command);
  _exit(127);
}

static void pin(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (sysconf(_SC_NPROCESSORS_ONLN) > 1) sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void one_event(const char* mode) {
  static int zero = -1;
  char byte;
  if (strcmp(mode, "open") == 0) {
    close(open("/dev/null", O_RDONLY));
    return;
  }
  if (zero < 0) zero = open("/dev/zero", O_RDONLY);
  if (read(zero, &byte, 1) != 1) die("read /dev/zero");
}

// Waits until a program of the tool has run; fills `programs` and returns how many of them there are.
static int first_run(pid_t process, unsigned last, const char* mode, long long start_time, unsigned* programs) {
  unsigned foreign[max_programs], foreigners = 0;
  while (now() - start_time < patience) {
    one_event(mode);
    for (unsigned id = last; (id = next_program(id)) != 0;) {
      int known = 0;
      for (unsigned i = 0; i < foreigners; ++i) known |= foreign[i] == id;
      if (known || counts_of(id).runs == 0) continue;
      if (holds_program(process, id)) {
        programs[0] = id;
        return 1;
      }
      if (foreigners < max_programs) foreign[foreigners++] = id;
    }
    int status;
    if (waitpid(process, &status, WNOHANG) == process) {
      fprintf(stderr, "observer: the tool ended before any of its programs ran (status %d)\n", status);
      exit(1);
    }
    wait_microseconds(50);
  }
  fprintf(stderr, "observer: no program of the tool ran in time\n");
  kill(process, SIGKILL);
  exit(1);
}

static int all_programs(pid_t process, unsigned last, unsigned* programs) {
  int count = 0;
  for (unsigned id = last; (id = next_program(id)) != 0 && count < max_programs;) {
    if (holds_program(process, id)) programs[count++] = id;
  }
  return count;
}

static struct counts sum(const unsigned* programs, int count) {
  struct counts total = {0, 0};
  for (int i = 0; i < count; ++i) {
    struct counts counts = counts_of(programs[i]);
    total.run_time += counts.run_time;
    total.runs += counts.runs;
  }
  return total;
}

// In batches with pauses: a tool that prints can keep up, so that no event is dropped and so cheap.
static void many_events(long count) {
  for (long i = 0; i < count; ++i) {
    one_event("read");
    if (i % batch == batch - 1) wait_microseconds(2000);
  }
}

static long long until_text(int output, const char* text, long long start_time) {
  char seen[65536];
  size_t size = 0;
  long long found = 0;
  for (ssize_t got; (got = read(output, seen + size, sizeof(seen) - size - 1)) > 0;) {
    size += got;
    seen[size] = 0;
    if (!found && strstr(seen, text)) found = now() - start_time;
    if (size > sizeof(seen) / 2) size = 0;
  }
  return found;
}

int main(int argc, char** argv) {
  int separator = 1;
  while (separator < argc && strcmp(argv[separator], "--") != 0) ++separator;
  if (argc < 4 || separator + 1 >= argc) return 2;
  const char* mode = argv[1];
  char** command = argv + separator + 1;
  union bpf_attr attributes = {.enable_stats = {.type = BPF_STATS_RUN_TIME}};
  if (bpf(BPF_ENABLE_STATS, &attributes) < 0) die("BPF_ENABLE_STATS");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) die("pipe");
  int sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
  unsigned last = last_program();
  unsigned programs[max_programs];
  struct counts before = {0, 0}, after = {0, 0};
  long long first = 0;

  long long start_time = now();
  int reads_text = strcmp(mode, "text") == 0;
  pid_t process = start(command, reads_text ? ends[1] : sink);
  close(ends[1]);
  if (reads_text) {
    first = until_text(ends[0], argv[2], start_time);
  } else {
    if (strcmp(mode, "read") == 0) pin(1);
    first_run(process, last, mode, start_time, programs);
    first = now() - start_time;
    if (strcmp(mode, "read") == 0) {
      int count = all_programs(process, last, programs);
      many_events(10000);
      before = sum(programs, count);
      many_events(atol(argv[2]));
      after = sum(programs, count);
    }
    kill(process, SIGINT);
  }
  int status;
  struct rusage usage;
  wait4(process, &status, 0, &usage);
  long long end = now() - start_time;
  printf("{\"first\": %lld, \"exit\": %lld, \"memory\": %ld, \"run_time\": %llu, \"runs\": %llu, \"status\": %d}\n", first, end,
         usage.ru_maxrss, after.run_time - before.run_time, after.runs - before.runs, status);
  return 0;
}

/* Under the name `operations`: a known number of system calls, calls of a function, page faults and static probes, for tests that count. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { page = 4096, pages = 64 };

__attribute__((noinline)) int operation(int number) {
  __asm__ volatile("");
  return 2 * number;
}
__attribute__((noinline)) void faults_begin(int counts) { __asm__ volatile("" : : "r"(counts)); }
__attribute__((noinline)) void faults_end(void) { __asm__ volatile(""); }
__attribute__((noinline)) int last(int number) {
  __asm__ volatile("");
  return number;
}

static void touch_pages(void) {
  char *memory = mmap(0, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(memory, pages * page, MADV_NOHUGEPAGE);
  /* A probe that is hit for the first time costs a fault of its own. */
  faults_begin(0);
  faults_end();
  faults_begin(1);
  for (int i = 0; i < pages; ++i) *(volatile char *)(memory + i * page) = 1;
  faults_end();
}

static void *wait_for_end(void *unused) {
  pause();
  return unused;
}

int main(int count, char **arguments) {
  struct stat status;
  int null = open("/dev/null", O_WRONLY);
  prctl(PR_SET_NAME, "operations");
  if (count > 1) { /* six threads besides this one, which stay */
    pthread_t thread;
    for (int i = 0; i < 6; ++i) pthread_create(&thread, 0, wait_for_end, 0);
    wait_for_end(0);
  }
  for (int i = 0; i < 17; ++i) write(null, "abc", 3);
  for (int i = 0; i < 11; ++i) syscall(SYS_getppid);
  for (int i = 0; i < 19; ++i) syscall(SYS_getsid, 0);
  for (int i = 0; i < 13; ++i) stat(arguments[0], &status);
  int sum = 0;
  for (int i = 0; i < 23; ++i) sum += operation(i);
  touch_pages();
  /* Each of these once, for the order of the probes of one event. */
  write(null, "once", 4);
  last(sum);
  syscall(SYS_getpgid, 0);
  return 0;
}

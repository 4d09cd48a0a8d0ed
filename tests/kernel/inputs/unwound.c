// Calls `reached` from below what needs more than frame pointers to get out of: functions of libc, a frame whose size is known at run time only, one
// that aligns its stack, the handler of a signal, and code that is loaded later (with an argument: the library to load).
#include <alloca.h>
#include <dlfcn.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN __attribute__((noinline, noclone))

static volatile int sink;

OWN void reached(int why) { sink += why; __asm__ volatile("" ::: "memory"); }

OWN static int compare(const void *left, const void *right) {
  reached(1);
  return *(const char *)left - *(const char *)right;
}

OWN static void through_libc(void) {
  size_t count = 1;
  sink += lfind("b", "b", &count, 1, compare) != NULL;
}

OWN static void of_any_size(int size) {
  char *memory = alloca((size_t)size);
  memset(memory, size, (size_t)size);
  reached(2);
  sink += memory[size / 2];
}

OWN static void aligned(void) {
  _Alignas(64) volatile char memory[64];
  memory[sink & 63] = 1;
  reached(3);
  sink += memory[5];
}

OWN static void on_signal(int number) {
  reached(4);
  sink += number;
}

OWN static void signalled(void) {
  kill(getpid(), SIGUSR1);
  sink += 1;
}

OWN static void loaded_later(const char *path) {
  void *library = dlopen(path, RTLD_NOW);
  void (*call)(void (*)(int)) = library == NULL ? NULL : (void (*)(void (*)(int)))dlsym(library, "call_back");
  for (int i = 0; call != NULL && i < 50; ++i) {
    call(reached);
    usleep(50000);
  }
}

int main(int count, char **arguments) {
  if (count > 1) {
    loaded_later(arguments[1]);
    return 0;
  }
  signal(SIGUSR1, on_signal);
  through_libc();
  of_any_size(300 + count);
  aligned();
  signalled();
  return 0;
}

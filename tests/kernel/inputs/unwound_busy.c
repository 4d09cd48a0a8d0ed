// Keeps busy for some seconds in functions of many shapes, and in calls of libc.
#include <alloca.h>
#include <string.h>
#include <unistd.h>

#define OWN __attribute__((noinline, noclone))

static volatile size_t sink;

OWN static size_t inner(const char *text, size_t length) { return strnlen(text, length) + sink; }

OWN static size_t middle(size_t length) {
  char *memory = alloca(length);
  memset(memory, 'x', length);
  size_t sum = inner(memory, length);
  return sum + inner(memory + 1, length - 1);
}

OWN static size_t aligned(size_t depth) {
  _Alignas(64) volatile char memory[128];
  memory[depth] = 1;
  size_t sum = depth == 0 ? middle(100) : aligned(depth - 1);
  return sum + (size_t)memory[depth];
}

int main(void) {
  alarm(120);
  usleep(500000);  // long enough to be found asleep, which says that it is there
  for (;;) sink = aligned(5);
}

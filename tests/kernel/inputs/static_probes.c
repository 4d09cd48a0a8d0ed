/* A program with static probes (USDT): notes as sys/sdt.h writes them. */
#include <unistd.h>

#include "static_probe.h"

struct table {
  long filler[4];
  long cells[8];
};

static char text[] = "some text";
static struct table table;
long counted = 77;
__attribute__((section(".probes"), used)) volatile unsigned short demo_guarded_semaphore;

/* Inlined twice, so that the probe is at two places. */
static inline __attribute__((always_inline)) void twice(int number) {
  __asm__ volatile(NOTE("demo", "twice", "0", "-4@%0 8@%1") : : "r"(number), "r"(text) : "memory");
}

__attribute__((noinline)) void memory(long a, short b, long index) {
  long local[3] = {a, b, 5};
  __asm__ volatile(NOTE("demo", "memory", "0", "8@%0 -2@%1 -4@$-9 8@32(%2,%3,8) 8@counted(%%rip) 1@%b4")
                   :
                   : "m"(local[0]), "m"(b), "r"(&table), "r"(index), "q"(a)
                   : "memory");
}

/* The assembler's numbers are signed whatever the argument is. */
__attribute__((noinline)) void constants(void) {
  __asm__ volatile(NOTE("demo", "constants", "0", "4@$-202182160 -4@$-202182160 2@$-3600 -2@$-3600 1@$-16 -1@$-16 8@$-5") : : : "memory");
}

__attribute__((noinline)) void guarded(int number) {
  if (demo_guarded_semaphore == 0) return;
  __asm__ volatile(NOTE("demo", "guarded", "demo_guarded_semaphore", "-4@%0") : : "nor"(number) : "memory");
}

int main(int count, char **arguments) {
  if (count > 1) read(0, text, 1); /* until somebody listens */
  text[0] = 'S'; /* a probe can only read what is in memory */
  for (int i = 0; i < 3; ++i) twice(-i);
  if (text[1]) twice(40);
  for (int i = 0; i < 8; ++i) table.cells[i] = 100 + i;
  memory(0x1ff, -2, 6);
  constants();
  for (int i = 1; i <= 5; ++i) guarded(i);
  return arguments[0] == 0;
}

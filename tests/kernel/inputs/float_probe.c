/* A static probe with a floating-point number among its arguments, and one that is addressed by an index alone. */
#include "static_probe.h"

static short cells[4] = {1, -22, 3, 4};

int main(int count, char **arguments) {
  double number = count + 0.5;
  volatile short *first = cells;
  (void)first[1]; /* a probe can only read what is in memory */
  unsigned long half = (unsigned long)cells / 2;
  __asm__ volatile(NOTE("demo", "float", "0", "8@$11 8f@%1 -2@2(,%0,2)") : : "r"(half), "x"(number) : "memory");
  return arguments[0] == 0;
}

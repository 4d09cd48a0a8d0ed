/* Functions of which one begins with a locked instruction, at which no uprobe can be set. Waits for a line, then calls them. */
#include <unistd.h>

int odd_locked(int *number);
__asm__(".globl odd_locked\n.type odd_locked, @function\nodd_locked: lock incl (%rdi)\nmov (%rdi), %eax\nret\n.size odd_locked, . - odd_locked\n");
__attribute__((noinline)) int odd_first(int number) { return number + 1; }
__attribute__((noinline)) int odd_second(int number) { return number + 2; }

int main(void) {
  char byte;
  int number = 0;
  if (read(0, &byte, 1) != 1) return 1;
  for (int i = 0; i < 3; ++i) number += odd_first(i) + odd_locked(&number);
  number += odd_second(number);
  return number == 0;
}

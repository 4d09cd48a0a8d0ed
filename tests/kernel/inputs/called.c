/* Functions that tests set uprobes on; main() calls each of them a known number of times. */
#include <stdio.h>

struct pair {
  int first;
  long second;
};

char text[] = "a text";
int global_number = 42;

__attribute__((noinline)) long add(long a, long b) { return a + b; }
__attribute__((noinline)) int ninth(int a, int b, int c, int d, int e, int f, int g, int h, int i) { return a + b + c + d + e + f + g + h + i; }
__attribute__((noinline)) const char *say(const char *what) {
  __asm__ volatile("" : : "r"(what) : "memory");
  return what;
}
__attribute__((noinline)) long take(const struct pair *pair) { return pair->second - pair->first; }
__attribute__((noinline)) int many_a(int n) { return n + 1; }
__attribute__((noinline)) int many_b(int n) { return n + 2; }
__attribute__((noinline)) int many_c(int n) { return n + 3; }

int main(void) {
  struct pair pair = {3, 1000};
  long sum = 0;
  text[0] = 'A'; /* a probe can only read what is in memory */
  for (int i = 0; i < 7; ++i) sum = add(sum, i);
  sum += ninth(1, 2, 3, 4, 5, 6, 70, 80, 90);
  for (int i = 0; i < 3; ++i) say(text);
  sum += take(&pair);
  sum += many_a(1) + many_b(2) + many_b(3) + many_c(4) + many_c(5) + many_c(6);
  return sum == 0;
}

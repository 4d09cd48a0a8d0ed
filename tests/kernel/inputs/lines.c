/* Lines that tests set probes on: their numbers count. */
struct point {
  int x;
  struct point *next;
};
enum color { RED, GREEN };

static inline __attribute__((always_inline)) int twice(int number) {
  return number * 2 + 1; /* line 9: inlined into two functions */
}

__attribute__((noinline)) int first(int number) {
  int result = twice(number);
  __asm__ volatile("" : "+r"(result));
  return result;
}

__attribute__((noinline)) int second(struct point *place, char letter, double factor, enum color color, unsigned short small, long a, long b, long c) {
  int result = twice(place->x) + letter + color + small + (int)factor + (int)(a + b + c);
  if (place->next) {
    result += place->next->x; /* line 21 */
  }
  __asm__ volatile("" : "+r"(result));
  return result;
}

int main(void) {
  struct point tail = {7, 0}, head = {5, &tail};
  int sum = 0;
  for (int i = 0; i < 4; ++i) {
    sum += first(i);
  }
  sum += second(&head, 'x', 2.5, GREEN, 65535, -3, 4, 5);
  sum += second(&tail, 'y', 2.5, RED, 1, 0, 0, 0);
  return sum == 0;
}

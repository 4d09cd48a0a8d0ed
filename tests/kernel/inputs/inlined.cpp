// A call within a call, both inlined: lines that tests set probes on.
namespace shapes {
struct Square {
  static inline __attribute__((always_inline)) int half(int length) {
    __asm__ volatile("nop" : "+r"(length));  // line 5
    return length / 2;
  }
  static inline __attribute__((always_inline)) int area(int length) { return half(length) * length; }
};
}  // namespace shapes

__attribute__((noinline)) int measure(int length) {
  int result = shapes::Square::area(length);
  __asm__ volatile("" : "+r"(result));
  return result;
}

int main() { return measure(4) == 8 ? 0 : 1; }

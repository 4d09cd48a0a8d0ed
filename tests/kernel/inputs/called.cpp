// C++ names to set uprobes on.
namespace shapes {
struct Circle {
  int radius = 0;
  __attribute__((noinline)) int grow(int by);
};
int Circle::grow(int by) {
  asm volatile("");
  return radius += by;
}
__attribute__((noinline)) int area(int side) { return side * side; }
__attribute__((noinline)) int area(int width, int height) { return width * height; }
}  // namespace shapes

int main() {
  shapes::Circle circle;
  circle.grow(2);
  circle.grow(3);
  volatile int result = shapes::area(4) + shapes::area(2, 3) + shapes::area(5);
  return result == 0;
}

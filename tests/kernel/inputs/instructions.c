/* A function of a long instruction, which has the bytes of others inside, and a short one; main() calls it three times. */
__asm__(
    ".text\n"
    ".globl longer\n.type longer,@function\nlonger: movl $0x90909090, %eax\nret\n.size longer, 6\n"
    ".globl odd_code\n.type odd_code,@function\nodd_code: ret\n.byte 0x06, 0x06\nret\n.size odd_code, 4\n");

int longer(void);

int main(void) {
  int sum = 0;
  for (int i = 0; i < 3; ++i) sum += longer();
  return sum == 0;
}

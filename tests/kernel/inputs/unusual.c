/* Symbols as assemblers, the Go and the Rust compiler make them; main() calls each function a known number of times. */
__asm__(
    ".text\n"
    ".globl sized\n.type sized,@function\nsized: nop\nnop\nnop\nret\n.size sized, 4\n"
    ".globl unsized\n.type unsized,@function\nunsized: nop\nret\n"
    ".globl _RNvNtC5crate6module8new_name\n.type _RNvNtC5crate6module8new_name,@function\n"
    "_RNvNtC5crate6module8new_name: nop\nret\n.size _RNvNtC5crate6module8new_name, 2\n"
    ".globl _ZN5crate6module17h0123456789abcdefE\n.type _ZN5crate6module17h0123456789abcdefE,@function\n"
    "_ZN5crate6module17h0123456789abcdefE: nop\nret\n.size _ZN5crate6module17h0123456789abcdefE, 2\n"
    ".globl _ZN44_$LT$crate..Type$u20$as$u20$crate..Trait$GT$4call17h0123456789abcdefE\n"
    ".type _ZN44_$LT$crate..Type$u20$as$u20$crate..Trait$GT$4call17h0123456789abcdefE,@function\n"
    "_ZN44_$LT$crate..Type$u20$as$u20$crate..Trait$GT$4call17h0123456789abcdefE: nop\nret\n"
    ".size _ZN44_$LT$crate..Type$u20$as$u20$crate..Trait$GT$4call17h0123456789abcdefE, 2\n");
#ifdef GO
__asm__(".section .gopclntab,\"a\"\n.byte 0\n.text\n");
#endif

void sized(void);
void unsized(void);
void rust_new(void) __asm__("_RNvNtC5crate6module8new_name");
void rust_old(void) __asm__("_ZN5crate6module17h0123456789abcdefE");
void rust_trait(void) __asm__("_ZN44_$LT$crate..Type$u20$as$u20$crate..Trait$GT$4call17h0123456789abcdefE");

__attribute__((noinline)) static int hidden(int number) {
  __asm__ volatile("");
  return number + 1;
}

int main(int count, char **arguments) {
  for (int i = 0; i < 3; ++i) sized();
  for (int i = 0; i < 2; ++i) unsized();
  rust_new();
  rust_old();
  rust_trait();
  return arguments[0] == 0 ? hidden(count) : hidden(count) - 2;
}

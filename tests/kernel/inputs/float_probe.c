/* A static probe with a floating-point number among its arguments, and one that is addressed by an index alone. */
#define NOTE(provider, name, semaphore, arguments)                                                      \
  "990: nop\n"                                                                                          \
  ".pushsection .note.stapsdt,\"\",\"note\"\n"                                                          \
  ".balign 4\n"                                                                                         \
  ".4byte 992f-991f, 994f-993f, 3\n"                                                                    \
  "991: .asciz \"stapsdt\"\n"                                                                           \
  "992: .balign 4\n"                                                                                    \
  "993: .8byte 990b\n"                                                                                  \
  ".8byte _.stapsdt.base\n"                                                                             \
  ".8byte " semaphore "\n"                                                                              \
  ".asciz \"" provider "\"\n"                                                                           \
  ".asciz \"" name "\"\n"                                                                               \
  ".asciz \"" arguments "\"\n"                                                                          \
  "994: .balign 4\n"                                                                                    \
  ".popsection\n"                                                                                       \
  ".ifndef _.stapsdt.base\n"                                                                            \
  ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"                               \
  ".weak _.stapsdt.base\n.hidden _.stapsdt.base\n_.stapsdt.base: .space 1\n.size _.stapsdt.base, 1\n"   \
  ".popsection\n.endif\n"

static short cells[4] = {1, -22, 3, 4};

int main(int count, char **arguments) {
  double number = count + 0.5;
  volatile short *first = cells;
  (void)first[1]; /* a probe can only read what is in memory */
  unsigned long half = (unsigned long)cells / 2;
  __asm__ volatile(NOTE("demo", "float", "0", "8@$11 8f@%1 -2@2(,%0,2)") : : "r"(half), "x"(number) : "memory");
  return arguments[0] == 0;
}

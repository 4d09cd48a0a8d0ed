/* NOTE(): a static probe (USDT) at this place of an asm statement, with the note that sys/sdt.h writes for it. */
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

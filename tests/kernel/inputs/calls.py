"""Under the name `called`: system calls with arguments that can be told apart, and one 32-bit call where the kernel has them."""

import ctypes
import mmap
import sys

LIBC = ctypes.CDLL(None)
PR_SET_NAME, MMAP, FCHOWNAT = 15, 9, 260
GETPID_OF_32_BITS = 20  # the number of writev in 64 bits

LIBC.prctl(PR_SET_NAME, b"called")
if "--compat" in sys.argv:
    # mov eax, 20; int 0x80; ret
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8" + GETPID_OF_32_BITS.to_bytes(4, "little") + b"\xcd\x80\xc3")
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
else:
    LIBC.syscall(*map(ctypes.c_long, [MMAP, 0x1111, 0x2222, 3, 4, -5, 0x6666]))
    LIBC.syscall(ctypes.c_long(FCHOWNAT), ctypes.c_long(-100), b"/no/such", ctypes.c_long(7), ctypes.c_long(8), ctypes.c_long(-9))

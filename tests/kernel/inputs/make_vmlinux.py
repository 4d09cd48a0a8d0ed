"""Makes a file that passes for the kernel with debugging information: one function at its real distance from the kernel's beginning, all of it
from line 77 of /made/up/entry.c.

    make_vmlinux.py FILE FUNCTION
"""
import subprocess
import sys

BASE = 0xFFFFFFFF81000000


def address_of(name):
    with open("/proc/kallsyms") as lines:
        for line in lines:
            words = line.split()
            if words[2] == name:
                return int(words[0], 16)
    raise SystemExit(f"no {name}")


def main(file, function):
    distance = address_of(function) - address_of("_stext")
    source = f"""
    .file 1 "/made/up" "entry.c"
    .section .begin, "ax"
    .globl _stext
_stext:
    nop
    .section .function, "ax"
    .globl {function}
    .type {function}, @function
{function}:
    .loc 1 77
    .rept 2048
    nop
    .endr
    .size {function}, . - {function}
"""
    command = ["cc", "-g", "-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,-e,_stext", f"-Wl,--section-start=.begin={BASE:#x}",
               f"-Wl,--section-start=.function={BASE + distance:#x}", "-x", "assembler", "-", "-o", file]
    subprocess.run(command, input=source, text=True, check=True)


main(*sys.argv[1:])

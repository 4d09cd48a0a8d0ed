"""Makes a ZIP archive with a library as it is, at the beginning of a page; with `run` calls the library's function in the archive itself.

    archive.py make ARCHIVE LIBRARY | archive.py run ARCHIVE NUMBER
"""
import ctypes
import mmap
import os
import struct
import sys
import zipfile

PAGE = 4096


def make(archive, library):
    data = open(library, "rb").read()
    name = "lib/called.so"
    info = zipfile.ZipInfo(name)
    info.extra = b"\0" * 0
    padding = -(30 + len(name)) % PAGE
    info.extra = struct.pack("<HH", 0xD935, padding - 4) + bytes(padding - 4)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as out:
        out.writestr(info, data)
        out.writestr("packed.txt", "text " * 100, zipfile.ZIP_DEFLATED)


def run(archive, times):
    """Maps the segment with the code, as Android's linker does, and calls the first function in it."""
    with zipfile.ZipFile(archive) as opened:
        data = opened.read("lib/called.so")
    programs, = struct.unpack_from("<Q", data, 32)
    for i in range(struct.unpack_from("<H", data, 56)[0]):
        kind, flags, offset, address, _, size = struct.unpack_from("<IIQQQQ", data, programs + i * 56)
        if kind == 1 and flags & 1:
            break
    descriptor = os.open(archive, os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    place = libc.mmap(None, ctypes.c_size_t(size), mmap.PROT_READ | mmap.PROT_EXEC, mmap.MAP_PRIVATE, descriptor, ctypes.c_long(PAGE + offset))
    symbol = int(sys.argv[4], 16)
    function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(place + symbol - address)
    for i in range(times):
        function(i)


if sys.argv[1] == "make":
    make(sys.argv[2], sys.argv[3])
else:
    run(sys.argv[2], int(sys.argv[3]))

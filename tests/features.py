"""What this machine can do, found out by trying, never by the kernel's version. The names are those of REQUIRES lines in text tests."""

import ctypes
import errno
import os
import pathlib
import shutil
import struct
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
SYS_FSOPEN, SYS_BPF, SYS_PERF_EVENT_OPEN = 430, 321, 298


def event_source(name):
    return pathlib.Path("/sys/bus/event_source/devices", name).is_dir()


def has_bpf():
    """Whether this process may make a BPF map: root, or the capabilities for it."""
    attributes = ctypes.create_string_buffer(struct.pack("IIII", 2, 4, 8, 1) + bytes(112))  # BPF_MAP_TYPE_ARRAY
    descriptor = LIBC.syscall(SYS_BPF, 0, attributes, 128)
    if descriptor >= 0:
        os.close(descriptor)
    return descriptor >= 0


def has_tracefs():
    """Mounted, or mountable without anybody seeing it."""
    if pathlib.Path("/sys/kernel/tracing/events").is_dir():
        return True
    descriptor = LIBC.syscall(SYS_FSOPEN, b"tracefs", 1)
    if descriptor >= 0:
        os.close(descriptor)
    return descriptor >= 0


def may_write_user():
    """Whether BPF programs may write to processes: a kernel that is locked down refuses to load one that does."""
    program = b"".join(struct.pack("<BBhi", *one) for one in [
        (0xB7, 1, 0, 0), (0xBF, 0xA2, 0, 0), (0x07, 2, 0, -8), (0x7A, 10, -8, 0), (0xB7, 3, 0, 8), (0x85, 0, 0, 36), (0xB7, 0, 0, 0), (0x95, 0, 0, 0)])
    instructions, license_text = ctypes.create_string_buffer(program), ctypes.create_string_buffer(b"GPL")
    attributes = ctypes.create_string_buffer(
        struct.pack("IIQQIIQ", 5, len(program) // 8, ctypes.addressof(instructions), ctypes.addressof(license_text), 0, 0, 0) + bytes(80))
    descriptor = LIBC.syscall(SYS_BPF, 5, attributes, len(attributes))
    if descriptor >= 0:
        os.close(descriptor)
    return descriptor >= 0


def has_btf_name(name):
    """Whether the kernel's type information has this name."""
    path = pathlib.Path("/sys/kernel/btf/vmlinux")
    return path.exists() and b"\0" + name + b"\0" in path.read_bytes()


def has_hardware_events():
    """Whether the CPU's cycle counter can be opened."""
    attributes = ctypes.create_string_buffer(struct.pack("IIQQ", 0, 128, 0, 1000000) + bytes(104))
    descriptor = LIBC.syscall(SYS_PERF_EVENT_OPEN, attributes, -1, 0, -1, 8)
    if descriptor >= 0:
        os.close(descriptor)
    return descriptor >= 0


def function_id(name):
    """The BTF id of a kernel function, or 0."""
    path = pathlib.Path("/sys/kernel/btf/vmlinux")
    data = path.read_bytes() if path.exists() else b""
    if not data:
        return 0
    header, types, type_bytes, strings = struct.unpack_from("<4xIIII", data)
    wanted = data.find(b"\0" + name.encode() + b"\0", header + strings) + 1 - header - strings
    behind = {1: 4, 3: 12, 14: 4, 17: 4}  # bytes that follow a type of this kind, and those per member
    per_member = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
    at, number = header + types, 1
    while at < header + types + type_bytes:
        name_offset, info = struct.unpack_from("<II", data, at)
        kind = info >> 24 & 0x1F
        if kind == 12 and name_offset == wanted:
            return number
        at += 12 + behind.get(kind, 0) + per_member.get(kind, 0) * (info & 0xFFFF)
        number += 1
    return 0


def load_empty_program(kind, attach_type, function=0):
    """The descriptor of a program that returns 0, or -1."""
    code = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0))
    license_text = ctypes.create_string_buffer(b"GPL")
    attributes = bytearray(128)
    struct.pack_into("<IIQQ", attributes, 0, kind, 2, ctypes.addressof(code), ctypes.addressof(license_text))
    struct.pack_into("<I", attributes, 68, attach_type)
    struct.pack_into("<I", attributes, 108, function)
    return LIBC.syscall(SYS_BPF, 5, ctypes.create_string_buffer(bytes(attributes), 128), 128)


def has_trampolines():
    """Whether a BPF program can be tied to a kernel function, one that the kernel has for its own tests."""
    function = function_id("bpf_fentry_test1")
    program = load_empty_program(26, 24, function) if function else -1  # BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY
    if program < 0:
        return False
    link = LIBC.syscall(SYS_BPF, 17, ctypes.create_string_buffer(struct.pack("<QII", 0, program, 0), 16), 16)
    os.close(program)
    if link >= 0:
        os.close(link)
    return link >= 0


def has_kprobe_session():
    """Whether the kernel knows programs that serve the call and the return of functions."""
    program = load_empty_program(2, 56)  # BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_SESSION
    if program >= 0:
        os.close(program)
    return program >= 0 and function_id("bpf_session_is_return") != 0


def has_raw_cookie():
    """Whether raw tracepoints take a number for programs to ask for: only then it is found out that there is no such program."""
    attributes = ctypes.create_string_buffer(struct.pack("<QiIQ", 0, -1, 0, 1), 24)
    LIBC.syscall(SYS_BPF, 17, attributes, 24)
    return ctypes.get_errno() == errno.EBADF


def has_uprobe_multi():
    """Whether the kernel knows links to many uprobes: only then it looks for the file, which is none."""
    program = load_empty_program(2, 48)  # BPF_PROG_TYPE_KPROBE, BPF_TRACE_UPROBE_MULTI
    if program < 0:
        return False
    path, offset = ctypes.create_string_buffer(b"/no/such/file"), ctypes.create_string_buffer(8)
    link = ctypes.create_string_buffer(
        struct.pack("<IIIIQQQQIIII", program, 0, 48, 0, ctypes.addressof(path), ctypes.addressof(offset), 0, 0, 1, 0, 0, 0).ljust(128, b"\0"))
    LIBC.syscall(SYS_BPF, 28, link, 64)
    error = ctypes.get_errno()
    os.close(program)
    return error == errno.ENOENT


def has_kprobe_multi():
    """Whether the kernel knows links to many functions: only then it looks for the one that does not exist."""
    program = load_empty_program(2, 42)  # BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_MULTI
    if program < 0:
        return False
    name = ctypes.create_string_buffer(b"no_such_function")
    names = ctypes.create_string_buffer(struct.pack("<Q", ctypes.addressof(name)))
    link = ctypes.create_string_buffer(struct.pack("<IIIIIIQQQ", program, 0, 42, 0, 0, 1, ctypes.addressof(names), 0, 0).ljust(128, b"\0"))
    LIBC.syscall(SYS_BPF, 28, link, 64)
    error = ctypes.get_errno()
    os.close(program)
    return error == errno.ESRCH


def has_kernel_function(line):
    """Whether the kernel's list of symbols has a function, of a module where one is named."""
    with open("/proc/kallsyms", encoding="ascii", errors="replace") as symbols:
        return any(symbol.split(None, 2)[2].split() == line for symbol in symbols)


def reports_breakpoints_together():
    """Whether the processor tells of all breakpoints that one instruction hits: emulated ones tell of the first."""
    variable = ctypes.create_string_buffer(8)
    attributes = ctypes.create_string_buffer(
        struct.pack("IIQQQQQIIQQ", 5, 112, 0, 0, 0, 0, 0, 0, 2, ctypes.addressof(variable), 1).ljust(112, b"\0"))  # PERF_TYPE_BREAKPOINT, HW_BREAKPOINT_W
    events = [LIBC.syscall(SYS_PERF_EVENT_OPEN, attributes, 0, -1, -1, 8) for _ in range(2)]
    variable[0] = b"x"
    hits = [struct.unpack("Q", os.read(event, 8))[0] for event in events if event >= 0]
    for event in events:
        if event >= 0:
            os.close(event)
    return len(hits) == 2 and hits[0] == hits[1] > 0


def has_32_bit_calls():
    """Whether a 64-bit process may make a 32-bit system call; where it may not, it is killed."""
    program = pathlib.Path(__file__).parent / "kernel" / "inputs" / "calls.py"
    return subprocess.run([sys.executable, str(program), "--compat"], capture_output=True, check=False).returncode == 0


PROBES = {
    "root": lambda: os.geteuid() == 0,
    "bpf": has_bpf,
    "tracefs": has_tracefs,
    "btf": lambda: pathlib.Path("/sys/kernel/btf/vmlinux").exists(),
    "software": lambda: event_source("software"),
    "kprobe": lambda: event_source("kprobe"),
    "uprobe": lambda: event_source("uprobe"),
    "breakpoint": lambda: event_source("breakpoint"),
    "breakpoints-together": reports_breakpoints_together,
    "fentry": has_trampolines,
    "fprobe": has_kprobe_multi,
    "overlay-module": lambda: has_kernel_function(["ovl_getattr", "[overlay]"]),
    "override": lambda: has_kernel_function(["bpf_override_return"]),
    "uprobe_multi": has_uprobe_multi,
    "kprobe_session": has_kprobe_session,
    "rawtracepoint_cookie": has_raw_cookie,
    "hardware": has_hardware_events,
    "ia32": has_32_bit_calls,
    "kallsyms": lambda: any(not line.startswith("0000000000000000") for line in open("/proc/kallsyms", encoding="ascii", errors="replace")),
    "kallsyms-data": lambda: any(line.endswith(" runqueues\n") for line in open("/proc/kallsyms", encoding="ascii", errors="replace")),
    "cc": lambda: shutil.which("cc") is not None and shutil.which("c++") is not None,
    "write-user": may_write_user,
    "no-write-user": lambda: not may_write_user(),
    "cgroup-unified": lambda: pathlib.Path("/sys/fs/cgroup/unified/cgroup.procs").exists(),
    "kfunc-marks": lambda: has_btf_name(b"bpf_kfunc"),
}


def available():
    """The names of the features that are there."""
    return {name for name, probe in PROBES.items() if probe()}


if __name__ == "__main__":
    found = available()
    for feature in PROBES:
        print(f"{feature}: {'yes' if feature in found else 'no'}")

"""What this machine can do, found out by trying, never by the kernel's version. The names are those of REQUIRES lines in text tests."""

import ctypes
import os
import pathlib
import shutil
import struct

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


def has_hardware_events():
    """Whether the CPU's cycle counter can be opened."""
    attributes = ctypes.create_string_buffer(struct.pack("IIQQ", 0, 128, 0, 1000000) + bytes(104))
    descriptor = LIBC.syscall(SYS_PERF_EVENT_OPEN, attributes, -1, 0, -1, 8)
    if descriptor >= 0:
        os.close(descriptor)
    return descriptor >= 0


PROBES = {
    "root": lambda: os.geteuid() == 0,
    "bpf": has_bpf,
    "tracefs": has_tracefs,
    "btf": lambda: pathlib.Path("/sys/kernel/btf/vmlinux").exists(),
    "tracepoint": lambda: event_source("tracepoint"),
    "software": lambda: event_source("software"),
    "kprobe": lambda: event_source("kprobe"),
    "uprobe": lambda: event_source("uprobe"),
    "breakpoint": lambda: event_source("breakpoint"),
    "hardware": has_hardware_events,
    "kallsyms": lambda: any(not line.startswith("0000000000000000") for line in open("/proc/kallsyms", encoding="ascii", errors="replace")),
    "bpftrace": lambda: shutil.which("bpftrace") is not None,
}


def available():
    """The names of the features that are there."""
    return {name for name, probe in PROBES.items() if probe()}


if __name__ == "__main__":
    found = available()
    for feature in PROBES:
        print(f"{feature}: {'yes' if feature in found else 'no'}")

"""Every script of Debian's bpftrace package must compile, and load and attach where this machine has its probe types.

They were written for a bpftrace that only warns of functions that the kernel lacks, so that is asked for (missing_probes). What the kernel
at hand can not offer is found out here, without fathom: functions from kallsyms, struct members from BTF. A script that lacks something has
to be refused by name, one that lacks nothing has to work, and neither may be mistaken for the other. One line per script.
"""

import os
import pathlib
import re
import struct
import subprocess
import sys
import time

import features

LEAST = 38  # scripts in the package
ATTACH_POINT = re.compile(r"^\s*(?P<type>k(?:ret)?probe|u(?:ret)?probe|k(?:ret)?func):(?P<target>[^\s,{/]+(?:/[^\s,{]+)?)", re.MULTILINE)
REFUSED = re.compile(r"^warning: can not attach (\S+): .* left out$", re.MULTILINE)
KADDR = re.compile(r'kaddr\("(\w+)"\)')
# Struct members that came or went since the scripts were written: script, struct, member.
MEMBERS = {"runqlen.bt": ("cfs_rq", "nr_running")}


def kernel_symbols():
    lines = pathlib.Path("/proc/kallsyms").read_text(encoding="ascii", errors="replace").splitlines()
    return {line.split()[2]: line.split()[1].lower() for line in lines}


class Btf:
    """As much of the kernel's BTF as it takes to know whether a struct has a member."""

    EXTRA = {1: 4, 3: 12, 14: 4, 17: 4}  # bytes after the header of a type: int, array, variable, declaration tag

    def __init__(self, path="/sys/kernel/btf/vmlinux"):
        data = pathlib.Path(path).read_bytes()
        header_size, types, types_size, strings, strings_size = struct.unpack_from("<IIIII", data, 4)
        self.strings = data[header_size + strings:header_size + strings + strings_size]
        self.members = {}
        at, end = header_size + types, header_size + types + types_size
        while at < end:
            name, info, _ = struct.unpack_from("<III", data, at)
            kind, count = info >> 24 & 0x1f, info & 0xffff
            at += 12
            if kind in (4, 5):  # struct, union
                names = {self.string(struct.unpack_from("<I", data, at + 12 * i)[0]) for i in range(count)}
                self.members.setdefault(self.string(name), names)
            at += {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}.get(kind, 0) * count + self.EXTRA.get(kind, 0)

    def string(self, offset):
        return self.strings[offset:self.strings.index(b"\0", offset)].decode()


class Machine:
    def __init__(self):
        self.symbols = kernel_symbols()
        self.structs = Btf().members
        self.features = features.available()

    def lacks(self, path, text):
        """What of the script this kernel has not: attach points that are left out, and what keeps it from being compiled."""
        points = []
        for found in ATTACH_POINT.finditer(text):
            if found["type"] in ("kprobe", "kretprobe") and "*" not in found["target"] and self.symbols.get(found["target"]) not in ("t", "w"):
                points.append(f"{found['type']}:{found['target']}")
        blockers = [name for name in KADDR.findall(text) if name not in self.symbols]
        member = MEMBERS.get(path.name)
        if member and member[1] not in self.structs.get(member[0], ()):
            blockers.append(member[1])
        return points, blockers

    def attaches(self, text, missing):
        """Whether all probe types of the script can be attached here, apart from attach points that are left out."""
        needed = {f"{found['type']}:{found['target']}" for found in ATTACH_POINT.finditer(text) if found["type"] in ("kprobe", "kretprobe")}
        return not needed - set(missing) or "kprobe" in self.features


def run(*arguments):
    environment = {**os.environ, "BPFTRACE_MISSING_PROBES": "warn"}
    return subprocess.run([os.environ["FATHOM"], *map(str, arguments)], capture_output=True, text=True, errors="replace", timeout=120, check=False,
                          env=environment)


def verdict(path, machine):
    """What became of one script, and whether that is all right."""
    text = path.read_text()
    points, blockers = machine.lacks(path, text)
    if blockers:
        compiled = run("--emit=plan", path)
        errors = re.findall(r"^error: .*", compiled.stderr, re.MULTILINE)
        named = compiled.returncode == 1 and errors and all(any(name in error for name in blockers) for error in errors)
        return f"no {', '.join(blockers)}", named, compiled.stderr
    attached = run("--dry-run", path)
    without = points + REFUSED.findall(attached.stderr)
    without = f" without {', '.join(without)}" if without else ""
    missing = [point for point in points if point not in attached.stderr]
    if missing:
        return f"nothing said about {', '.join(missing)}", False, attached.stderr
    if machine.attaches(text, points):
        return f"attaches{without}", attached.returncode == 0, attached.stderr
    compiled = run("--emit=plan", path)
    honest = attached.returncode != 0 and "has no kprobes" in attached.stderr
    return f"no kprobes, compiles{without}", honest and compiled.returncode == 0, attached.stderr + compiled.stderr


def verdicts(wanted=lambda name: True):
    """(name, what became of it, whether that is all right, seconds) of every script that is wanted."""
    scripts = sorted(pathlib.Path("/usr/sbin").glob("*.bt"))
    if len(scripts) < LEAST:
        return [("package", f"{len(scripts)} scripts in /usr/sbin: is Debian's bpftrace installed? scripts/setup --tests installs it", False, 0.0)]
    scripts = [path for path in scripts if wanted(path.name)]
    machine = Machine() if scripts else None
    results = []
    for path in scripts:
        begin = time.monotonic()
        text, good, errors = verdict(path, machine)
        results.append((path.name, text if good else f"{text}\n{errors}", good, time.monotonic() - begin))
    return results


def main():
    results = verdicts()
    for name, text, good, _ in results:
        print(f"{name}: {text}" + ("" if good else "  WRONG"))
    return 0 if all(good for _, _, good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())

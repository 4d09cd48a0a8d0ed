"""Virtual machines with Debian's kernels, in software emulation: their images, and running one command inside.

A machine shows the host's files under a layer of its own memory (virtiofs and overlay): every program, library and test of the host is
there under its own path, nothing needs to be copied and nothing on the host can change, except that the command's standard output,
standard error and exit status come back. So a machine needs no disk: a kernel and an initramfs of busybox and a few drivers are all.

Kernels come out of Debian's packages, through the apt sources of the host. What was downloaded or built is kept in build/vm, by name and
content, so that a second run only boots.
"""

import contextlib
import ctypes
import dataclasses
import hashlib
import lzma
import os
import pathlib
import re
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
CACHE = TREE / "build" / "vm"
BUSYBOX = pathlib.Path("/bin/busybox")
FILE_SERVER = pathlib.Path("/usr/lib/qemu/virtiofsd")
EMULATOR = "qemu-system-x86_64"

# Names that people type, and the packages that may hold such a kernel: the newest is taken.
KERNELS = {
    "6.1": r"^linux-image-6\.1\.[0-9.]+-[0-9]+-cloud-amd64$",
    "6.12": r"^linux-image-6\.12\.[0-9.]+\+deb12-cloud-amd64$",
}
# What the initramfs has to load; a kernel that has one built in has no such file.
DRIVERS = ["virtio_pci", "virtio_console", "virtiofs", "overlay"]
KERNEL_LINE = "console=ttyS0 quiet panic=-1 no_timer_check lsm=landlock,lockdown,yama,bpf mitigations=off"
BOOT_SECONDS = 240
ATTEMPTS = 3  # to boot: emulated processors and clocks have moments that a kernel does not survive


class MachineError(Exception):
    """Something that the user has to know and can do something about: what is wrong, and what to type."""

    def __init__(self, message, help_=""):
        super().__init__(message + (f"\n  = help: {help_}" if help_ else ""))


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


# --- packages


def version_key(name):
    """`linux-image-6.12.9+…` before `linux-image-6.12.10+…`."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def newest_package(kernel):
    """The name of the newest package that apt knows for this kernel, or none."""
    found = run(["apt-cache", "search", "--names-only", KERNELS[kernel]]).stdout
    names = [line.split()[0] for line in found.splitlines() if line]
    return max(names, key=version_key, default=None)


def download(package, directory):
    """The path of the package's file, from the cache or from the archive."""
    version = run(["apt-cache", "show", "--no-all-versions", package]).stdout
    version = re.search(r"^Version: (.*)$", version, re.MULTILINE)
    cached = sorted(directory.glob(f"{package}_{version[1].replace(':', '%3a')}_*.deb")) if version else []
    if cached:
        return cached[0]
    with tempfile.TemporaryDirectory(dir=directory) as place:
        got = run(["apt-get", "-q", "-o", "Acquire::Retries=3", "download", package], cwd=place)
        files = list(pathlib.Path(place).glob("*.deb"))
        if got.returncode != 0 or not files:
            raise MachineError(f"can not download {package}: {got.stderr.strip()}", "check the network and /etc/apt/sources.list, then `apt-get update`")
        return files[0].rename(directory / files[0].name)


def package_file(kernel):
    """The kernel's package on disk: the newest that apt knows. Package lists that are missing or too old are fetched again once."""
    directory = CACHE / "packages"
    directory.mkdir(parents=True, exist_ok=True)
    package = newest_package(kernel)
    if package:
        try:
            return download(package, directory)
        except MachineError:
            pass
    update = run(["apt-get", "-q", "update"])
    package = newest_package(kernel)
    if not package:
        raise MachineError(f"no package of a Linux {kernel} cloud kernel: apt knows nothing like {KERNELS[kernel]}\n{update.stderr.strip()}",
                           "Debian 12's bookworm and bookworm-security have them: add both to /etc/apt/sources.list")
    return download(package, directory)


# --- images


@dataclasses.dataclass
class Image:
    """What boots: unpacked once per package and contents of tests/vm/init."""

    kernel: str
    release: str  # as `uname -r` will tell
    vmlinuz: pathlib.Path
    initramfs: pathlib.Path
    modules: pathlib.Path  # the host's copy of /lib/modules/<release>


def cpio_entry(number, name, mode, data=b""):
    """One file of an archive in the `newc` form that kernels read."""
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    header = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
    return header + b"\0" * (-len(header) % 4) + data + b"\0" * (-len(data) % 4)


def driver_files(modules):
    """The contents of DRIVERS and of what they depend on, by name, in the order in which they can be loaded."""
    files = {path.name.split(".")[0].replace("-", "_"): path for path in modules.rglob("*.ko*")}
    found = {}

    def add(name):
        if name in found or name not in files:
            return
        data = files[name].read_bytes()
        if files[name].suffix == ".xz":
            data = lzma.decompress(data)
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        for other in depends[1].decode().split(",") if depends else []:
            add(other.replace("-", "_"))
        found[name] = data

    for name in DRIVERS:
        add(name)
    return found


def initramfs(modules):
    """An archive of busybox, init and the drivers that this kernel does not have built in."""
    entries = [("bin", 0o40755, b""), ("modules", 0o40755, b""), ("bin/busybox", 0o100755, BUSYBOX.read_bytes()),
               ("bin/sh", 0o120777, b"busybox"), ("init", 0o100755, (HERE / "init").read_bytes())]
    entries += [(f"modules/{position:02}-{name}.ko", 0o100644, data) for position, (name, data) in enumerate(driver_files(modules).items())]
    archive = b"".join(cpio_entry(number, *entry) for number, entry in enumerate(entries, 1))
    return archive + cpio_entry(0, "TRAILER!!!", 0)


def image(kernel):
    """The image of a kernel of KERNELS, made where it is not there yet."""
    if kernel not in KERNELS:
        raise MachineError(f"no kernel `{kernel}`", "the kernels are " + " and ".join(KERNELS))
    for program, package in ((EMULATOR, "qemu-system-x86"), (FILE_SERVER, "qemu-system-common"), (BUSYBOX, "busybox-static")):
        if not shutil.which(program):
            raise MachineError(f"no {program}, of Debian's package {package}", "scripts/setup --tests")
    package = package_file(kernel)
    content = hashlib.sha256(package.name.encode() + (HERE / "init").read_bytes() + BUSYBOX.read_bytes() + " ".join(DRIVERS).encode())
    directory = CACHE / f"{package.name.split('_')[0].removeprefix('linux-image-')}-{content.hexdigest()[:12]}"
    if not directory.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as place:
            place = pathlib.Path(place) / "image"
            unpacked = run(["dpkg-deb", "-x", str(package), str(place)])
            if unpacked.returncode != 0:
                package.unlink()
                raise MachineError(f"{package.name} is damaged: {unpacked.stderr.strip()}", "run again: it was deleted and will be downloaded again")
            modules = next((place / "lib/modules").iterdir())
            (place / "initramfs").write_bytes(initramfs(modules))
            for old in CACHE.glob(f"{directory.name.rpartition('-')[0]}-*"):
                shutil.rmtree(old)
            place.rename(directory)
    modules = next((directory / "lib/modules").iterdir())
    return Image(kernel, modules.name, next((directory / "boot").glob("vmlinuz-*")), directory / "initramfs", modules)


# --- machines


@dataclasses.dataclass
class Outcome:
    status: int
    stdout: str
    stderr: str


class Streams:
    """Pipes from the machine's ports to this process: kept, and passed on while they come where the caller wants to see them."""

    NAMES = ("stdout", "stderr", "status")

    def __init__(self, shown):
        self.shown = shown
        self.text = {name: b"" for name in self.NAMES}
        self.ends = {name: os.pipe() for name in self.NAMES}
        self.open = set(self.NAMES)

    def arguments(self):
        """Ports for QEMU, which opens the writing ends by their numbers in its own process."""
        arguments = ["-device", "virtio-serial-pci"]
        for name, (_, writer) in self.ends.items():
            arguments += ["-chardev", f"file,id={name},path=/proc/self/fd/{writer}", "-device", f"virtserialport,chardev={name},name={name}"]
        return arguments

    def writers(self):
        return [writer for _, writer in self.ends.values()]

    def started(self):
        for writer in self.writers():
            os.close(writer)

    def collect(self, end, until_began=False):
        """Reads until the machine is gone; False where the time is up first, or where the command began and no more was asked for."""
        with selectors.DefaultSelector() as selector:
            for name in self.open:
                selector.register(self.ends[name][0], selectors.EVENT_READ, name)
            while self.open:
                if until_began and self.text["status"]:
                    return False
                ready = selector.select(max(0, end - time.monotonic()))
                if not ready:
                    return False
                for key, _ in ready:
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fd)
                        self.open.discard(key.data)
                    self.text[key.data] += data
                    if self.shown and key.data != "status":
                        stream = getattr(sys, key.data).buffer
                        stream.write(data)
                        stream.flush()
        return True

    def close(self):
        for reader, _ in self.ends.values():
            os.close(reader)


def end_with_parent():
    """In a child: nobody would stop a machine whose owner was killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def yield_to_others():
    """In a child with a session of its own: an emulated CPU takes all it can get, and whoever waits for something else comes first."""
    end_with_parent()
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/autogroup").write_text("10")
        os.nice(10)


def qemu_arguments(booted, directory, cpus):
    return [
        EMULATOR, "-accel", "tcg,thread=single", "-m", "2G", "-smp", str(cpus), "-no-reboot", "-display", "none", "-nodefaults",
        "-kernel", str(booted.vmlinuz), "-initrd", str(booted.initramfs),
        "-append", f"{KERNEL_LINE} FATHOM_TREE={TREE} FATHOM_VM={directory}",
        "-object", "memory-backend-memfd,id=memory,size=2G,share=on", "-numa", "node,memdev=memory",
        "-chardev", f"socket,id=files,path={directory}/files.socket", "-device", "vhost-user-fs-pci,chardev=files,tag=host",
    ]


def serve_files(directory):
    """A process that shows the host's files to one machine; it ends with the machine."""
    log = open(directory / "files.log", "wb")
    server = subprocess.Popen([str(FILE_SERVER), f"--socket-path={directory}/files.socket", "-o", "source=/", "-o", "cache=always", "-o", "sandbox=chroot", "-f"],
                              stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=end_with_parent)
    for _ in range(100):
        if (directory / "files.socket").exists():
            return server
        if server.poll() is not None:
            break
        time.sleep(0.05)
    server.kill()
    raise MachineError(f"{FILE_SERVER} does not start: {(directory / 'files.log').read_text(errors='replace').strip()}",
                       "" if os.geteuid() == 0 else "only root can start it")


def write_command(booted, directory, command, environment):
    lines = ["#!/bin/sh", f"mkdir -p /lib/modules/{booted.release}", f"mount -o bind {booted.modules} /lib/modules/{booted.release}",
             f"mount -o bind {booted.vmlinuz.parent} /boot",
             f"date -s @{int(time.time())} >/dev/null", f"cd {shlex.quote(os.getcwd())} || exit 126"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines.append("exec " + shlex.join(command))
    path = directory / "command"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o755)


def console_end(directory):
    console = directory / "console"
    lines = console.read_text(errors="replace").splitlines() if console.exists() else []
    return "\n".join(line.rstrip() for line in lines[-30:])


def run_inside(booted, command, seconds, environment=None, shown=False, cpus=2):
    """Boots, runs the command in the current directory, and returns what it printed. `seconds` does not count the boot."""
    for _ in range(ATTEMPTS):
        ended, text, console = boot_and_run(booted, command, seconds, environment or {}, shown, cpus)
        status = text["status"].split()
        if status:
            break
    told = f"{text['stdout']}{text['stderr']}--- console\n{console}"
    if not status:
        raise MachineError(f"Linux {booted.kernel}: the machine does not boot, tried {ATTEMPTS} times\n{told}")
    if not ended:
        raise MachineError(f"Linux {booted.kernel}: still running after {seconds:.0f} seconds: {shlex.join(command)}\n{told}")
    if len(status) < 2:
        raise MachineError(f"Linux {booted.kernel}: the machine stopped before the command ended\n{told}")
    return Outcome(int(status[1]), text["stdout"], text["stderr"])


def boot_and_run(booted, command, seconds, environment, shown, cpus):
    """Whether the machine ended in time, what came through its ports, and the end of its console."""
    streams = Streams(shown)
    with tempfile.TemporaryDirectory(prefix=f"run-{booted.kernel}-", dir=CACHE) as place:
        directory = pathlib.Path(place)
        write_command(booted, directory, command, environment)
        server = serve_files(directory)
        machine = subprocess.Popen(qemu_arguments(booted, directory, cpus) + ["-serial", f"file:{directory}/console"] + streams.arguments(),
                                   stdin=subprocess.DEVNULL, pass_fds=streams.writers(), start_new_session=True, preexec_fn=yield_to_others)
        streams.started()
        try:
            # The command's time begins when the machine says that it has begun.
            ended = streams.collect(time.monotonic() + BOOT_SECONDS, until_began=True)
            ended = ended or (bool(streams.text["status"]) and streams.collect(time.monotonic() + seconds))
            if ended:
                machine.wait(30)
        finally:
            machine.kill()
            machine.wait()
            server.kill()
            server.wait()
            streams.close()
        return ended, {name: data.decode(errors="replace") for name, data in streams.text.items()}, console_end(directory)


def interactive(booted, command):
    """Gives the command the terminal, through the serial console."""
    with tempfile.TemporaryDirectory(prefix=f"run-{booted.kernel}-", dir=CACHE) as place:
        directory = pathlib.Path(place)
        write_command(booted, directory, command, {})
        server = serve_files(directory)
        try:
            subprocess.run(qemu_arguments(booted, directory, 2) + ["-serial", "mon:stdio"], check=False)
        finally:
            server.kill()
            server.wait()

"""Runs fathom for a text test and compares what it printed, exactly, with the expectation in the same file.

    // RUN: %expect [options] fathom-arguments...
    <script>
    // EXPECT:
    // | first line of output
    // | second line

fathom gets a copy of the file that ends before the expectation, under the file's own name, so that expectations can neither move a
source position nor be seen by the script. Options come first; the first argument that is none of them begins fathom's own:

    --status N           exit status, 0 unless given
    --stderr             the expectation is about standard error (standard output must then be empty)
    --both               about both, standard output first, then a line `--- stderr`
    --any-stdout         do not look at standard output where --stderr is given
    --any-stderr         do not look at standard error; without this it may hold nothing but `Attached N probes`
    --block NAME         compare with the block `// EXPECT NAME:`, for a file with several RUN lines
    --print              compare nothing, print standard output (for a pipe into FileCheck)
    --replace RE=TEXT    rewrite output before it is compared; may be repeated
    --sort               sort the lines of standard output before they are compared
    --trigger COMMAND    once probes are attached run this shell command, then send SIGINT
    --target COMMAND     a shell command started before fathom, which has to wait for something; `{pid}` in fathom's arguments is its
                         process id. Once probes are attached it gets a line on standard input: begin with `read _;` what they have to
                         see
    --until TEXT         send SIGINT once standard output contains TEXT
    --signal NAME        the signal to send instead of INT
    --stdin              the script goes to standard input; fathom's arguments say `-`
    --user NAME          run fathom as this user
    --timeout SECONDS    20 unless given, times PATIENCE

UPDATE=1 in the environment rewrites the expectation instead of comparing. FATHOM names the executable. PATIENCE is a factor for a
machine that is slower than a real one.
"""

import contextlib
import dataclasses
import difflib
import fcntl
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HEADER = re.compile(r"^// EXPECT(?: (?P<name>[\w-]+))?:$")
NO_NEWLINE = "// \\ no newline at the end"
KERNEL_LOCK = "/tmp/fathom-kernel-tests.lock"
ATTACHED = re.compile(r"^Attached \d+ probes?$", re.MULTILINE)


@dataclasses.dataclass
class Options:
    file: pathlib.Path = pathlib.Path()
    status: int = 0
    stderr: bool = False
    both: bool = False
    any_stdout: bool = False
    any_stderr: bool = False
    block: str = ""
    print: bool = False
    replace: list = dataclasses.field(default_factory=list)
    sort: bool = False
    trigger: str = ""
    target: str = ""
    until: str = ""
    signal: str = "INT"
    stdin: bool = False
    user: str = ""
    timeout: float = 20.0
    arguments: list = dataclasses.field(default_factory=list)


def parse_options(arguments):
    """Own options up to the first argument that is none of them; the rest is fathom's."""
    options = Options()
    rest = list(arguments)
    while rest and rest[0].startswith("--"):
        name = rest[0][2:].replace("-", "_")
        if name == "arguments" or not hasattr(options, name):
            break
        rest.pop(0)
        kind = type(getattr(options, name))
        if kind is bool:
            setattr(options, name, True)
        elif not rest:
            raise SystemExit(f"expect: --{name} needs a value")
        elif kind is list:
            pattern, _, text = rest.pop(0).rpartition("=")
            getattr(options, name).append((pattern, text))
        else:
            setattr(options, name, kind(rest.pop(0)))
    options.timeout *= float(os.environ.get("PATIENCE", "1"))
    options.arguments = rest
    return options


class TestFile:
    """A test file taken apart: the script, and the blocks of expectations after it."""

    def __init__(self, path):
        self.path = path
        self.script = []
        self.blocks = {}
        current = None
        for line in path.read_text().splitlines():
            header = HEADER.match(line)
            if header:
                current = self.blocks.setdefault(header["name"] or "", [])
            elif current is None:
                self.script.append(line)
            elif line:
                current.append(line)
        while self.script and not self.script[-1]:
            self.script.pop()

    def expected(self, block):
        """The block's text, or None where the file has no such block."""
        if block not in self.blocks:
            return None
        return from_block(self.blocks[block])

    def update(self, block, text):
        self.blocks[block] = to_block(text)
        lines = list(self.script)
        for name, body in self.blocks.items():
            lines += ["", f"// EXPECT {name}:" if name else "// EXPECT:", *body]
        self.path.write_text("\n".join(lines) + "\n")


def to_block(text):
    lines = text.split("\n")
    last = lines.pop()
    block = [f"// | {line}" if line else "// |" for line in lines]
    if last:
        block += [f"// | {last}", NO_NEWLINE]
    return block


def from_block(block):
    lines = []
    for line in block:
        if line == NO_NEWLINE:
            return "\n".join(lines)
        if not line.startswith("// |"):
            raise SystemExit(f"expect: not a line of an expectation: {line}")
        lines.append(line[5:])
    return "".join(line + "\n" for line in lines)


def heed_interrupts():
    """In the child: a job started in the background ignores SIGINT, and a shell can not undo that by itself."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Run:
    """One run of fathom with its output collected as it comes, so that a test can react to it."""

    def __init__(self, command, options, script, target=None):
        self.target = target
        self.output = {"stdout": "", "stderr": ""}
        self.failure = ""
        self.changed = threading.Condition()
        descriptor = os.open(command[0], os.O_RDONLY)
        identity = {}
        if options.user:
            # Started through a descriptor: another user may not be able to reach the build directory.
            entry = pwd.getpwnam(options.user)
            identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "pass_fds": (descriptor,)}
        self.process = subprocess.Popen(
            [os.path.basename(command[0]), *command[1:]], executable=f"/proc/self/fd/{descriptor}" if options.user else command[0], text=True,
            errors="backslashreplace", stdin=subprocess.PIPE if options.stdin else subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, preexec_fn=heed_interrupts, **identity)
        self.readers = [threading.Thread(target=self.collect, args=(name,), daemon=True) for name in self.output]
        for reader in self.readers:
            reader.start()
        if options.stdin:
            self.process.stdin.write(script)
            self.process.stdin.close()
        self.follow(options)
        os.close(descriptor)

    def collect(self, name):
        stream = getattr(self.process, name)
        for line in stream:
            with self.changed:
                self.output[name] += line
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def wait_until(self, condition, deadline, what):
        """True once `condition` holds; False where fathom ended or the time is up first."""
        with self.changed:
            while not condition():
                if self.process.poll() is not None:
                    return False
                if time.monotonic() > deadline:
                    self.failure = f"no {what} in time"
                    return False
                self.changed.wait(0.05)
        return True

    def follow(self, options):
        deadline = time.monotonic() + options.timeout
        if self.target and self.wait_until(lambda: ATTACHED.search(self.output["stderr"]), deadline, "`Attached` line"):
            with contextlib.suppress(BrokenPipeError):
                os.write(self.target.stdin.fileno(), b"\n")
        if options.trigger and self.wait_until(lambda: ATTACHED.search(self.output["stderr"]), deadline, "`Attached` line"):
            trigger = subprocess.run(["sh", "-c", options.trigger], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                     timeout=options.timeout, check=False)
            if trigger.returncode != 0:
                self.failure = f"the trigger failed with status {trigger.returncode}: {trigger.stderr}"
        if options.until:
            self.wait_until(lambda: options.until in self.output["stdout"], deadline, f"output with {options.until!r}")
        if (options.trigger or options.until) and self.process.poll() is None:
            self.process.send_signal(getattr(signal, f"SIG{options.signal}"))
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.failure = self.failure or f"still running after {options.timeout:g} seconds"
            # The whole session: a child that fathom left behind would keep the pipes open.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for reader in self.readers:
            reader.join(2)


def normalise(text, options, copy):
    text = text.replace(str(copy), options.file.name)
    for pattern, replacement in options.replace:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def compared_text(run, options, copy):
    """What is compared, and a complaint about the stream that is not."""
    stdout, stderr = (normalise(run.output[name], options, copy) for name in ("stdout", "stderr"))
    if options.sort:
        stdout = "".join(sorted(stdout.splitlines(keepends=True)))
    if options.both:
        return f"{stdout}--- stderr\n{stderr}", ""
    if options.stderr:
        return stderr, f"unexpected standard output:\n{stdout}" if stdout and not options.any_stdout else ""
    other = ATTACHED.sub("", stderr).strip()
    return stdout, f"unexpected standard error:\n{stderr}" if other and not options.any_stderr else ""


def judge(run, options, test, copy):
    """An empty string, or what is wrong."""
    text, complaint = compared_text(run, options, copy)
    if run.failure or run.process.returncode != options.status:
        told = run.failure or f"exit status {run.process.returncode}, expected {options.status}"
        return f"{told}\n--- stdout\n{run.output['stdout']}--- stderr\n{run.output['stderr']}"
    if complaint:
        return complaint
    if options.print:
        sys.stdout.write(text)
        return ""
    expected = test.expected(options.block)
    if expected == text:
        return ""
    if os.environ.get("UPDATE") == "1":
        test.update(options.block, text)
        return ""
    if expected is None:
        return f"{options.file.name} has no expectation; `scripts/test --update {options.file.stem}` writes one:\n{text}"
    difference = difflib.unified_diff(to_block(expected), to_block(text), "expected", "printed", lineterm="", n=3)
    return "\n".join(difference)


def wait_until_asleep(process, seconds):
    """Until the process has waited for something for a while: then it is the program that it has to be."""
    deadline = time.monotonic() + seconds
    asleep = 0
    while asleep < 3 and process.poll() is None and time.monotonic() < deadline:
        state = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        asleep = asleep + 1 if state == "S" else 0
        time.sleep(0.01)


def wait_for_turn(path):
    """Kernel tests run one at a time, also those of two trees on one machine: each would count what another's command does."""
    if path.parent.name != "kernel":
        return
    with contextlib.suppress(PermissionError):  # somebody else's lock: better together than not at all
        descriptor = os.open(KERNEL_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # held until this process ends


def main(arguments):
    options = parse_options(arguments)
    test = TestFile(options.file)
    script = "\n".join(test.script) + "\n"
    wait_for_turn(options.file)
    # Not below TMPDIR: lit makes that one unreachable for --user.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="fathom-test.", dir="/tmp"))
    target = None
    try:
        directory.chmod(0o755)
        copy = directory / options.file.name
        copy.write_text(script)
        copy.chmod(0o755)
        arguments = [str(copy) if argument == str(options.file) else argument for argument in options.arguments]
        if options.target:
            target = subprocess.Popen(["sh", "-c", options.target], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                      start_new_session=True)
            wait_until_asleep(target, options.timeout / 2)
            arguments = [argument.replace("{pid}", str(target.pid)) for argument in arguments]
        problem = judge(Run([os.environ["FATHOM"], *arguments], options, script, target), options, test, copy)
    finally:
        if target:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(target.pid, signal.SIGKILL)
            target.wait()
        shutil.rmtree(directory)
    if problem:
        print(problem)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

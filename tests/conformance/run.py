"""Runs the programs of programs.txt under Debian's bpftrace 0.17 and under `fathom --compat=0.17`, and compares what they print.

Standard output and exit status must be the same, byte for byte, as text and as JSON. A program marked `// better:` must differ: a mark that
outlives its reason is found. bpftrace 0.17 needs tracefs where it is usually mounted, so each run has a mount namespace of its own.
Run alone it prints the differences; tests/run.py counts every program and format as a test.
"""

import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAMS = HERE / "programs.txt"
MOUNTED = ["unshare", "--mount", "sh", "-c", 'mount -t tracefs nodev /sys/kernel/tracing && exec bpftrace "$@"', "sh"]
WORKERS = 8  # most of a run is waiting for the kernel
DIRECTIVE = re.compile(r"^// (?P<name>params|unsafe|text-only|better|keep-open)(?:: (?P<value>.*))?$")


@dataclasses.dataclass
class Program:
    name: str
    text: str = ""
    params: list = dataclasses.field(default_factory=list)
    unsafe: bool = False
    keep_open: bool = False
    text_only: str = ""
    better: str = ""

    def formats(self):
        return ["text"] if self.text_only or self.better else ["text", "json"]


@dataclasses.dataclass
class Answer:
    status: int
    output: bytes
    errors: bytes

    def told(self):
        return f"status {self.status}\n{self.output.decode(errors='backslashreplace')}"


def parse(text):
    """The programs of the file; raises ValueError where a name is taken twice or a program is empty."""
    programs = []
    for line in text.splitlines(keepends=True):
        if line.startswith("=== "):
            programs.append(Program(line[4:].strip()))
        elif programs:
            note(programs[-1], line)
    names = [program.name for program in programs]
    if len(set(names)) != len(names) or not all(program.text.strip() for program in programs):
        raise ValueError("a name stands twice or a program is empty")
    return programs


def note(program, line):
    """One more line of a program: a directive, or its text."""
    directive = DIRECTIVE.match(line.rstrip("\n"))
    program.text += line
    if not directive:
        return
    name, value = directive["name"].replace("-", "_"), directive["value"]
    setattr(program, name, value.split() if name == "params" else value or True)


def run(command, program, form):
    """What a tracer answers. One that does not end is interrupted, and killed where that does not help."""
    arguments = ["-f", form, *(["--unsafe"] if program.unsafe else []), "-e", program.text, *program.params]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([*command, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True)
        try:
            process.wait(5 if program.keep_open else 30)
        except subprocess.TimeoutExpired:
            interrupt(process)
        output.seek(0)
        errors.seek(0)
        return Answer(process.returncode, output.read(), errors.read())


def interrupt(process):
    """Ends a tracer as its user would, more than once: bpftrace 0.17 misses a signal now and then."""
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(4)
            return
        except subprocess.TimeoutExpired:
            pass
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def compare(program, form, fathom):
    """An empty string where the answers are as they should be, or what is wrong."""
    theirs = run(MOUNTED, program, form)
    ours = run([fathom, "--compat=0.17"], program, form)
    same = (theirs.status, theirs.output) == (ours.status, ours.output)
    if program.better:
        if ours.status != 0:
            return f"fathom fails\n--- program\n{program.text}--- fathom: {ours.told()}{ours.errors.decode(errors='backslashreplace')}"
        return "" if not same else f"the same answer, although it is marked `better: {program.better}`\n{ours.told()}"
    if same and theirs.status == 0:
        return ""
    # A program that both refuse proves nothing.
    what = "both fail" if same else "different answers"
    return (f"{what}\n--- program\n{program.text}--- bpftrace 0.17: {theirs.told()}--- fathom: {ours.told()}"
            f"{ours.errors.decode(errors='backslashreplace')}")


def obstacle():
    """Why nothing can be compared, and whether that is the fault of the installation: (text, failed)."""
    if os.geteuid() != 0:
        return "needs root", False
    path = shutil.which("bpftrace")
    if not path:
        return "bpftrace is not installed; scripts/setup --tests installs it", True
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return ("", False) if version.startswith("bpftrace v0.17") else (f"{path} is {version}, not bpftrace v0.17", True)


def run_all(fathom, wanted=lambda name: True):
    """(name, problem) of every program and format whose name is wanted, in order."""
    jobs = [(program, form) for program in parse(PROGRAMS.read_text()) for form in program.formats()]
    jobs = [(f"conformance/{program.name}/{form}", program, form) for program, form in jobs if wanted(f"conformance/{program.name}/{form}")]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        problems = pool.map(lambda job: compare(job[1], job[2], fathom), jobs)
        return [(name, problem) for (name, _, _), problem in zip(jobs, problems)]


def main():
    text, _ = obstacle()
    if text:
        sys.exit(f"error: {text}")
    fathom = os.environ.get("FATHOM") or str(ROOT / "build" / "release" / "fathom")
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    results = run_all(fathom, lambda name: re.search(pattern, name))
    wrong = [(name, problem) for name, problem in results if problem]
    for name, problem in wrong:
        print(f"=== {name}: {problem}")
    print(f"{len(results) - len(wrong)} of {len(results)} answers as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs the examples of the manual: the programs in its displays and the command lines of its section EXAMPLES.

    manual_examples.py [PAGE]

The line before a display says what it is: `.\\" example: run`, with parameters after it if there are any; `.\\" example: compile` for a
probe type that a kernel may lack; `.\\" not a program`. An example has to end well within a time limit, or be interrupted and then end well,
and to say nothing on standard error but how many probes were attached. The source of the page is read, since comments do not survive.
"""

import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "man" / "fathom.1.in"
DISPLAY = re.compile(r'(?:^\.\\" (?P<mark>.*)\n)?^\.Bd -literal.*\n(?P<text>(?:.*\n)*?)^\.Ed$', re.MULTILINE)
COMMAND = re.compile(r"^\.Dl (?P<line>fathom .*)$", re.MULTILINE)
MARK = re.compile(r"^example: (?P<what>run|compile)(?: (?P<parameters>.*))?$")
ROFF = {r"\e": "\\", r"\(dq": '"', r"\&": "", r"\-": "-"}
QUIET = re.compile(r"^Attached \d+ probes?$")
SECONDS = 3
WORKERS = 8


@dataclasses.dataclass
class Example:
    name: str
    arguments: list


def plain(text):
    """roff's escapes resolved."""
    return re.sub(r"\\(?:e|\(dq|&|-)", lambda found: ROFF[found[0]], text)


def examples(page):
    """(examples, complaints): every display has to say what it is."""
    found, complaints = [], []
    for number, display in enumerate(DISPLAY.finditer(page), 1):
        program = plain(display["text"])
        mark = MARK.match(display["mark"] or "")
        if mark:
            stop = ["--emit=plan"] if mark["what"] == "compile" else []
            found.append(Example(f"display {number}", [*stop, "-e", program, *shlex.split(mark["parameters"] or "")]))
        elif display["mark"] != "not a program":
            complaints.append(f"the display that begins `{program.splitlines()[0]}` does not say whether it is a program")
    for command in COMMAND.finditer(page):
        found.append(Example(plain(command["line"]), shlex.split(plain(command["line"]))[1:]))
    return found, complaints


def problem(example, fathom):
    """An empty string, or what went wrong."""
    process = subprocess.Popen([fathom, *example.arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               errors="replace", start_new_session=True)
    try:
        _, errors = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return "does not end when it is interrupted"
    told = [line for line in errors.splitlines() if line and not QUIET.match(line)]
    if process.returncode != 0 or told:
        return f"exit status {process.returncode}\n{errors}"
    return ""


def problems(found, fathom):
    """What is wrong with each of them; most run until they are interrupted, so they run side by side."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda example: problem(example, fathom), found))


def main():
    page = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else PAGE).read_text()
    found, complaints = examples(page)
    if len(found) < 10:
        complaints.append(f"only {len(found)} examples were found")
    for example, wrong in zip(found, problems(found, os.environ.get("FATHOM") or str(ROOT / "build/release/fathom"))):
        if wrong:
            complaints.append(f"{example.name}:\n{example.arguments}\n{wrong}")
    print("\n".join(complaints) or f"{len(found)} examples run")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())

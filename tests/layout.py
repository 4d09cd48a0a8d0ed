"""Puts every script of the tests, every Debian script and every program of the conformance table into the usual layout (`--fmt`). The tree must
stay the same, no comment may be lost, and a second time must change nothing.

tests/run.py counts every script as a test. What the parser refuses is left out.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent
DEBIAN = pathlib.Path("/usr/sbin")
# Strings first, so that what looks like a comment in one is none.
COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|(//[^\n]*|/\*.*?\*/)', re.DOTALL)
# What finds files beside the script.
BESIDE = re.compile(r'\bimport\b|#\s*include\s*"')


def scripts():
    """(name, path) of all scripts."""
    found = [(f"layout/{path.relative_to(TESTS)}", path) for folder in ("kernel", "golden", "diagnostics", "imported") for path in sorted((TESTS / folder).rglob("*.bt"))]
    return found + [(f"layout/debian/{path.name}", path) for path in sorted(DEBIAN.glob("*.bt"))]


def comments(text):
    """The comments of a script in order, without blanks at the ends of lines."""
    return [found[1].rstrip() for found in COMMENT.finditer(text) if found[1]]


def run(fathom, *arguments):
    return subprocess.run([fathom, *arguments], capture_output=True, text=True, errors="surrogateescape", check=False)


def tree(fathom, path):
    """The tree without places, or None where there is none."""
    ran = run(fathom, "--emit=ast", str(path))
    return ran.stdout if ran.returncode == 0 else None


def problem(fathom, path):
    """What is wrong with the layout of a script; None where the script is none."""
    before = tree(fathom, path)
    if before is None:
        return None
    first = run(fathom, "--fmt", str(path))
    if first.returncode:
        return f"--fmt fails: {first.stderr}"
    text = path.read_text(errors="surrogateescape")
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / path.name
        copy.write_text(first.stdout, errors="surrogateescape")
        if BESIDE.search(text):
            for neighbour in path.parent.iterdir():
                if neighbour != path:
                    (pathlib.Path(folder) / neighbour.name).symlink_to(neighbour)
        after = tree(fathom, copy)
        second = run(fathom, "--fmt", str(copy)).stdout
    if after != before:
        return f"the tree has changed\n{first.stdout}"
    if comments(text) != comments(first.stdout):
        return f"comments have changed\n{first.stdout}"
    return "" if second == first.stdout else f"the second time it is another\n--- first\n{first.stdout}--- second\n{second}"


def run_all(fathom, wanted=lambda name: True):
    """(name, problem) of every script whose name is wanted and that can be read."""
    jobs = [(name, path) for name, path in scripts() if wanted(name)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        problems = pool.map(lambda job: problem(fathom, job[1]), jobs)
        return [(name, found) for (name, _), found in zip(jobs, problems) if found is not None]

"""What the text tests show: which words the scripts that run use, and what diagnostics are about.

A script is positive where one of its RUN lines ends with status 0, or shows its output next to the diagnostics (`--both`). What a diagnostic is about is what it underlines and what its message
names. With these two, "every builtin has a test that uses it and one that misuses it" is a rule and no promise.
"""

import pathlib
import re

FOLDERS = ("kernel", "golden", "diagnostics")
EXPECTATION = re.compile(r"^// EXPECT", re.MULTILINE)
RUN = re.compile(r"^// RUN:(.*)$", re.MULTILINE)
MESSAGE = re.compile(r"^// \| (?:\S+ )?(?:error|warning|ERROR|WARNING): (.*)$", re.MULTILINE)
SOURCE_LINE = re.compile(r"^// \| *\d+ \| (?P<code>.*)\n// \| +\| (?P<marks>[ ^-]*[\^-])", re.MULTILINE)


def text_tests(root, folders=FOLDERS):
    """Path, script with its RUN lines, and expectations of every text test."""
    for folder in folders:
        for path in sorted((pathlib.Path(root) / "tests" / folder).rglob("*")):
            if path.suffix in (".bt", ".test"):
                script, *expectations = EXPECTATION.split(path.read_text(errors="replace"))
                yield path, script, "\n".join(expectations)


def positive_scripts(root):
    """The scripts that run to a good end on the kernel, with their command lines, as one text."""
    return "\n".join(script for _, script, _ in text_tests(root, ["kernel"]) if any("--status" not in line or "--both" in line for line in RUN.findall(script)))


def failing_commands(root):
    """The command lines of the text tests that end with another status than 0."""
    return "\n".join(line for _, script, _ in text_tests(root) for line in RUN.findall(script) if "--status" in line)


def complaints(root):
    """What the diagnostics of all expectations are about, as one text: their messages, and the code that they underline."""
    parts = []
    for _, _, expectations in text_tests(root):
        parts += MESSAGE.findall(expectations)
        for found in SOURCE_LINE.finditer(expectations):
            code, marks = found["code"], found["marks"]
            parts += [code[mark.start():mark.end()] for mark in re.finditer(r"\^+|-+", marks)]
    return "\n".join(parts)


def mentions(text, name):
    """Whether a text has a name as a word, and not as a field or a variable of that name; `argN` stands for arg0, arg1, …, and in the
    environment a setting has a prefix."""
    word = re.sub("N$", "[0-9]+", re.escape(name))
    return re.search(rf"(?<![\w@$.])(?:BPFTRACE_)?{word}(?!\w)", text, re.IGNORECASE) is not None


def untested(root, names, what, not_usable=()):
    """A line for each name that no script uses, or that no diagnostic is about. `names` maps a name to the file it comes from."""
    used, misused = positive_scripts(root), complaints(root)
    problems = []
    for name, path in names.items():
        if name not in not_usable and not mentions(used, name):
            problems.append(f"{path}: no script in tests/kernel that ends well uses the {what} `{name}`")
        if not mentions(misused, name):
            problems.append(f"{path}: no expectation has a diagnostic about the {what} `{name}`")
    return problems

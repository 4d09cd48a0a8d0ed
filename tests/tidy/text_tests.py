"""Rules about the text tests themselves: none may be unable to fail.

A feature that no kernel can have would skip a test for ever, an expectation that no RUN line compares would say nothing, and a replacement
that matches any line would hide what it stands for.
"""

import pathlib
import re
import shlex

import coverage

REQUIRES = re.compile(r"^// REQUIRES:(.*)$", re.MULTILINE)
BLOCK = re.compile(r"^// EXPECT(?: ([\w-]+))?:$", re.MULTILINE)
FEATURE = re.compile(r'^    "([\w-]+)":', re.MULTILINE)
# What no test prints, so that a replacement that matches it matches anything.
ANY_LINE = "zq: 7 [zq] zq"


def requirements(root):
    """Path and features of every text test that needs some."""
    for path, script, _ in coverage.text_tests(root):
        for line in REQUIRES.findall(script):
            yield path, [name.strip().removeprefix("!") for name in line.split(",")]


def check_features(root):
    """What a test requires is a feature that tests/features.py looks for, and what it looks for is required somewhere."""
    source = pathlib.Path(root) / "tests/features.py"
    known = set(FEATURE.findall(source.read_text())) if source.exists() else set()
    needed = list(requirements(root))
    problems = [f"{path.relative_to(root)}: requires `{name}`, which tests/features.py does not know: the test never runs"
                for path, names in needed for name in names if name not in known]
    used = {name for _, names in needed for name in names}
    return problems + [f"tests/features.py: no test requires `{name}`" for name in sorted(known - used)]


def check_expectations(root):
    """Every block of expectations is compared by a RUN line."""
    problems = []
    for path, script, _ in coverage.text_tests(root):
        # A line may run it several times.
        calls = [call for line in coverage.RUN.findall(script) for call in line.split("%expect")[1:]]
        runs = [call for call in calls if "--print" not in call]
        compared = {found[1] if (found := re.search(r"--block (\S+)", line)) else "" for line in runs}
        for block in BLOCK.findall(path.read_text(errors="replace")):
            if block not in compared:
                problems.append(f"{path.relative_to(root)}: no RUN line compares the expectation `{block or 'EXPECT'}`")
    return problems


def replacements(line):
    """The patterns of --replace in a RUN line."""
    words = shlex.split(line)
    return [value.rpartition("=")[0] for option, value in zip(words, words[1:]) if option == "--replace"]


def check_replacements(root):
    """No replacement matches a line of whatever text."""
    return [f"{path.relative_to(root)}: `--replace {pattern}` hides any result" for path, script, _ in coverage.text_tests(root)
            for line in coverage.RUN.findall(script) for pattern in replacements(line) if re.search(pattern, ANY_LINE, re.MULTILINE)]


RULES = {
    "features-known": check_features,
    "expectations-compared": check_expectations,
    "replacements-narrow": check_replacements,
}

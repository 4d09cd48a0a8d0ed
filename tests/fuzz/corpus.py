"""Writes the seed corpus of the libFuzzer targets: the scripts of this tree's own tests, and beside it a dictionary of the tokens.

    corpus.py DIRECTORY

What is there already stays: it is what an earlier run found worth keeping.
"""

import hashlib
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
TOKEN = re.compile(r'^(?:TOKEN|KEYWORD)\(\w+, "(?P<spelling>[^"]+)"\)', re.MULTILINE)
PROTOTYPE = re.compile(r'\.prototype = "[\w|\[\]]+ (?P<name>\w+)')


def scripts():
    """The scripts of text tests without their expectations, and the programs of the conformance table."""
    for folder in ("kernel", "diagnostics", "golden"):
        for path in sorted((TESTS / folder).glob("*.bt")):
            yield re.split(r"^// EXPECT", path.read_text(errors="surrogateescape"), maxsplit=1, flags=re.MULTILINE)[0]
    programs = TESTS / "conformance" / "programs.txt"
    if programs.exists():
        for part in re.split(r"^=== .*\n", programs.read_text(), flags=re.MULTILINE)[1:]:
            yield part


def dictionary():
    root = TESTS.parent
    words = TOKEN.findall((root / "lexer/token.def").read_text())
    for path in sorted((root / "codegen/builtins").glob("*.cpp")):
        words += PROTOTYPE.findall(path.read_text())
    quoted = sorted({word.replace("\\", "\\\\").replace('"', '\\"') for word in words})
    return "".join(f'"{word}"\n' for word in quoted)


def main():
    directory = pathlib.Path(sys.argv[1])
    for text in scripts():
        data = text.encode(errors="surrogateescape")
        (directory / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    (directory.parent / "dictionary").write_text(dictionary())


if __name__ == "__main__":
    main()

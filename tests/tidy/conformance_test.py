"""The conformance runner's own tests: how its table is read and what counts as the same answer."""

import pathlib
import sys
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from conformance import run  # noqa: E402


class Table(unittest.TestCase):
    def test_directives_and_text(self):
        first, second = run.parse("# about\n=== one\n// params: 1 two\n// unsafe\nBEGIN { }\n=== two\n// better: why\nEND { }\n")
        self.assertEqual((first.name, first.params, first.unsafe, first.formats()), ("one", ["1", "two"], True, ["text", "json"]))
        self.assertEqual(first.text, "// params: 1 two\n// unsafe\nBEGIN { }\n")
        self.assertEqual((second.better, second.formats()), ("why", ["text"]))

    def test_double_names_and_empty_programs_are_refused(self):
        for text in ("=== one\nBEGIN { }\n=== one\nEND { }\n", "=== one\n=== two\nEND { }\n"):
            self.assertRaises(ValueError, run.parse, text)

    def test_at_least_sixty_programs_are_compared(self):
        programs = [program for program in run.parse(run.PROGRAMS.read_text()) if not program.better]
        self.assertGreaterEqual(len(programs), 60)


class Comparison(unittest.TestCase):
    def compare(self, program, theirs, ours):
        with mock.patch.object(run, "run", side_effect=[theirs, ours]):
            return run.compare(program, "text", "fathom")

    def test_every_byte_counts(self):
        program = run.Program("one", "BEGIN { }\n")
        good = run.Answer(0, b"a \n", b"")
        self.assertEqual(self.compare(program, good, run.Answer(0, b"a \n", b"noise")), "")
        self.assertIn("different answers", self.compare(program, good, run.Answer(0, b"a\n", b"")))
        self.assertIn("different answers", self.compare(program, good, run.Answer(1, b"a \n", b"")))

    def test_two_refusals_prove_nothing(self):
        self.assertIn("both fail", self.compare(run.Program("one", "BEGIN { }\n"), run.Answer(1, b"", b"x"), run.Answer(1, b"", b"y")))

    def test_better_has_to_differ_and_to_work(self):
        program = run.Program("one", "BEGIN { }\n", better="why")
        theirs = run.Answer(0, b"a\n", b"")
        self.assertEqual(self.compare(program, theirs, run.Answer(0, b"b\n", b"")), "")
        self.assertIn("the same answer", self.compare(program, theirs, run.Answer(0, b"a\n", b"")))
        self.assertIn("fathom fails", self.compare(program, theirs, run.Answer(1, b"", b"error")))


if __name__ == "__main__":
    unittest.main()

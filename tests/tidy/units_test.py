"""Tests of tests/units.py."""

import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import units  # noqa: E402

LISTED = """Running main() from gtest_main.cc
Attach.
  RunsAndDetaches
Widths/Numbers.
  AreRead/0  # GetParam() = 8
"""


def fake(folder, script):
    """An executable that lists LISTED and else does what the script says."""
    path = pathlib.Path(folder) / "unit_tests"
    path.write_text(f'#!/bin/sh\n[ "$1" = --gtest_list_tests ] && {{ cat <<\'END\'\n{LISTED}END\nexit; }}\n{script}\n')
    path.chmod(0o755)
    return str(path)


def case(inside, status="run"):
    return xml.etree.ElementTree.fromstring(f'<testcase classname="Attach" name="Runs" status="{status}">{inside}</testcase>')


class Units(unittest.TestCase):
    def test_names_have_their_suite_and_no_comment(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(units.names(fake(folder, "exit 1")), ["Attach.RunsAndDetaches", "Widths/Numbers.AreRead/0"])

    def test_verdicts(self):
        self.assertEqual(units.verdict(case("")), ("Attach.Runs", "passed", ""))
        self.assertEqual(units.verdict(case("<failure>1 != 2</failure>"))[1:], ("failed", "1 != 2"))
        self.assertEqual(units.verdict(case('<skipped message="a.cpp:1&#10;needs root"/>'))[1:], ("skipped", "skipped: needs root"))
        self.assertEqual(units.verdict(case("", "notrun"))[1:], ("failed", "did not run"))

    def test_a_missing_executable_fails(self):
        self.assertEqual(units.run_all("/nonexistent")[0][:2], ("units", "failed"))

    def test_a_process_that_ends_early_fails_where_it_was_and_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            found = units.run_all(fake(folder, "echo '[ RUN      ] Attach.RunsAndDetaches'; echo crashed; exit 3"))
        self.assertEqual([(name, outcome) for name, outcome, _ in found], [("Attach.RunsAndDetaches", "failed"), ("Widths/Numbers.AreRead/0", "failed")])
        self.assertIn("crashed", found[0][2])
        self.assertIn("did not run", found[1][2])

    def test_a_finding_after_the_last_test_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            script = 'echo \'<testsuites><testcase classname="Attach" name="Runs" status="run"/></testsuites>\' >"${GTEST_OUTPUT#xml:}"; echo leak; exit 1'
            found = units.run_all(fake(folder, script))
        self.assertEqual(found, [("Attach.Runs", "passed", ""), ("units", "failed", "leak")])

    def test_what_is_not_wanted_does_not_run(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(units.run_all(fake(folder, "exit 1"), lambda name: False), [])


if __name__ == "__main__":
    unittest.main()

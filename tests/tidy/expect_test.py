"""expect.py against made-up executables: what it compares, what it complains about, what it rewrites."""

import contextlib
import io
import os
import pathlib
import sys
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import expect  # noqa: E402
from tree import Tree  # noqa: E402


class Runs(Tree):
    def setUp(self):
        super().setUp()
        os.environ.pop("UPDATE", None)
        self.addCleanup(os.environ.pop, "UPDATE", None)

    def run_test(self, test, program, *options):
        """Runs a test file against a shell program; returns the exit status and what was told."""
        file = self.write("a.bt", test)
        executable = self.write("fathom", "#!/bin/sh\n" + program)
        executable.chmod(0o755)
        told = io.StringIO()
        # Other tests run in the same process and want the real one.
        with contextlib.redirect_stdout(told), unittest.mock.patch.dict(os.environ, FATHOM=str(executable)):
            status = expect.main(["--file", str(file), *options, str(file)])
        self.text = file.read_text()
        return status, told.getvalue()

    def test_equal_output_passes(self):
        self.assertEqual(self.run_test("x\n// EXPECT:\n// | one\n// |\n", "printf 'one\\n\\n'"), (0, ""))

    def test_other_output_fails_with_a_difference(self):
        status, told = self.run_test("x\n// EXPECT:\n// | one\n", "echo two")
        self.assertEqual(status, 1)
        self.assertIn("-// | one\n+// | two", told)

    def test_output_that_lacks_the_last_newline_fails(self):
        self.assertEqual(self.run_test("x\n// EXPECT:\n// | one\n", "printf one")[0], 1)

    def test_missing_expectation_fails(self):
        status, told = self.run_test("x\n", "echo one")
        self.assertEqual(status, 1)
        self.assertIn("has no expectation", told)

    def test_other_exit_status_fails(self):
        self.assertIn("exit status 3, expected 0", self.run_test("x\n// EXPECT:\n", "exit 3")[1])

    def test_a_crash_fails_even_if_a_failure_is_expected(self):
        self.assertEqual(self.run_test("x\n// EXPECT:\n", "kill -SEGV $$", "--status", "1")[0], 1)

    def test_unexpected_standard_error_fails(self):
        self.assertIn("unexpected standard error", self.run_test("x\n// EXPECT:\n", "echo oops >&2")[1])

    def test_the_attached_line_is_no_surprise(self):
        self.assertEqual(self.run_test("x\n// EXPECT:\n", "echo 'Attached 2 probes' >&2")[0], 0)

    def test_standard_error_is_compared_on_demand(self):
        test = "x\n// EXPECT:\n// | oops\n"
        self.assertEqual(self.run_test(test, "echo oops >&2", "--stderr")[0], 0)
        self.assertEqual(self.run_test(test, "echo oops >&2; echo out", "--stderr")[0], 1)

    def test_the_script_does_not_see_its_expectation(self):
        self.assertEqual(self.run_test("x\n\n// EXPECT:\n// | x\n", 'cat "$1"'), (0, ""))

    def test_paths_are_shown_as_base_names(self):
        self.assertEqual(self.run_test("x\n// EXPECT:\n// | a.bt:1\n", 'echo "$1:1"'), (0, ""))

    def test_trigger_then_interrupt(self):
        program = "trap 'echo caught; exit 0' INT; echo 'Attached 1 probe' >&2; while :; do sleep 0.01; done"
        self.assertEqual(self.run_test("x\n// EXPECT:\n// | caught\n", program, "--trigger", "true"), (0, ""))

    def test_a_failed_trigger_fails(self):
        program = "trap 'exit 0' INT; echo 'Attached 1 probe' >&2; while :; do sleep 0.01; done"
        self.assertIn("the trigger failed", self.run_test("x\n// EXPECT:\n", program, "--trigger", "exit 7")[1])

    def test_a_run_that_does_not_end_fails(self):
        self.assertIn("still running", self.run_test("x\n// EXPECT:\n", "exec sleep 5", "--timeout", "0.3")[1])

    def test_a_child_that_is_left_behind_holds_nothing_up(self):
        self.assertIn("still running", self.run_test("x\n// EXPECT:\n", "sleep 30 & sleep 30", "--timeout", "0.3")[1])

    def test_update_rewrites_only_its_block(self):
        os.environ["UPDATE"] = "1"
        self.run_test("x\n\n// EXPECT a:\n// | old\n\n// EXPECT b:\n// | kept\n", "echo new", "--block", "a")
        self.assertEqual(self.text, "x\n\n// EXPECT a:\n// | new\n\n// EXPECT b:\n// | kept\n")

    def test_update_does_not_accept_a_wrong_status(self):
        os.environ["UPDATE"] = "1"
        self.assertEqual(self.run_test("x\n// EXPECT:\n// | old\n", "echo new; exit 1")[0], 1)
        self.assertIn("// | old", self.text)

    def test_replace_takes_out_what_varies(self):
        self.assertEqual(self.run_test("x\n// EXPECT:\n// | @: N\n", "echo '@: 17'", "--replace", r"^@: [1-9]\d*$=@: N")[0], 0)


class Blocks(unittest.TestCase):
    def test_round_trip(self):
        for text in ["", "a\n", "a\n\n", "\n", "a", "a\nb", " a \n"]:
            self.assertEqual(expect.from_block(expect.to_block(text)), text)


if __name__ == "__main__":
    unittest.main()

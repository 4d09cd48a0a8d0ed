"""The table of several kernels: which rows it has and what stands in them."""

import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS)]

import kernel_table  # noqa: E402
from run import Case  # noqa: E402


class Table(unittest.TestCase):
    def lines(self, kernels):
        return kernel_table.kernel_tables(kernels, [("tests/kernel", "kernel/"), ("Debian's scripts", "debian/")])

    def test_only_what_differs_has_a_row(self):
        lines = self.lines({
            "6.18": [Case("kernel/a.bt", "passed"), Case("kernel/b.bt", "passed"), Case("kernel/c.bt", "skipped", "skipped: no kprobe")],
            "6.1": [Case("kernel/a.bt", "passed"), Case("kernel/b.bt", "passed"), Case("kernel/c.bt", "failed", "expected\nprinted")],
        })
        self.assertEqual(lines, [
            "",
            "tests/kernel         6.18       6.1",
            "-------------------  ---------  ------",
            "c.bt                 no kprobe  FAILED",
            "the other 2          passed     passed",
            "passed, in numbers   2          2",
            "failed, in numbers   0          1",
            "skipped, in numbers  1          0",
        ])

    def test_what_ran_nowhere_is_named(self):
        lines = self.lines({"6.18": [Case("kernel/a.bt", "skipped", "skipped: no hardware")], "6.1": [Case("kernel/a.bt", "skipped", "skipped: no hardware")]})
        self.assertIn("ran on no kernel: a.bt", lines)

    def test_what_was_not_run_on_one_kernel_is_told(self):
        lines = self.lines({"6.18": [Case("kernel/a.bt", "passed"), Case("kernel/b.bt", "passed")], "6.1": [Case("kernel/a.bt", "passed")]})
        self.assertIn("b.bt                 passed  was not run", lines)

    def test_a_script_says_how_far_it_comes(self):
        lines = self.lines({"6.18": [Case("debian/x.bt", "passed", "no kprobes, compiles")], "6.1": [Case("debian/x.bt", "passed", "attaches")]})
        self.assertIn("x.bt                 no kprobes, compiles  attaches", lines)

    def test_no_table_without_kernels(self):
        self.assertEqual(self.lines({}), [])


if __name__ == "__main__":
    unittest.main()

"""What coverage.py takes for a use and for a complaint."""

import unittest

import coverage
import text_tests
from tree import Tree


class Coverage(Tree):
    def test_a_script_that_only_fails_is_no_use(self):
        self.write("tests/kernel/a.bt", "// RUN: %expect --status 1 %s\nBEGIN { print(pid); }\n\n// EXPECT:\n// | tid\n")
        self.assertFalse(coverage.mentions(coverage.positive_scripts(self.root), "pid"))

    def test_expectations_are_no_use(self):
        self.write("tests/kernel/a.bt", "// RUN: %expect %s\nBEGIN { print(pid); }\n\n// EXPECT:\n// | tid\n")
        used = coverage.positive_scripts(self.root)
        self.assertTrue(coverage.mentions(used, "pid"))
        self.assertFalse(coverage.mentions(used, "tid"))

    def test_fields_and_variables_of_the_name_are_no_use(self):
        self.assertFalse(coverage.mentions("args.pid + $pid + @pid + pids", "pid"))
        self.assertTrue(coverage.mentions("arg12", "argN"))
        self.assertTrue(coverage.mentions("BPFTRACE_MAX_STRLEN=3", "max_strlen"))

    def test_a_complaint_is_about_what_it_names_and_underlines(self):
        self.write("tests/diagnostics/a.bt", "// RUN: %expect %s\n\n// EXPECT:\n// | error: `pid` is wrong [x]\n// |  --> a.bt:1:1\n// |   |\n"
                   "// | 1 | BEGIN { tid(uid + gid); }\n// |   |             ^^^\n// |   = help: try cpu\n")
        about = coverage.complaints(self.root)
        self.assertEqual([name for name in ("pid", "tid", "uid", "gid", "cpu") if coverage.mentions(about, name)], ["pid", "uid"])

    def test_a_name_needs_both(self):
        self.write("tests/kernel/a.bt", "// RUN: %expect %s\nBEGIN { print(pid); }\n")
        self.write("tests/diagnostics/a.bt", "// RUN: %expect --status 1 %s\n\n// EXPECT:\n// | error: `tid` is wrong [x]\n")
        problems = coverage.untested(self.root, {"pid": "a.cpp", "tid": "a.cpp"}, "builtin")
        self.assertEqual(len(problems), 2, problems)
        self.assertIn("a.cpp: no expectation has a diagnostic about the builtin `pid`", problems)
        self.assertEqual(coverage.untested(self.root, {"tid": "a.cpp"}, "builtin", {"tid"}), [])

    def test_feature_that_nothing_looks_for(self):
        self.write("tests/features.py", 'PROBES = {\n    "bpf": has_bpf,\n    "btf": has_btf,\n}\n')
        self.write("tests/kernel/a.bt", "// REQUIRES: bpf, !btf, bfp\n// RUN: %expect %s\n")
        self.assertEqual(text_tests.check_features(self.root),
                         ["tests/kernel/a.bt: requires `bfp`, which tests/features.py does not know: the test never runs"])

    def test_feature_that_no_test_needs(self):
        self.write("tests/features.py", 'PROBES = {\n    "bpf": has_bpf,\n}\n')
        self.assertEqual(text_tests.check_features(self.root), ["tests/features.py: no test requires `bpf`"])

    def test_expectation_that_is_not_compared(self):
        self.write("tests/kernel/a.bt", "// RUN: %expect --block one %s\n\n// EXPECT one:\n// | 1\n\n// EXPECT two:\n// | 2\n")
        self.assertEqual(text_tests.check_expectations(self.root), ["tests/kernel/a.bt: no RUN line compares the expectation `two`"])

    def test_replacement_of_everything(self):
        self.write("tests/kernel/a.bt", "// RUN: %expect --replace '^@: [1-9]+$=@: N' %s\n// RUN: %expect --replace '.*=N' %s\n")
        self.assertEqual(text_tests.check_replacements(self.root), ["tests/kernel/a.bt: `--replace .*` hides any result"])


if __name__ == "__main__":
    unittest.main()

"""The rules of check.py against small made-up trees: each rule has a tree that breaks it and one that does not."""

import unittest

import check
from tree import Tree


class Rules(Tree):
    def assert_one(self, problems, part):
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(part, problems[0])


class LayerRules(Rules):
    def test_a_layer_may_include_what_is_below_it(self):
        self.write("parser/a.cpp", '#include "ast/nodes.h"\n#include "lexer/token.h"\n#include "grammar.h"\n#include <vector>\n')
        self.write("codegen/b.cpp", '#include "runtime/plan.h"\n#include "llvm/IR/IRBuilder.h"\n')
        self.write("runtime/c.cpp", "#include <bpf/libbpf.h>\n")
        self.write("main.cpp", '#include "codegen/emit.h"\n#include <CLI/CLI.hpp>\n')
        self.assertEqual(check.check_layers(self.root), [])
        self.assertEqual(check.check_foreign_headers(self.root), [])

    def test_ast_may_not_include_runtime(self):
        self.write("ast/a.h", '// A\n#include "runtime/plan.h"\n')
        self.assert_one(check.check_layers(self.root), "ast/a.h:2: includes runtime/plan.h")

    def test_codegen_may_include_only_the_data_of_runtime(self):
        self.write("codegen/a.cpp", '#include "runtime/session.h"\n')
        self.assert_one(check.check_layers(self.root), "runtime/session.h")

    def test_llvm_outside_codegen(self):
        self.write("runtime/a.cpp", '#include "llvm/Demangle/Demangle.h"\n')
        self.assert_one(check.check_foreign_headers(self.root), "only codegen/ may")

    def test_libbpf_outside_runtime(self):
        self.write("codegen/a.cpp", "#include <bpf/bpf.h>\n")
        self.assert_one(check.check_foreign_headers(self.root), "only runtime/ may")


class CoverageRules(Rules):
    def test_diagnostic_without_test(self):
        self.write("ast/diagnostics.def", 'DIAGNOSTIC(unknown_probe, error, "…")\n')
        self.assert_one(check.check_diagnostics(self.root), "write tests/diagnostics/unknown_probe.bt")

    def test_diagnostic_that_its_test_does_not_show(self):
        self.write("ast/diagnostics.def", 'DIAGNOSTIC(unknown_probe, error, "…")\n')
        self.write("tests/diagnostics/unknown_probe.bt", "// EXPECT:\n// | error: x [other]\n")
        self.assert_one(check.check_diagnostics(self.root), "does not contain [unknown_probe]")

    def test_diagnostic_test_without_row(self):
        self.write("ast/diagnostics.def", "")
        self.write("tests/diagnostics/gone.bt", "")
        self.assert_one(check.check_diagnostics(self.root), "no such diagnostic")

    def test_diagnostic_with_tests(self):
        self.write("ast/diagnostics.def", 'DIAGNOSTIC(unknown_probe, error, "…")\n')
        self.write("tests/diagnostics/unknown_probe.bt", "// EXPECT:\n// | error: x [unknown_probe]\n")
        self.write("tests/diagnostics/unknown_probe-short.bt", "")
        self.assertEqual(check.check_diagnostics(self.root), [])

    def test_builtin_without_test(self):
        self.write("codegen/builtins/a.cpp", '{"uint32 pid", "The process id."},\n{"none exit([int code])", "Ends the run."},\n')
        self.write("tests/kernel/a.bt", "// RUN: %expect %s\nBEGIN { exit(); $pid = 1; }\n// EXPECT:\n// | pid\n")
        self.write("tests/diagnostics/a.bt", "// EXPECT:\n// | error: `exit` is wrong [x]\n// | error: `pid` is wrong [x]\n")
        self.assert_one(check.check_builtins_tested(self.root), "uses the builtin `pid`")

    def test_builtin_with_two_rows(self):
        self.write("codegen/builtins/a.cpp", '"uint32 pid"\n')
        self.write("codegen/builtins/b.cpp", '"uint64 pid"\n')
        self.assert_one(check.check_one_place(self.root), "codegen/builtins/a.cpp already")

    def test_probe_type_without_test(self):
        self.write("runtime/probes/interval.cpp", 'constexpr ProbeType interval{.name = "interval"};\n')
        self.write("tests/diagnostics/a.bt", "// EXPECT:\n// | error: interval takes no hands [x]\n")
        self.assert_one(check.check_providers_tested(self.root), "interval")
        self.write("tests/kernel/a.bt", "// RUN: %expect %s\ninterval:s:1 { exit() }\n")
        self.assertEqual(check.check_providers_tested(self.root), [])

    def test_short_name_without_test(self):
        self.write("runtime/probes/interval.cpp", 'constexpr ProbeType interval{.name = "interval", .aliases = {"i"}};\n')
        self.write("tests/kernel/a.bt", "// RUN: %expect %s\ninterval:s:1 { exit() }\n")
        self.write("tests/diagnostics/a.bt", "// EXPECT:\n// | error: interval takes no hands [x]\n")
        self.assert_one(check.check_providers_tested(self.root), "`i:`")

    def test_setting_without_wrong_value(self):
        self.write("ast/config.cpp", 'keys.push_back(bool_key("fast", &Settings::fast));\n')
        self.write("build/release/fathom.1", "BPFTRACE_FAST\n")
        self.write("tests/kernel/a.bt", "// RUN: %expect %s\nconfig = { fast = 1 }\n")
        self.assert_one(check.check_config_keys(self.root), "diagnostic about the setting `fast`")

    def test_option_without_wrong_value(self):
        self.write("options.cpp", 'app.add_option("-s,--speed", raw.speed, "how fast");\n')
        self.write("build/release/fathom.1", "Fl s\nFl -speed\n")
        self.write("tests/kernel/a.bt", "// RUN: %expect --speed 5 %s\n")
        self.assert_one(check.check_options(self.root), "wrong value of the option `-s,--speed`")

    def test_manual_that_lacks_a_builtin(self):
        self.write("codegen/builtins/a.cpp", '"uint32 pid"\n"uint32 tid"\n')
        self.write("build/release/fathom.1", ".It Ic pid\n")
        self.assert_one(check.check_manual(self.root), "`tid`")


class StyleRules(Rules):
    def test_long_file(self):
        self.write("ast/a.cpp", "// A\n" * 801)
        self.assert_one(check.check_file_size(self.root), "801 lines")

    def test_throw_and_default(self):
        self.write("ast/a.cpp", "// A\nthrow 1;\n case Kind::a:\n  default:\n// default: throw\n")
        self.assertEqual(len(check.check_no_exceptions(self.root)), 2)

    def test_default_of_a_switch_over_numbers(self):
        self.write("ast/a.cpp", "// A\n case EINVAL:\n  default:\n")
        self.assertEqual(check.check_no_exceptions(self.root), [])

    def test_default_of_a_switch_over_enumerations_of_others(self):
        self.write("ast/a.cpp", "// A\n case dwarf::DW_TAG_typedef: return 1;\n  default:\n")
        self.assertEqual(check.check_no_exceptions(self.root), [])

    def test_file_without_opening_comment(self):
        self.write("ast/a.h", "#pragma once\n")
        self.assert_one(check.check_opening_comment(self.root), "ast/a.h:1")


if __name__ == "__main__":
    unittest.main()

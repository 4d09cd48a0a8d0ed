"""Runs every test that is built and says what became of them; scripts/test builds, then calls this.

Units (GoogleTest, build/dev), text tests (lit), conformance with bpftrace 0.17, Debian's scripts, the manual (mandoc) and its examples,
the time that attaching takes, programs made up (build/dev), the rules of tests/tidy, the tests of the test tools, and the text tests of
tests/kernel and Debian's scripts once more on each kernel of tests/vm. Failed and skipped cases are listed by name, those of several
kernels in a table, then comes one line `N passed, N failed, N skipped`. The exit status is 1 where a case failed.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parent
ROOT = TESTS.parent
BUILD = ROOT / "build"
LIT = "/usr/lib/llvm-19/build/utils/lit/lit.py"
sys.path[:0] = [str(TESTS), str(TESTS / "tidy"), str(TESTS / "vm")]

import attach_time  # noqa: E402
import check  # noqa: E402
import debian_scripts  # noqa: E402
import kernel_table  # noqa: E402
import layout  # noqa: E402
import manual_examples  # noqa: E402
from conformance import run as conformance_table  # noqa: E402
import machine  # noqa: E402
import units  # noqa: E402

# The tests that run on every kernel: what they are called in the table, and how their names begin.
KERNEL_TESTS = [("tests/kernel", "kernel/"), ("Debian's scripts", "debian/")]
KERNEL_FILTER = "|".join(prefix for _, prefix in KERNEL_TESTS)
# How much longer than on this machine a test may take on an emulated one, and how many seconds all of them.
PATIENCE = 10
MACHINE_SECONDS = 2400


@dataclasses.dataclass
class Case:
    name: str
    outcome: str  # passed, failed, skipped
    detail: str = ""  # why: a line for a skipped case, whole output for a failed one
    seconds: float = 0.0


def passes_filter(options, name):
    return not options.filter or re.search(options.filter, name)


def unit_tests(options):
    """The GoogleTest cases."""
    driver = BUILD / "dev" / "tests" / "unit_tests"
    return [Case(*result) for result in units.run_all(str(driver), lambda name: passes_filter(options, name))]


def texts(options):
    """The text tests, through lit."""
    report = BUILD / "text-tests.json"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    command = [sys.executable, LIT, "-q", "--no-progress-bar", "-j", str(os.cpu_count()), "-o", str(report), str(TESTS)]
    if options.filter:
        command += ["--filter", options.filter, "--allow-empty-runs"]
    if options.seconds:
        command += ["--max-time", str(options.seconds)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if not report.exists():
        no_match = options.filter and ran.returncode == 0
        return [] if no_match else [Case("text", "failed", ran.stdout + ran.stderr)]
    return [text_case(test) for test in json.loads(report.read_text())["tests"]]


def text_case(test):
    name = test["name"].removeprefix("fathom :: ")
    if test["code"] == "SKIPPED":
        return Case(name, "failed", "did not begin in time")
    if test["code"] in ("PASS", "FLAKYPASS"):
        return Case(name, "passed", seconds=test["elapsed"])
    if test["code"] == "UNSUPPORTED":
        missing = re.search(r"unavailable features: (.*)", test["output"])
        return Case(name, "skipped", "skipped: " + lacking(missing[1].split(",") if missing else []))
    return Case(name, "failed", told_by_test(test["output"]) or test["code"], test["elapsed"])


def lacking(features):
    """`kprobe`, `!fentry`: no kprobe, has fentry."""
    wanted = [feature.strip() for feature in features]
    return ", ".join([f"no {feature}" for feature in wanted if feature[0] != "!"] + [f"has {feature[1:]}" for feature in wanted if feature[0] == "!"])


def told_by_test(output):
    """What the test's own commands printed, without lit's commentary."""
    lines = [line[4:] for line in output.splitlines() if line.startswith("# | ")]
    return "\n".join(lines) if lines else output


def conformance(options):
    """The same answers as bpftrace 0.17."""
    obstacle, failed = conformance_table.obstacle()
    if obstacle:
        return [Case("conformance", "failed" if failed else "skipped", f"skipped: {obstacle}" if not failed else obstacle)]
    results = conformance_table.run_all(executable(), lambda name: passes_filter(options, name))
    return [Case(name, "failed" if problem else "passed", problem) for name, problem in results]


def debian(options):
    """The scripts of Debian's bpftrace package."""
    if os.geteuid() != 0:
        return [Case("debian", "skipped", "skipped: needs root")]
    os.environ["FATHOM"] = executable()
    results = debian_scripts.verdicts(lambda name: passes_filter(options, f"debian/{name}"))
    return [Case(f"debian/{name}", "passed" if good else "failed", told, seconds) for name, told, good, seconds in results]


def examples(options):
    """The examples of the manual."""
    if os.geteuid() != 0:
        return [Case("examples", "skipped", "skipped: needs root")]
    found, complaints = manual_examples.examples(manual_examples.PAGE.read_text())
    found = [example for example in found if passes_filter(options, f"examples/{example.name}")]
    cases = [Case("examples/marked", "failed" if complaints else "passed", "\n".join(complaints))]
    for example, problem in zip(found, manual_examples.problems(found, executable())):
        cases.append(Case(f"examples/{example.name}", "failed" if problem else "passed", problem))
    return cases


def attaching(options):
    """How long it takes to attach and leave many events."""
    obstacle = attach_time.obstacle()
    if obstacle:
        return [Case("attach-time", "skipped", f"skipped: {obstacle}")]
    if not passes_filter(options, "attach-time"):
        return []
    told, good = attach_time.compare(executable(), sample=options.host)
    return [Case("attach-time", "passed" if good else "failed", told)]


def layouts(options):
    """--fmt keeps the meaning of every script."""
    results = layout.run_all(executable(), lambda name: passes_filter(options, name))
    return [Case(name, "failed" if told else "passed", told) for name, told in results]


def executable():
    return os.environ.get("FATHOM") or str(BUILD / "release" / "fathom")


# Programs made up per run of all tests: name, how many, and what else the driver is told. The seeds are fixed; scripts/fuzz takes others.
FUZZ = {
    "fuzz/compile-1": (50000, ["--seed", "1", "--emit", "100"]),
    "fuzz/compile-2": (50000, ["--seed", "1000001", "--emit", "100"]),
    "fuzz/load-1": (600, ["--seed", "2000001", "--load", "1"]),
    "fuzz/load-2": (600, ["--seed", "3000001", "--load", "1"]),
}
HOST_SHARE = 32  # with --host one program of so many


def fuzz(options):
    """The generator of programs, with sanitizers."""
    driver = BUILD / "dev" / "tests" / "fuzz" / "fuzz_programs"
    wanted = {name: [*arguments, "--count", str(count // HOST_SHARE if options.host else count)]
              for name, (count, arguments) in FUZZ.items() if passes_filter(options, name)}
    if not driver.exists():
        return [Case(name, "failed", f"{driver} was not built") for name in wanted]
    cases = []
    running = {}
    for name, arguments in wanted.items():
        if "--load" in arguments and os.geteuid() != 0:
            cases.append(Case(name, "skipped", "skipped: needs root"))
            continue
        running[name] = subprocess.Popen([str(driver), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    for name, process in running.items():
        told = process.communicate()[0]
        cases.append(Case(name, "failed" if process.returncode else "passed", told))
    return cases


def manual(_options):
    """mandoc's opinion on the manual."""
    page = BUILD / "release" / "fathom.1"
    if not page.exists():
        return [Case("man/fathom.1", "failed", f"{page} was not built")]
    ran = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(page)], capture_output=True, text=True, check=False)
    told = ran.stdout + ran.stderr
    return [Case("man/fathom.1", "failed" if told or ran.returncode else "passed", told)]


def rules(_options):
    """The rules of tests/tidy/check.py, each a case."""
    found = check.run_all(ROOT)
    return [Case(f"tidy/{name}", "failed" if problems else "passed", "\n".join(problems)) for name, problems in found.items()]


def tools(_options):
    """The tests of the test tools themselves."""
    suite = unittest.defaultTestLoader.discover(str(TESTS / "tidy"), pattern="*_test.py")
    result = unittest.TestResult()
    cases = {case.id(): Case(f"tools/{case.id()}", "passed") for case in flatten(suite)}
    suite.run(result)
    for case, trace in result.failures + result.errors:
        cases[case.id()] = Case(f"tools/{case.id()}", "failed", trace)
    return list(cases.values())


def machines(options):
    """The kernel tests in virtual machines, one for each kernel, all at the same time. `6.1/kernel/count` as a filter asks for one."""
    wanted = {kernel: rest for kernel in machine.KERNELS for rest in [machine_filter(kernel, options.filter)] if rest is not None}
    running = {kernel: subprocess.Popen(
        [sys.executable, str(TESTS / "vm" / "main.py"), "--time", str(MACHINE_SECONDS), kernel, "env", f"PATIENCE={PATIENCE}",
         f"FATHOM={os.environ.get('FATHOM', '')}", sys.executable, str(TESTS / "run.py"), "--only", "debian", "--only", "texts",
         "--seconds", str(MACHINE_SECONDS - 300), "--json", rest],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for kernel, rest in wanted.items()}
    return [case for kernel, process in running.items() for case in machine_cases(kernel, process)]


def machine_filter(kernel, text):
    """What a filter leaves of a kernel's tests, or None: tests are run in a machine where all are, or where the filter names the kernel."""
    if not text:
        return KERNEL_FILTER
    return text.removeprefix(f"{kernel}/") or KERNEL_FILTER if text.startswith(f"{kernel}/") else None


def machine_cases(kernel, process):
    stdout, stderr = process.communicate()
    try:
        found = [Case(**fields) for fields in json.loads(stdout)]
    except json.JSONDecodeError:
        return [Case(f"{kernel}/machine", "failed", stdout + stderr)]
    return [dataclasses.replace(case, name=f"{kernel}/{case.name}") for case in found]


def by_kernel(cases):
    """The cases of each kernel under their plain names, or none where this machine's kernel is all."""
    others = {kernel: [dataclasses.replace(case, name=case.name.removeprefix(f"{kernel}/")) for case in cases if case.name.startswith(f"{kernel}/")]
              for kernel in machine.KERNELS}
    others = {f"Linux {kernel}": found for kernel, found in others.items() if found}
    here = [case for case in cases if re.match(KERNEL_FILTER, case.name)]
    return {f"{os.uname().release} (here)": here} | others if here and others else others


def flatten(suite):
    for item in suite:
        yield from flatten(item) if isinstance(item, unittest.TestSuite) else [item]


STEPS = {
    "texts": texts, "units": unit_tests, "conformance": conformance, "debian": debian, "examples": examples, "layouts": layouts, "attaching": attaching,
    "fuzz": fuzz, "manual": manual, "rules": rules, "tools": tools, "machines": machines,
}

# The text tests wait much, one at a time, so the other steps run beside them. One runs the program that text tests watch, and machines need
# both cores.
ALONE = ("attaching", "machines")
# Steps that heed the filter themselves.
FILTERED = ("units", "texts", "machines", "debian")


def report(cases, skipped_file):
    """Prints the verdict; returns whether all is well."""
    counts = collections.Counter(case.outcome for case in cases)
    for case in cases:
        if case.outcome == "failed":
            print(f"\nFAILED {case.name}\n{case.detail.rstrip()}")
    kernels = by_kernel(cases)
    in_table = re.compile("|".join([KERNEL_FILTER, *map(re.escape, machine.KERNELS)]) if kernels else "$^")
    lines = [f"{case.name}: {case.detail}" for case in cases if case.outcome == "skipped" and not in_table.match(case.name)]
    lines += kernel_table.kernel_tables(kernels, KERNEL_TESTS)
    lines.append(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    print("\n".join(lines))
    if skipped_file:
        pathlib.Path(skipped_file).write_text("\n".join(lines) + "\n")
    return counts["failed"] == 0


def timed(name, options):
    """The cases of a step that the filter leaves; how long it took is told where somebody looks for time."""
    begin = time.monotonic()
    found = [case for case in STEPS[name](options) if name in FILTERED or passes_filter(options, case.name)]
    if options.times:
        print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=STEPS, action="append", help="run this step; may be repeated")
    parser.add_argument("--host", action="store_true", help="only what this machine's own kernel can run")
    parser.add_argument("--json", action="store_true", help="print the cases for another program")
    parser.add_argument("--times", action="store_true", help="tell how long each step took")
    parser.add_argument("--seconds", type=int, help="text tests that have not begun by then fail")
    parser.add_argument("--summary", help="write skipped cases and the last line to this file too")
    parser.add_argument("filter", nargs="?", help="regular expression that names of cases must match")
    options = parser.parse_args()
    wanted = options.only or [name for name in STEPS if name != "machines" or not options.host]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        beside = pool.map(lambda name: timed(name, options), [name for name in STEPS if name in wanted and name not in ALONE])
        cases = [case for found in beside for case in found]
    for name in ALONE:
        cases += timed(name, options) if name in wanted else []
    if options.json:
        print(json.dumps([dataclasses.asdict(case) for case in cases]))
        return 0
    if not cases:
        print(f"no test matches {options.filter!r}")
    return 0 if report(cases, options.summary) and cases else 1


if __name__ == "__main__":
    sys.exit(main())

"""Runs the unit tests: one process for all of them, since starting hundreds of sanitized processes takes ten times as long as their tests.

A process that ends early leaves no report; then the test that it was in has failed, and those behind it were not run, which is told too.
tests/run.py counts every GoogleTest case as a test.
"""

import os
import pathlib
import re
import subprocess
import tempfile
import xml.etree.ElementTree

SECONDS = 600  # for all of them; the sanitized build takes five seconds on an idle machine


def names(executable):
    """All cases as `Suite.Case`, in the order in which they run."""
    listed = subprocess.run([executable, "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout
    found, suite = [], ""
    for line in listed.splitlines():
        word = line.split("#")[0].strip()
        if line.startswith("  "):
            found.append(suite + word)
        elif word.endswith("."):
            suite = word
    return found


def verdict(element):
    """(name, passed, failed or skipped, what was told) of one case of GoogleTest's report."""
    name = f"{element.get('classname')}.{element.get('name')}"
    failures = [failure.text or "" for failure in element.findall("failure")]
    if failures:
        return name, "failed", "\n".join(failures)
    skipped = element.find("skipped")
    if skipped is not None:
        return name, "skipped", "skipped: " + ((skipped.get("message") or skipped.text or "").strip().splitlines() or ["no reason given"])[-1]
    if element.get("status") != "run":
        return name, "failed", "did not run"
    return name, "passed", ""


def cut_short(told, wanted):
    """What became of the cases of a process that wrote no report."""
    begun = re.findall(r"^\[ RUN      \] (\S+)", told, re.MULTILINE)
    done = set(re.findall(r"^\[       OK \] (\S+?)(?: \(|$)", told, re.MULTILINE))
    at = begun[-1] if begun else "units"
    tail = "\n".join(told.splitlines()[-100:])
    found = [(name, "passed", "") for name in begun if name in done]
    found += [(name, "failed", tail if name == at else "failed before the process ended early") for name in begun if name not in done]
    if not begun:
        found.append((at, "failed", tail or "the unit tests end at once"))
    return found + [(name, "failed", f"did not run: {at} ended the process") for name in wanted if name not in begun]


def run_all(executable, wanted=lambda name: True):
    """(name, outcome, what was told) of every case whose name is wanted."""
    if not pathlib.Path(executable).exists():
        return [("units", "failed", f"{executable} was not built")]
    chosen = [name for name in names(executable) if wanted(name)]
    if not chosen:
        return []
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.xml"
        # Names through the environment: hundreds of them are no command line to read in a list of processes.
        environment = {**os.environ, "GTEST_FILTER": ":".join(chosen), "GTEST_OUTPUT": f"xml:{report}", "GTEST_COLOR": "no"}
        try:
            ran = subprocess.run([executable], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=SECONDS, check=False,
                                 env=environment)
            told = ran.stdout
        except subprocess.TimeoutExpired as late:
            told = (late.stdout or b"").decode(errors="replace") + f"\nnot done after {SECONDS} s"
        if not report.exists():
            return cut_short(told, chosen)
        found = [verdict(element) for element in xml.etree.ElementTree.parse(report).iter("testcase")]
        # A sanitizer that finds something at the very end, such as a leak, changes only the exit status.
        if ran.returncode and not any(outcome == "failed" for _, outcome, _ in found):
            found.append(("units", "failed", "\n".join(told.splitlines()[-100:])))
        return found

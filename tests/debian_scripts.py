"""Every script of Debian's bpftrace package: each must parse, and must compile or say in a diagnostic which feature is missing.

Prints one line per script; fails with the output of those that neither compile nor name what they lack.
"""

import os
import pathlib
import re
import subprocess
import sys

# Diagnostics that name a feature this version or this kernel lacks, as opposed to calling a good script wrong.
MISSING = {"unsupported_feature", "unsupported_probe_type", "no_such_attach_point", "missing_attach_point", "probe_without_attach_points",
           "unknown_function", "unknown_name", "unknown_member", "target_unavailable", "no_such_symbol"}
ERROR = re.compile(r"^error: (?P<message>.*) \[(?P<id>\w+)\]$", re.MULTILINE)


def run(stage, path):
    return subprocess.run([os.environ["FATHOM"], f"--emit={stage}", str(path)], capture_output=True, text=True, errors="replace", timeout=60, check=False)


def verdict(path):
    """What became of one script, and whether that is all right."""
    parsed = run("ast", path)
    if parsed.returncode != 0:
        return "does not parse\n" + parsed.stderr, False
    checked = run("checked", path)
    if checked.returncode == 0:
        return "compiles", True
    errors = ERROR.findall(checked.stderr)
    named = checked.returncode == 1 and errors and all(found[1] in MISSING for found in errors)
    if not named:
        return f"exit status {checked.returncode}\n{checked.stderr}", False
    return "lacks: " + "; ".join(dict.fromkeys(found[0] for found in errors)), True


def main():
    scripts = sorted(pathlib.Path("/usr/sbin").glob("*.bt"))
    well = bool(scripts)
    for path in scripts:
        text, good = verdict(path)
        print(f"{path.name}: {text}")
        well = well and good
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())

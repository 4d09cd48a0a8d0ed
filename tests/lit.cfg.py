# Configuration of LLVM's lit for the text tests: golden (dumps), diagnostics (one file per id), kernel (runs on this machine's kernel).
# The executable comes from the environment variable FATHOM or is build/release/fathom. %expect is explained in tests/expect.py.
import os
import pathlib
import sys

import lit.formats

tests = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(tests))
import features  # noqa: E402

config.name = "fathom"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".bt", ".test"]
config.excludes = ["bench", "unit", "tidy", "vm", "fuzz", "imported"]
config.test_source_root = str(tests)
config.test_exec_root = str(tests.parent / "build" / "lit")
config.available_features = features.available()

fathom = str(pathlib.Path(os.environ.get("FATHOM") or tests.parent / "build" / "release" / "fathom").resolve())
config.environment["FATHOM"] = fathom
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
for name in ("UPDATE", "PATIENCE", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions += [
    # -S: what a machine adds to Python takes as long to load as the test.
    ("%expect", f"{sys.executable} -S {tests / 'expect.py'} --file %s"),
    ("%fathom", fathom),
    ("%python", f"{sys.executable} -S"),
    ("%tests", str(tests)),
    ("FileCheck", "/usr/lib/llvm-19/bin/FileCheck"),
]

"""The rules of this tree that no linter knows: which layer may include what, one test and one line of manual for everything that can be
added, file sizes. Each rule is a function from the root of a tree to a list of problems, `file:line: what is wrong`.

Run alone it prints the problems; tests/run.py counts each rule as a test.
"""

import pathlib
import re
import sys

import coverage
import text_tests as tests_themselves

# What a file below the first folder may include of the project's own; the longest key that matches decides.
LAYERS = {
    "ast/": ["ast/"],
    "lexer/": ["ast/", "lexer/"],
    "definitions/": ["ast/", "lexer/", "definitions/"],
    "parser/": ["ast/", "lexer/", "parser/"],
    "codegen/": ["ast/", "codegen/", "runtime/plan.h", "runtime/layout.h", "runtime/unwind_table.h"],
    "runtime/": ["ast/", "runtime/"],
}
# Header prefixes of others, and the only folder that may include them.
FOREIGN = {"llvm": "codegen/", "llvm-c": "codegen/", "bpf": "runtime/", "CLI": "main.cpp"}
SOURCES = (".cpp", ".h", ".def", ".l", ".y")
FOLDERS = ("ast", "lexer", "definitions", "parser", "codegen", "runtime")
LINE_LIMIT = 800

INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<open>[<"])(?P<name>[^>"]+)[>"]')
DIAGNOSTIC = re.compile(r"^\s*DIAGNOSTIC\((\w+),\s*(\w+),", re.MULTILINE)
PROTOTYPE_TYPES = "none|auto|bool|int|uint32|uint64|int64|string|pointer|stack|symbol|timestamp|any|map|inet|macaddr|username|cgroup_path"
PROTOTYPE = re.compile(rf'"(?:{PROTOTYPE_TYPES})(?:\[\d+\])? (?P<name>[a-z_]\w*)(?P<arguments>\([^"]*\))?"')
OPTION = re.compile(r'app\.add_(?:option|flag|flag_callback)\("(-[^"]+)"')
CONFIG_KEY = re.compile(r'keys\.push_back\((?:\w+(?:<[\w:]+>)?\(|\{)"(\w+)"')
CONFIG_LIST = re.compile(r'for \(std::string_view key : \{([^}]*)\}')
LABEL = re.compile(r"\s*case\s+([\w:]+?)\s*(?<!:):(?!:)")
# Enumerations that others may add to.
FOREIGN_ENUMS = ("llvm::", "dwarf::")
FORMAT_NAME = re.compile(r'OutputFormat\{"(\w+)"')
PROVIDER_NAME = re.compile(r'\.name\s*=\s*"(\w+)"')
ALIASES = re.compile(r"\.aliases\s*=\s*\{([^}]*)\}")
VALUE_OPTION = re.compile(r'app\.add_option\("(-[^"]+)"')


def sources(root):
    """The project's own C++ files: path relative to the root, and text."""
    files = [root / "main.cpp", *(path for folder in FOLDERS for path in sorted((root / folder).rglob("*")))]
    for path in files:
        if path.suffix in SOURCES and path.is_file():
            yield path.relative_to(root).as_posix(), path.read_text()


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found["name"], found["open"] == '"'


def check_layers(root):
    """A layer includes only itself and what stands below it; generated headers (no folder in the name) are a layer's own."""
    problems = []
    for path, text in sources(root):
        allowed = next((allowed for folder, allowed in LAYERS.items() if path.startswith(folder)), None)
        for number, name, quoted in includes(text):
            if allowed and quoted and name.split("/")[0] in (*FOLDERS, "tests") and not any(name.startswith(prefix) for prefix in allowed):
                problems.append(f"{path}:{number}: includes {name}; files in {path.split('/')[0]}/ may include {', '.join(allowed)}")
    return problems


def check_foreign_headers(root):
    """LLVM stays in codegen/, libbpf in runtime/, the option parser in main.cpp."""
    problems = []
    for path, text in sources(root):
        for number, name, _ in includes(text):
            home = FOREIGN.get(name.split("/")[0]) if "/" in name else None
            if home and not path.startswith(home):
                problems.append(f"{path}:{number}: includes <{name}>; only {home} may")
    return problems


def diagnostics(root):
    path = root / "ast/diagnostics.def"
    return [found[0] for found in DIAGNOSTIC.findall(path.read_text())] if path.exists() else []


def check_diagnostics(root):
    """Every diagnostic has a test named after it that shows its id, and no test outlives its diagnostic."""
    rows = diagnostics(root)
    tests = {path.stem: path for folder in ["tests/diagnostics"] for path in (root / folder).glob("*.bt")}
    problems = []
    for row in rows:
        if row not in tests:
            problems.append(f"ast/diagnostics.def: {row} has no test; write tests/diagnostics/{row}.bt")
        elif f"[{row}]" not in tests[row].read_text():
            problems.append(f"tests/diagnostics/{row}.bt: its expectation does not contain [{row}]")
    # "<id>-more.bt": a further case of the same diagnostic.
    problems += [f"tests/diagnostics/{name}.bt: no such diagnostic" for name in sorted(tests) if name.split("-")[0] not in rows]
    return problems


def builtins(root):
    """Names in the prototypes of codegen/builtins, with the file of each."""
    found = {}
    for path, text in sources(root):
        if path.startswith("codegen/builtins/"):
            found.update({match["name"]: path for match in PROTOTYPE.finditer(text)})
    return found


def providers(root):
    """Names of the probe types in runtime/probes, with the file of each."""
    found = {}
    for path, text in sources(root):
        if path.startswith("runtime/probes/") and path.endswith(".cpp") and "ProbeType" in text:
            found.update({name: path for name in PROVIDER_NAME.findall(text)})
    return found


# Builtins that no text test can use to a good end, and why. Their misuse is tested all the same.
NOT_USABLE = {}
# Settings that take any value.
ANY_VALUE = {"str_trunc_trailer"}


def check_builtins_tested(root):
    """Every builtin is used by a script that runs to a good end, and stands in a diagnostic."""
    return coverage.untested(root, builtins(root), "builtin", NOT_USABLE)


def check_providers_tested(root):
    """Every probe type is used by a script that runs to a good end, and stands in a diagnostic; every short or old name of it is used."""
    names = providers(root)
    used = coverage.positive_scripts(root)
    problems = coverage.untested(root, names, "probe type")
    for path, text in sources(root):
        if path in names.values():
            problems += [f"{path}: no script in tests/kernel uses the name `{alias}:`" for aliases in ALIASES.findall(text)
                         for alias in re.findall(r'"(\w+)"', aliases) if not re.search(rf"(?<!\w){alias}:", used)]
    return problems


def check_manual(root):
    """Every builtin and probe type stands in the manual as it was built."""
    page = next((path for path in [root / "build/release/fathom.1", root / "build/dev/fathom.1"] if path.exists()), None)
    if page is None:
        return ["build/release/fathom.1: not built; type `scripts/build release man`"]
    text = page.read_text().replace("\\-", "-").replace("\\&", "")
    return [f"{path}: `{name}` does not stand in the manual" for name, path in (builtins(root) | providers(root)).items()
            if not re.search(rf"\b{name}\b", text)]


def options(root):
    """Every name of every option of the command line that --help shows."""
    path = root / "options.cpp"
    text = path.read_text() if path.exists() else ""
    return [name for names in OPTION.findall(text) for name in names.split(",") if name.startswith("-")]


def config_keys(root):
    """The keys of the config block, which are those of the environment too."""
    path = root / "ast/config.cpp"
    text = path.read_text() if path.exists() else ""
    lists = [word for found in CONFIG_LIST.findall(text) for word in re.findall(r'"(\w+)"', found)]
    return [*CONFIG_KEY.findall(text), *lists]


def formats(root):
    """The output formats that -f takes."""
    folder = root / "runtime/output"
    return [name for path in sorted(folder.glob("*.cpp")) for name in FORMAT_NAME.findall(path.read_text())]


def text_tests(root):
    """All text tests, whole."""
    return "\n".join(script + expectations for _, script, expectations in coverage.text_tests(root))


def manual_text(root):
    """The manual as it was built, without roff's escapes; None where it was not built."""
    page = next((path for path in [root / "build/release/fathom.1", root / "build/dev/fathom.1"] if path.exists()), None)
    return page.read_text().replace("\\-", "-").replace("\\&", "").replace("Fl Fl ", "Fl -") if page else None


def check_options(root):
    """Every option stands in the manual and is used by a text test under one of its names."""
    manual, tests = manual_text(root) or "", text_tests(root)
    problems = []
    for name in options(root):
        if not re.search(rf"Fl {re.escape(name[1:])}(?![\w-])", manual):
            problems.append(f"options.cpp: the option `{name}` does not stand in the manual")
    for names in OPTION.findall((root / "options.cpp").read_text() if (root / "options.cpp").exists() else ""):
        if not any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", tests) for name in names.split(",") if name.startswith("-")) and names.startswith("-"):
            problems.append(f"options.cpp: no text test uses the option `{names}`")
    text = (root / "options.cpp").read_text() if (root / "options.cpp").exists() else ""
    misused = coverage.failing_commands(root)
    problems += [f"options.cpp: no text test has a wrong value of the option `{names}`" for names in VALUE_OPTION.findall(text)
                 if not re.search(rf"(?<![\w-])(?:{names.replace(',', '|')})(?![\w-])", misused)]
    return problems


def check_config_keys(root):
    """Every key of the config block stands in the manual as its variable, is set by a script, and has a value that is refused."""
    manual = manual_text(root) or ""
    keys = dict.fromkeys(config_keys(root), "ast/config.cpp")
    problems = [f"{path}: BPFTRACE_{key.upper()} does not stand in the manual" for key, path in keys.items() if f"BPFTRACE_{key.upper()}" not in manual]
    return problems + [problem for problem in coverage.untested(root, keys, "setting")
                       if not any(f"diagnostic about the setting `{key}`" in problem for key in ANY_VALUE)]


def check_formats(root):
    """Every output format stands in the manual and, apart from the usual one, is used by a text test."""
    manual, tests = manual_text(root) or "", text_tests(root)
    return [f"runtime/output: the format `{name}` lacks {what}" for name in formats(root)
            for what, there in (("its line in the manual", f"Cm {name}" in manual), ("a test with -f", f"-f {name}" in tests or name == "text")) if not there]


def check_one_place(root):
    """A builtin has one row: a second row of the same name would hide the first."""
    seen = {}
    problems = []
    for path, text in sources(root):
        if path.startswith("codegen/builtins/"):
            for match in PROTOTYPE.finditer(text):
                name = match["name"]
                if name in seen:
                    problems.append(f"{path}: `{name}` has a row in {seen[name]} already")
                seen[name] = path
    return problems


def check_file_size(root):
    """A file of more than 800 lines has more than one subject."""
    files = list(sources(root)) + [(path.relative_to(root).as_posix(), path.read_text()) for path in sorted((root / "tests").rglob("*"))
                                   if path.suffix in (".cpp", ".h", ".py", ".c")]
    return [f"{path}: {text.count(chr(10))} lines, the limit is {LINE_LIMIT}" for path, text in files if text.count("\n") > LINE_LIMIT]


def check_no_exceptions(root):
    """No exceptions are thrown in our own code, and no switch over an enum class (its labels are qualified) has a default."""
    problems = []
    for path, text in sources(root):
        if not path.endswith((".cpp", ".h")):
            continue
        label = ""
        for number, line in enumerate(text.splitlines(), 1):
            code = re.sub(r'"(?:\\.|[^"\\])*"|//.*', "", line)
            named = LABEL.match(code)
            label = named[1] if named else label
            if re.match(r"\s*throw\b", code):
                problems.append(f"{path}:{number}: throws; return a Result")
            if re.match(r"\s*default\s*:", code) and "::" in label and not label.startswith(FOREIGN_ENUMS):
                problems.append(f"{path}:{number}: `default:` hides the next kind that is added")
    return problems


def check_opening_comment(root):
    """A file opens with a comment that says what it is for."""
    return [f"{path}:1: does not open with a comment" for path, text in sources(root) if not text.startswith(("//", "/*", "%{"))
            and path.endswith((".cpp", ".h"))]


def check_diagnostics_are_rendered_whole(root):
    """A negative test compares the whole rendered text, so it has an expectation."""
    return [f"{path.relative_to(root)}: has no expectation; scripts/test --update {path.stem} writes it"
            for path in sorted((root / "tests/diagnostics").glob("*.bt")) if "// EXPECT" not in path.read_text()]


RULES = {
    "layers": check_layers,
    "foreign-headers": check_foreign_headers,
    "diagnostics-tested": check_diagnostics,
    "diagnostics-whole": check_diagnostics_are_rendered_whole,
    "builtins-tested": check_builtins_tested,
    "builtins-one-place": check_one_place,
    "probe-types-tested": check_providers_tested,
    "manual-complete": check_manual,
    "options-complete": check_options,
    "config-complete": check_config_keys,
    "formats-complete": check_formats,
    "file-size": check_file_size,
    "no-exceptions": check_no_exceptions,
    "opening-comment": check_opening_comment,
    **tests_themselves.RULES,
}


def run_all(root):
    """Problems by rule."""
    return {name: rule(pathlib.Path(root)) for name, rule in RULES.items()}


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    problems = [f"{problem} [{name}]" for name, found in run_all(root).items() for problem in found]
    print("\n".join(problems) or "all rules hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

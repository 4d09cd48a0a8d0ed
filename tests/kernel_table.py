"""The table at the end of a run on several kernels: which test passed, failed or was skipped where, and why.

A row for each test that did not pass everywhere, one for all others together, and one for each script of Debian's bpftrace package. What
ran on no kernel, and what was not run on one, is named as well.
"""

import collections

PASSED = "passed"


def cell(case):
    """What became of a test on one kernel, in a few words."""
    if case is None:
        return "was not run"
    if case.outcome == "failed":
        return "FAILED"
    detail = case.detail.removeprefix("skipped: ").strip().partition("\n")[0]
    return detail or case.outcome


def ran(case):
    return case is not None and case.outcome != "skipped"


def row(name, cells, widths):
    return "  ".join(f"{text:{width}}" for text, width in zip([name, *cells], widths)).rstrip()


def rows_of(names, columns):
    """The rows for tests that did not pass everywhere, and how many did."""
    rows, everywhere = [], 0
    for name in names:
        cells = [cell(cases.get(name)) for cases in columns.values()]
        if all(text == PASSED for text in cells):
            everywhere += 1
        else:
            rows.append((name, cells))
    return rows, everywhere


def table(columns, title):
    """`columns`: for each kernel its cases, by name."""
    names = sorted({name for cases in columns.values() for name in cases})
    rows, everywhere = rows_of(names, columns)
    if everywhere:
        rows.append((f"{'all' if len(rows) == 0 else 'the other'} {everywhere}", [PASSED] * len(columns)))
    for outcome in ("passed", "failed", "skipped"):
        rows.append((f"{outcome}, in numbers", [str(collections.Counter(case.outcome for case in cases.values())[outcome]) for cases in columns.values()]))
    heads = (title, list(columns))
    widths = [max(len(line[0]) for line in [heads, *rows])] + [max(len(line[1][i]) for line in [heads, *rows]) for i in range(len(columns))]
    lines = ["", row(*heads, widths), row("-" * widths[0], ["-" * width for width in widths[1:]], widths)]
    lines += [row(name, cells, widths) for name, cells in rows]
    return lines + [f"ran on no kernel: {name}" for name in names if not any(ran(cases.get(name)) for cases in columns.values())]


def kernel_tables(kernels, tests):
    """`kernels`: for each kernel its list of cases. `tests`: title and prefix of each group of tests that runs on all of them."""
    lines = []
    for title, prefix in tests:
        columns = {kernel: {case.name.removeprefix(prefix): case for case in cases if case.name.startswith(prefix)} for kernel, cases in kernels.items()}
        columns = {kernel: cases for kernel, cases in columns.items() if cases}
        if columns:
            lines += table(columns, title)
    return lines

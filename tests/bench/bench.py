"""Measures fathom side by side with Debian's bpftrace and with programs written by hand in C, and prints medians and ratios.

Start-up: time from fork until a program of the tool has run for the first time (or, for BEGIN, until its text is printed), until the tool
has exited, and the tool's peak memory. In the kernel: run time per event of the tool's programs while one process reads /dev/zero.
The tools take turns in every round, so that what disturbs the machine disturbs all of them; times are only good for their ratios.
tests/bench/observer.c does the measuring and says how. FATHOM names the executable, or it is build/release/fathom.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parents[1]
BUILD = ROOT / "build" / "bench"
OPEN, READ = "tracepoint:syscalls:sys_enter_openat", "tracepoint:syscalls:sys_enter_read"
TOOLS = ("c", "fathom", "bpftrace")
# bpftrace wants a mounted tracefs; the mount lives and dies in a namespace of its own.
MOUNTED = ["unshare", "-m", "sh", "-c", 'mount -t debugfs none /sys/kernel/debug; mount -t tracefs none /sys/kernel/tracing; exec "$@"', "sh"]
# Title, what the observer does, the object and event of the C program, the script.
STARTUP = [
    ("BEGIN { exit() }", ["text", "\x01"], ["begin"], "BEGIN { exit() }"),
    ("BEGIN { printf(…); exit() }", ["text", "1 fathom-bench"], ["begin_print"], 'BEGIN { printf("1 fathom-bench\\n"); exit() }'),
    ("openat count()", ["open"], ["count", "sys_enter_openat"], OPEN + " { @ = count() }"),
    ("openat @[comm] = count()", ["open"], ["comm", "sys_enter_openat"], OPEN + " { @[comm] = count() }"),
]
IN_KERNEL = [
    ("count()", ["count", "sys_enter_read"], READ + " { @ = count() }"),
    ("@[comm] = count()", ["comm", "sys_enter_read"], READ + " { @[comm] = count() }"),
    ("@ = hist(args.count)", ["hist", "sys_enter_read"], READ + " { @ = hist(args->count) }"),
    ('printf("%d %s\\n", pid, comm)', ["printf", "sys_enter_read"], READ + ' { printf("%d %s\\n", pid, comm) }'),
    ("the same, C without wake-ups", ["printf_batched", "sys_enter_read"], READ + ' { printf("%d %s\\n", pid, comm) }'),
]


def build():
    """Compiles the C programs, their loader and the observer, where they are older than their sources."""
    BUILD.mkdir(parents=True, exist_ok=True)
    commands = {}
    for variant in sorted({row[2][0] for row in STARTUP} | {row[1][0] for row in IN_KERNEL}):
        commands[f"{variant}.bpf.o"] = ["clang-19", "-target", "bpf", "-O2", "-g", "-mcpu=v3", "-Wall", f"-I/usr/include/{os.uname().machine}-linux-gnu",
                                        f"-DVARIANT_{variant}", "-c", str(BENCH / "programs.bpf.c")]
    commands["loader"] = ["cc", "-O2", "-Wall", "-static", str(BENCH / "loader.c"), "-lbpf", "-lelf", "-lz"]
    commands["observer"] = ["cc", "-O2", "-Wall", "-static", str(BENCH / "observer.c")]
    for name, command in commands.items():
        target = BUILD / name
        source = next(pathlib.Path(word) for word in command if word.startswith(str(BENCH)))
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            subprocess.run([*command, "-o", str(target)], check=True)


def command_line(tool, fathom, watch, c_program, script):
    observer = [str(BUILD / "observer"), *watch, "--"]
    if tool == "c":
        # The C program prints its own line; the observer looks for the part that is the same in every run.
        watch_c = ["text", " loader"] if watch[0] == "text" and watch[1] != "\x01" else watch
        return [str(BUILD / "observer"), *watch_c, "--", str(BUILD / "loader"), str(BUILD / f"{c_program[0]}.bpf.o"), *c_program[1:]]
    if tool == "fathom":
        return [*observer, fathom, "-e", script]
    return [*MOUNTED, *observer, "bpftrace", "-e", script]


def measure(command):
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{ran.stderr}")
    return json.loads(ran.stdout)


def interleaved(options, tools, rows):
    """The results of all rounds: {(title, tool): [result, …]}; the first round warms caches and is dropped."""
    results = {}
    for number in range(options.rounds + 1):
        for title, watch, c_program, script in rows:
            for tool in tools:
                result = measure(command_line(tool, options.fathom, watch, c_program, script))
                if number:
                    results.setdefault((title, tool), []).append(result)
        if sys.stderr.isatty():
            print(f"\rround {number} of {options.rounds}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return results


def table(heading, unit, tools, titles, values):
    """One line per program: the medians, then how many times fathom's value (or, without it, C's) the others are."""
    base = "fathom" if "fathom" in tools else "c"
    others = [tool for tool in tools if tool != base]
    print(f"\n{heading} ({unit}; median)")
    print(f"  {'':34}" + "".join(f"{tool:>12}" for tool in tools) + "".join(f"{base + '/' + tool:>18}" for tool in others))
    for title in titles:
        medians = {tool: statistics.median(values(title, tool)) for tool in tools}
        ratios = [f"{medians[base] / medians[tool]:18.2f}" if medians[tool] else f"{'-':>18}" for tool in others]
        print(f"  {title:34}" + "".join(f"{medians[tool]:12.2f}" for tool in tools) + "".join(ratios))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11, help="rounds that count (default: 11)")
    parser.add_argument("--reads", type=int, default=20000, help="events per in-kernel measurement (default: 20000)")
    parser.add_argument("--only", choices=["startup", "kernel"])
    options = parser.parse_args()
    options.fathom = os.environ.get("FATHOM") or str(ROOT / "build" / "release" / "fathom")
    tools = [tool for tool in TOOLS if tool == "c" or shutil.which(options.fathom if tool == "fathom" else tool)]
    build()
    missing = [tool for tool in TOOLS if tool not in tools]
    if missing:
        print(f"not here, so not measured: {', '.join(missing)}")
    if options.only != "kernel":
        results = interleaved(options, tools, STARTUP)
        begin = [row[0] for row in STARTUP if row[1][0] == "text" and row[1][1] == "\x01"]
        titles = [row[0] for row in STARTUP]
        waits = [title for title in titles if title not in begin]
        table("exec to first event", "ms", tools, waits, lambda title, tool: [result["first"] / 1e6 for result in results[title, tool]])
        table("exec to exit", "ms", tools, titles, lambda title, tool: [result["exit"] / 1e6 for result in results[title, tool]])
        table("peak memory", "MiB", tools, titles, lambda title, tool: [result["memory"] / 1024 for result in results[title, tool]])
    if options.only != "startup":
        rows = [(title, ["read", str(options.reads)], c_program, script) for title, c_program, script in IN_KERNEL]
        results = interleaved(options, tools, rows)
        titles = [row[0] for row in rows]
        # Per event, not per run: a tool may run its programs more or less often than once per event.
        table("in-kernel run time per event", "ns", tools, titles,
              lambda title, tool: [result["run_time"] / options.reads for result in results[title, tool]])
        table("runs per event", "runs", tools, titles, lambda title, tool: [result["runs"] / options.reads for result in results[title, tool]])
    return 0


if __name__ == "__main__":
    sys.exit(main())

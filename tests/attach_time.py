"""Attaching many events and leaving them again: fathom against Debian's bpftrace, in one run, and what the script saw.

Both count the system calls of one process, each event under its name. The counts must be the same, and fathom's time from exec to exit at
most a twentieth of bpftrace's, which waits for the kernel once for each event. With `sample` bpftrace gets some of the events, and its time
is taken as many times as there are more of them.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
MOUNTED = ["unshare", "--mount", "sh", "-c", 'mount -t tracefs nodev /sys/kernel/tracing && exec bpftrace "$@"', "sh"]
ALL = "sys_enter_*"
SOME = "sys_enter_get*"  # with some that the program calls
SCRIPT = 'tracepoint:syscalls:%s /pid == cpid && comm == "operations"/ { @[probe] = count(); }'
RATIO = 20
LEAST = 300  # events of ALL
ATTACHED = re.compile(r"Attach(?:ed|ing) (\d+) probe")
COUNT = re.compile(r"^@\[tracepoint:syscalls:(\w+)\]: (\d+)$", re.MULTILINE)


def timed(command, events, program):
    """Seconds from exec to exit, the number of events, and the counts by event."""
    begin = time.monotonic()
    ran = subprocess.run([*command, "-e", SCRIPT % events, "-c", program], capture_output=True, text=True, timeout=300, check=True)
    seconds = time.monotonic() - begin
    attached = ATTACHED.search(ran.stdout + ran.stderr)
    return seconds, int(attached[1]), dict(COUNT.findall(ran.stdout))


def compare(fathom, sample):
    """What was measured, and whether it is all right."""
    with tempfile.TemporaryDirectory() as directory:
        program = f"{directory}/operations"
        subprocess.run(["cc", "-O1", "-pthread", "-o", program, str(HERE / "kernel" / "inputs" / "operations.c")], check=True)
        try:
            ours, our_events, our_counts = timed([fathom], ALL, program)
            theirs, their_events, their_counts = timed(MOUNTED, SOME if sample else ALL, program)
        except subprocess.SubprocessError as error:
            return f"{error}: {error.stderr}", False
    told = f"fathom {our_events} events in {ours:.2f} s, bpftrace {their_events} in {theirs:.2f} s"
    if sample:
        our_counts = {event: count for event, count in our_counts.items() if re.match(SOME.replace("*", ""), event)}
    if not our_counts or our_counts != their_counts:
        return f"{told}; the counts differ: {our_counts} and {their_counts}", False
    if our_events < LEAST or (not sample and our_events != their_events):
        return f"{told}; not the same events", False
    return told, ours * RATIO <= theirs * our_events / their_events


def obstacle():
    """Why it can not be measured here."""
    if os.geteuid() != 0:
        return "needs root"
    return "" if shutil.which("bpftrace") and shutil.which("cc") else "needs bpftrace and cc: scripts/setup --tests installs them"


def main():
    told, good = compare(os.environ.get("FATHOM") or str(HERE.parent / "build" / "release" / "fathom"), "--sample" in sys.argv)
    print(told)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

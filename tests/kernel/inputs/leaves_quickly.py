"""Whether fathom leaves without waiting for the kernel to take every link apart: the best of three runs, in seconds, has to be below the limit.

    leaves_quickly.py LIMIT fathom-arguments...
"""
import os
import subprocess
import sys
import time


def leave(arguments):
    begin = time.monotonic()
    subprocess.run([os.environ["FATHOM"], *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    return time.monotonic() - begin


best = min(leave(sys.argv[2:]) for _ in range(3))
print("in time" if best < float(sys.argv[1]) else f"after {best:.2f} s")

"""Becomes a program at a path that only its own mount namespace has; it has to be in one already. Nothing waits before that program does.

    unshare -m mounted.py DIRECTORY PLACE PROGRAM ARGUMENTS...
"""
import ctypes
import os
import sys

MS_BIND = 4096

directory, place, program = sys.argv[1:4]
if ctypes.CDLL(None).mount(directory.encode(), place.encode(), None, MS_BIND, None) != 0:
    sys.exit(f"{directory} can not be mounted at {place}")
os.execv(program, sys.argv[3:])

"""The command line of scripts/vm, which explains it."""

import argparse
import sys

import machine


def main():
    parser = argparse.ArgumentParser(prog="scripts/vm", description="Runs a command in a virtual machine with one of Debian's kernels.")
    parser.add_argument("--time", type=float, default=600, metavar="SECONDS", help="how long the command may run (600)")
    parser.add_argument("kernel", help=" or ".join(machine.KERNELS))
    parser.add_argument("command", nargs=argparse.REMAINDER, help="with its arguments; without one, a shell")
    options = parser.parse_args()
    try:
        booted = machine.image(options.kernel)
        if not options.command:
            machine.interactive(booted, ["sh"])
            return 0
        return machine.run_inside(booted, options.command, options.time, shown=True).status
    except machine.MachineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 125


if __name__ == "__main__":
    sys.exit(main())

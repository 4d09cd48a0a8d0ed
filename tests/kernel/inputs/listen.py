"""Listens on a TCP port of the loopback address while a command runs."""

import socket
import subprocess
import sys

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
sys.exit(subprocess.call(sys.argv[2:]))

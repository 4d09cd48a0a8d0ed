"""Sends a few bytes through a TCP connection of the loopback address."""

import socket
import sys

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
other, _ = server.accept()
client.sendall(b"0123456789")
assert other.recv(64) == b"0123456789"

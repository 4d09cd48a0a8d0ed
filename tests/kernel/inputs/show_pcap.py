"""Looks for the packets that connect.py sends, and for the beginnings of their TCP headers in a second file; fails where they are not there."""

import struct
import sys
import time


def packets(path):
    data = open(path, "rb").read()
    magic, major, minor, _, _, _, link = struct.unpack_from("<IHHIIII", data)
    assert (magic, major, minor, link) == (0xA1B23C4D, 2, 4, 101), (hex(magic), major, minor, link)
    at = 24
    while at < len(data):
        seconds, nanoseconds, kept, length = struct.unpack_from("<IIII", data, at)
        assert abs(seconds - time.time()) < 600 and nanoseconds < 10**9 and kept == length, (seconds, nanoseconds, kept, length)
        yield data[at + 16:at + 16 + kept]
        at += 16 + kept
    assert at == len(data)


port = int(sys.argv[2])
whole = [one for one in packets(sys.argv[1]) if one[0] >> 4 == 4 and one[9] == 6 and port in struct.unpack_from(">HH", one, 20)]
assert all(struct.unpack_from(">H", one, 2)[0] == len(one) for one in whole), [len(one) for one in whole]
assert any(one.endswith(b"0123456789") for one in whole), whole
assert any(one[33] == 0x02 for one in whole), "no SYN"
assert any(len(one) == 10 and one[:8] == whole[0][20:28] for one in packets(sys.argv[3])), "no beginning of a TCP header"

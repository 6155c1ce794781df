"""A TCP port that nobody else takes: tests/support/free_port.h in python."""

import random
import socket


class FreePort:
    """Outside of what the system gives to clients, and held against other tests until close()."""

    def __init__(self):
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            low, high = map(int, file.read().split())
        first, end = next(((first, end) for first, end in ((10000, low), (high + 1, 65536)) if end - first >= 1000),
                          (10000, 65536))
        for number in random.sample(range(first, end), end - first):
            self.number = number
            self.claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                self.claim.bind("\0mpmd-test-port-%d" % number)
                with socket.socket() as probe:
                    probe.bind(("", number))
                return
            except OSError:
                self.claim.close()
        raise AssertionError("no free port")

    def close(self):
        self.claim.close()

"""Ports for servers that cannot choose one themselves."""

import random
import socket
import time

QUIET_PORTS = range(20_000, 32_000)
"""Below the ports that systems give to clients."""


def free_ports(count: int) -> list[int]:
    """Different ports on loopback that nobody listens on."""
    drawn = random.sample(QUIET_PORTS, len(QUIET_PORTS))
    return [port for port in drawn[: count * 20] if not answers(port)][:count]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port: int, seconds: float) -> bool:
    """Whether somebody listens there in time."""
    ends = time.monotonic() + seconds
    while not answers(port):
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True

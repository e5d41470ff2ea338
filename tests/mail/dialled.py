"""A connection to a host as a policy permits it."""

import socket
import time

from adapters.mail.network import NetworkPolicy, connected


def connect(policy: NetworkPolicy, host: str, port: int, seconds: float) -> socket.socket:
    return connected(policy.resolve(host, port, seconds), time.monotonic() + seconds)

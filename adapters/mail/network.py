"""Which addresses may be connected to, and connections to these addresses only (C1).

A user of a hosted installation names mail servers himself; this must not let him into the
operator's internal network. So the address that was checked is the one connected to, whatever the
name resolves to a moment later.
"""

import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from adapters.mail.name_lookup import Lookup, NameNotFound, system_lookup

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MOST_ADDRESSES = 8
"""How many addresses of a name are tried."""

_INSIDE = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
            *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            "168.63.129.16/32",
            *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
        ),
    )
)
"""IANA's special-purpose registries, multicast, reserved addresses, tunnels (6to4 and Teredo), and
Azure's platform, which answers its own machines at an address that looks public."""
_GLOBAL_V6 = IPv6Network("2000::/3")
"""All other IPv6 is loopback, link-local, unique-local, multicast, embeds IPv4, or is reserved."""
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressNotPermitted(OSError):
    """No connection was made. The text does not contain the address: a user who may not reach the
    internal network shall not learn its addresses either."""

    def __init__(self, host: str) -> None:
        super().__init__(f"The address of {host} is not permitted here.")


class CheckedAddress(NamedTuple):
    """An address that may be connected to; ``sockaddr`` is for ``socket.connect``."""

    family: socket.AddressFamily
    address: str
    port: int

    @property
    def sockaddr(self) -> tuple[str, int]:
        return self.address, self.port


class NetworkPolicy:
    """Permits public addresses, and those in ``allowed``. Safe to share between threads."""

    def __init__(self, allowed: Iterable[Network] = (), lookup: Lookup = system_lookup) -> None:
        self._allowed = tuple(allowed)
        self._lookup = lookup

    def permitted(self, address: str | Address) -> bool:
        """Whether this address may be connected to; also False for text that is not an address."""
        try:
            given = ip_address(address)
        except ValueError:
            return False
        meant = _meant(given)
        return self._is_allowed(given) or self._is_allowed(meant) or _is_public(meant)

    def resolve(self, host: str, port: int, seconds: float = 5.0) -> list[CheckedAddress]:
        """The permitted addresses of a name or an address, within so many seconds.

        Raises ``NameNotFound``, ``AddressNotPermitted``, and ``TimeoutError``.
        """
        found = self._lookup(host, seconds)
        if not found:
            raise NameNotFound(host)
        checked = [each for each in found if self.permitted(each)]
        if not checked:
            raise AddressNotPermitted(host)
        return [CheckedAddress(_family(each), each, port) for each in checked[:MOST_ADDRESSES]]

    def _is_allowed(self, address: Address) -> bool:
        return any(address in each for each in self._allowed if each.version == address.version)


def connected(addresses: Sequence[CheckedAddress], ends: float) -> socket.socket:
    """A connection to the first address that answers. Each gets its share of the time until
    ``ends``, by ``time.monotonic``. Raises the last one's ``OSError``."""
    failed: OSError = TimeoutError("timed out")
    for tried, each in enumerate(addresses):
        left = ends - time.monotonic()
        if left <= 0:
            break
        connection = socket.socket(each.family, socket.SOCK_STREAM)
        try:
            connection.settimeout(left / (len(addresses) - tried))
            connection.connect(each.sockaddr)
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            failed = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failed


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to, if there is one; else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return False
    return not any(address in each for each in _INSIDE if each.version == address.version)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET

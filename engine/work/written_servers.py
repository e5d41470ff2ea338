"""Mail servers as people write them: ``imap.acme.test``, ``imap.acme.test:143``,
``[::1]:1143/starttls``."""

from ipaddress import ip_address

from engine.work.access import Security, Server

_WRITTEN = "write HOST, HOST:PORT, or HOST:PORT/starttls and HOST:PORT/tls for unusual ports"
_USUAL = {143: Security.STARTTLS, 587: Security.STARTTLS, 25: Security.STARTTLS}
_NAMED = {"tls": Security.IMPLICIT, "starttls": Security.STARTTLS}


def read_server(text: str, implicit: int, starttls: int) -> Server:
    """The server. It uses TLS from the beginning, unless the port is the usual one for STARTTLS or
    the text says so. ``implicit`` and ``starttls`` are the ports if none is written. Raises
    ``ValueError``."""
    address, _, security = text.strip().partition("/")
    host, port = _split(address)
    plain = host if _is_address(host) else _a_labels(host)
    if security not in ("", *_NAMED) or not plain:
        raise ValueError(f"Server {text!r}: {_WRITTEN}")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError(f"Server {text!r}: the port is a number up to 65535")
    number = int(port) if port else (starttls if security == "starttls" else implicit)
    return Server(plain, number, _NAMED.get(security) or _USUAL.get(number, Security.IMPLICIT))


def _split(address: str) -> tuple[str, str]:
    if address.startswith("["):
        host, _, rest = address[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = address.rpartition(":") if address.count(":") == 1 else (address, "", "")
    return host, port


def _a_labels(host: str) -> str | None:
    import idna  # noqa: PLC0415 its tables are large, and few servers need them

    try:
        return idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return None


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False

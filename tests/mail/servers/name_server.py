"""A name server on loopback that says what a test wants it to."""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], list[str]]
"""By name and type, records as a zone file writes them. A name without the type asked for exists;
any other name does not, unless a name below it is there (RFC 8020)."""


class NameServer:
    """Answers UDP while its ``with`` lasts. ``raw``: octets in the place of every answer; no octets
    at all keep silent."""

    def __init__(self, zone: Zone, raw: Callable[[bytes], bytes] | None = None) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str]] = []
        self._raw = raw or self._answer

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            question, client = self._socket.recvfrom(65_535)
            if not question:
                return
            with suppress(dns.exception.DNSException):
                if answer := self._raw(question):
                    self._socket.sendto(answer, client)

    def _answer(self, question: bytes) -> bytes:
        query = dns.message.from_wire(question)
        name = query.question[0].name.to_text(omit_final_dot=True)
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked.append((name, kind))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if records := self.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", kind, records))
        elif not any(f".{each}".endswith(f".{name}") for each, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()

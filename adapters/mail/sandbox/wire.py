"""One connection, to which faults may happen at every stage and answer."""

import asyncio

from adapters.mail.sandbox.faults import Act, Fault, Faults, Service

FLOOD = 10_000_000
"""Octets of the line that ``flood`` answers with."""


class Broken(ConnectionResetError):
    """The sandbox itself ended the connection, or the client left while it was kept waiting."""


class Wire:
    """The server's end of a connection. Every stage is announced by ``reach``, every answer goes
    through ``send``."""

    def __init__(
        self,
        service: Service,
        faults: Faults,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.service: Service = service
        self.faults = faults
        self.reader = reader
        self.writer = writer
        self._next: Fault | None = None

    def hides_starttls(self) -> bool:
        """Asked once a connection, by a server that would offer it."""
        return self.faults.hides_starttls(self.service)

    async def reach(self, stage: str, *names: str | None) -> str | None:
        """What to answer instead of doing what was asked for; None: do it. ``names``: the account,
        and to whom a message is.

        Raises ``Broken`` where a fault ends the connection, and may never come back.
        """
        fault = self.faults.take(self.service, stage, *names)
        if fault is None:
            return None
        match fault.act:
            case Act.SAY:
                return fault.text
            case Act.FLOOD:
                return f"{fault.text or flooding(self.service)}{'x' * FLOOD}"
            case Act.DROP:
                self.break_off()
            case Act.SILENCE:
                await self._ignore()
            case Act.DRIP | Act.HALF | Act.LOSE:
                self._next = fault
            case Act.HIDE:
                raise AssertionError("asked once a connection")
        return None

    async def send(self, data: bytes) -> None:
        """Answer, in the way of the fault that was met."""
        match self._next:
            case Fault(act=Act.LOSE):
                self.break_off()
            case Fault(act=Act.HALF):
                await self._write(data[: len(data) // 2])
                self.writer.close()
                raise Broken
            case Fault(act=Act.DRIP, pace=pace):
                for octet in data:
                    await self._write(bytes([octet]))
                    await asyncio.sleep(pace)
            case _:
                await self._write(data)

    def break_off(self) -> None:
        """End the connection at once, whatever was still to be written."""
        self.writer.transport.abort()
        raise Broken

    async def _write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def _ignore(self) -> None:
        while await self.reader.read(65_536):
            pass
        raise Broken


def flooding(service: Service) -> str:
    """How an endless first line of such a server begins."""
    return {"imap": "* OK ", "smtp": "220 ", "oauth": "200 "}[service]

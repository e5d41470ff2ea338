"""One connection, in which faults may happen, and answer, at every stage."""

import asyncio

from adapters.mail.sandbox.faults import Act, Fault, Faults, Service

FLOOD = 10_000_000
"""Octets in the line that ``flood`` answers."""


class Broken(ConnectionResetError):
    """The sandbox itself ended the connection, or the client left while it was kept waiting."""


class Wire:
    """The server's end of a connection. ``reach`` announces every stage, ``send`` sends answers."""

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
        """Whether STARTTLS is hidden; a server that would offer it asks once per connection."""
        return self.faults.hides_starttls(self.service)

    async def reach(self, stage: str, *names: str | None) -> str | None:
        """What to answer instead of doing what was asked for; None: do it. ``names``: the account,
        and the recipients of a message.

        Raises ``Broken`` if a fault ends the connection; may never return.
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
        """Send an answer in the way that the current fault prescribes."""
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
        """End the connection at once, whatever is still to be written."""
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
    """The beginning of an endless first line of such a server."""
    return {"imap": "* OK ", "smtp": "220 ", "oauth": "200 "}[service]

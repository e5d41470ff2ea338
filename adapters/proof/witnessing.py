"""Asks witnesses to cosign a checkpoint, by C2SP's tlog-witness: all at once, in limited time."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import httpx2

from engine.proof.merkle import Node, consistency
from engine.proof.notes import NotANote, Note, Verifies, unverified
from engine.proof.policy import NoQuorum, Policy, Witness

DEADLINE = 1.0
"""Seconds that a witness has, repeated requests included."""
LARGEST = 1 << 16
"""Octets of an answer."""
COSIGNED, CONFLICT = 200, 409
"""A conflict comes with the size at which the witness knows the log."""
REFUSALS = {403: "it does not know our key", 404: "it does not know this log"}
UNREACHABLE = (httpx2.HTTPError, httpx2.InvalidURL, OSError)


class Refused(Exception):
    """The witness answers, but does not cosign; the text says why."""


class Witnesses:
    """Implements ``Cosigners``. For one thread at a time; call ``close`` at the end."""

    def __init__(self, policy: Policy, verifies: Verifies) -> None:
        self._policy, self._verifies = policy, verifies
        self._sizes: dict[str, int] = {}
        """The size at which each witness knows the log; a witness corrects us if we are wrong."""
        self._runner = asyncio.Runner()
        self._client = httpx2.AsyncClient(
            verify=ssl.create_default_context(), timeout=DEADLINE, trust_env=False
        )
        self.lacks_quorum = False
        self.failed: Mapping[str, str] = {}
        """Why each witness did not cosign the last request."""
        self.trouble: str | None = None
        """What operators have to know about the last note that was cosigned."""

    def cosigned(self, note: str, node: Node) -> str:
        known = self._policy.cosigned_by(note, self._verifies)
        asked = [
            each for each in self._policy.witnesses.values() if each.url and each.name not in known
        ]
        answers = self._runner.run(self._answers(asked, note, node))
        note += "".join(each for each in answers.values() if isinstance(each, str))
        self._judge(note, {n: each for n, each in answers.items() if isinstance(each, Exception)})
        return note

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def _judge(self, note: str, failed: Mapping[str, Exception]) -> None:
        """Note what failed. A refusal counts even with a quorum: the witness may know a fork."""
        told = {name: str(error) or "no answer in time" for name, error in failed.items()}
        self.failed = told
        refused = [name for name, error in failed.items() if isinstance(error, Refused)]
        try:
            self._policy.require_quorum(note, self._verifies)
        except NoQuorum as error:
            self.lacks_quorum, about = True, [str(error), *_each(told, told)]
        else:
            self.lacks_quorum, about = False, _each(told, refused)
        self.trouble = " ".join(about) or None

    async def _answers(
        self, asked: Sequence[Witness], note: str, node: Node
    ) -> dict[str, str | Exception]:
        async def one(witness: Witness) -> str | Exception:
            try:
                async with asyncio.timeout(DEADLINE):
                    return await self._ask(witness, note, node)
            except (Refused, *UNREACHABLE) as error:
                return error

        answers = await asyncio.gather(*map(one, asked))
        return {each.name: answer for each, answer in zip(asked, answers, strict=True)}

    async def _ask(self, witness: Witness, note: str, node: Node) -> str:
        """The witness's signatures, as note lines. Raises ``Refused`` and ``UNREACHABLE``."""
        size, old = unverified(note).size, self._sizes.get(witness.name, 0)
        status, answer = await self._post(witness, _request(note, old, node))
        while status == CONFLICT:
            self._sizes[witness.name] = old = _known_size(answer, old, size)
            status, answer = await self._post(witness, _request(note, old, node))
        if status != COSIGNED:
            why = REFUSALS.get(status, "it holds that the log did not only grow")
            raise Refused(f"{why} (HTTP {status})")
        lines = self._good_lines(witness, note, answer)
        self._sizes[witness.name] = size
        return lines

    def _good_lines(self, witness: Witness, note: str, answer: str) -> str:
        """The lines that its key has signed; everything else in the answer is ignored."""
        text = Note.of(note).text
        good = ""
        for line in answer.splitlines(keepends=True):
            with suppress(NotANote):
                if Note.of(f"{text}\n{line}").is_signed_by(witness.key, self._verifies):
                    good += line
        if not good:
            raise Refused("what it answered is not signed by its key, or of another checkpoint")
        return good

    async def _post(self, witness: Witness, body: str) -> tuple[int, str]:
        url = f"{(witness.url or '').rstrip('/')}/add-checkpoint"
        async with self._client.stream("POST", url, content=body.encode()) as response:
            octets = b""
            async for each in response.aiter_bytes():
                octets += each
                if len(octets) > LARGEST:
                    raise Refused("its answer has no end")
            return response.status_code, octets.decode(errors="replace")


def _request(note: str, old: int, node: Node) -> str:
    path = consistency(old, unverified(note).size, node)
    lines = [f"old {old}", *(b64encode(each).decode() for each in path)]
    return "".join(f"{each}\n" for each in lines) + f"\n{note}"


def _known_size(answer: str, old: int, size: int) -> int:
    """The size that the witness names. Raises ``Refused`` if no proof can lead on from there."""
    told = answer.strip()
    known = int(told) if told.isascii() and told.isdigit() and len(told) < 20 else None
    if known is None or known == old:
        raise Refused("it knows another log of the same size (HTTP 409)")
    if known > size:
        raise Refused(f"it cosigned {known} entries, and the log has {size}: was it brought back?")
    return known


def _each(told: Mapping[str, str], names: Iterable[str]) -> list[str]:
    return [f"Witness {name}: {told[name]}." for name in names]

"""The signed tree below ``/proof``, as any client of tlog-tiles reads it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from typing import NamedTuple

import pytest

from adapters.proof.signing import verifies
from engine.proof.notes import Checkpoint, opened
from engine.proof.tiles import Tile, in_bundle, in_tile
from engine.proof.verifying import require_whole
from engine.work.permissions import Role
from tests.http.commands.callers import Door, door, token
from tests.law.story import import_recipients
from tests.proving.proved_case import ProvedCase

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


class Found(NamedTuple):
    status: int
    headers: Mapping[str, str]
    octets: bytes


class Visitor(NamedTuple):
    """Implements what verifying needs of ``Tiles``, by a connection of its own for each."""

    port: int
    token: str | None = None

    def get(self, path: str, method: str = "GET") -> Found:
        told = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, headers=told)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Found(answer.status, headers, answer.read())

    def checkpoint(self) -> str:
        return self.get("/proof/checkpoint").octets.decode()

    def read(self, tile: Tile) -> Sequence[bytes]:
        found = self.get(f"/proof/{tile.path}")
        assert found.status == 200, (tile, found)
        return in_bundle(found.octets) if tile.level is None else in_tile(found.octets)


@pytest.fixture
def public(case: ProvedCase) -> Iterator[Visitor]:
    with door(case.log.served(proof_public=True)) as house:
        yield Visitor(house.port)


def grown(case: ProvedCase) -> Checkpoint:
    case.log.given(import_recipients(*(f"new-{each}" for each in range(700))))
    return case.log.sign()


def test_the_whole_tree_is_verified_by_who_has_the_address_and_the_key(
    case: ProvedCase, public: Visitor
) -> None:
    for sign in (case.log.sign, partial(grown, case)):
        tree, keys = sign(), case.log.verifier_keys
        signed = Checkpoint.of(opened(public.checkpoint(), keys, verifies))
        assert signed.size == tree.size
        require_whole(public, signed)  # type: ignore[arg-type]


def test_tiles_are_kept_and_the_checkpoint_is_asked_for_again(
    case: ProvedCase, public: Visitor
) -> None:
    grown(case)
    note, tile = public.get("/proof/checkpoint"), public.get("/proof/tile/entries/001")
    assert note.octets == (case.log.folder / "checkpoint").read_bytes()
    assert tile.octets == (case.log.folder / "tile" / "entries" / "001").read_bytes()
    told = [(each.headers["content-type"], each.headers["cache-control"]) for each in (note, tile)]
    assert told == [
        ("text/plain; charset=utf-8", "no-cache"),
        ("application/octet-stream", "public, max-age=31536000, immutable"),
    ]
    assert public.get("/proof/tile/entries/001", "HEAD").status == 200


def test_a_narrower_tile_that_went_is_answered_from_the_full_one(
    case: ProvedCase, public: Visitor
) -> None:
    narrow = Tile(0, 0, 88)
    before = public.read(narrow)
    grown(case)
    assert not (case.log.folder / narrow.path).exists()
    assert public.read(narrow) == before


def test_what_is_written_and_not_signed_yet_is_not_served(
    case: ProvedCase, public: Visitor
) -> None:
    size = grown(case).size
    public.read(Tile(0, 1))
    (case.log.folder / "checkpoint").write_bytes(case.log.noted.read_bytes())
    beyond = Tile(0, 0), Tile(0, 0, 89), Tile(0, 1), Tile(1, 0, size // 256), Tile(None, 1)
    assert [public.get(f"/proof/{each.path}").status for each in beyond] == [404] * 5
    assert len(public.read(Tile(0, 0, 88))) == 88


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/.lock", "/checkpoint/", "/checkpoint%00", "/.checkpoint.new", "/tile"),
        *("/../proof.key", "/%2e%2e/proof.key", "/tile/../../proof.key", "/..%2fproof.key"),
        *("/tile/0/../0/000.p/88", "/tile//0/000.p/88", "/tile/0/x000/000.p/88", "/tile/0/0.p/88"),
        *("/tile/0/000.p/088", "/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/0/000.p/87/"),
        *("/tile/00/000.p/88", "/tile/64/000", "/tile/-1/000", "/tile/0/%D9%A3%D9%A3%D9%A3"),
        *("/tile/0%2f000.p%2f88", "/tile/entries/999", f"/tile/0/{'x999/' * 6}999", "/tile/0/000"),
        f"/tile/0/{'x999/' * 400}999",
    ],
)
def test_nothing_else_in_or_beside_the_folder_is_served(public: Visitor, path: str) -> None:
    found = public.get(f"/proof{path}")
    assert found.status in {404, 422}
    assert b"PRIVATE" not in found.octets


def test_whoever_is_known_may_read_them_and_nobody_else_unless_they_are_public(house: Door) -> None:
    known = Visitor(house.port, token(house.program, "any", Role.CONSUMER, "acme"))
    for path in ("/proof/checkpoint", "/proof/tile/0/000.p/88", "/proof/tile/0/777"):
        assert Visitor(house.port).get(path).status == 401
        assert Visitor(house.port, "slk_of_nobody").get(path).status == 401
    tile = known.get("/proof/tile/0/000.p/88")
    assert (tile.status, tile.headers["cache-control"]) == (
        200,
        "private, max-age=31536000, immutable",
    )


def test_without_a_folder_or_a_checkpoint_there_is_nothing(
    case: ProvedCase, public: Visitor
) -> None:
    with door(case.log.served(proof_public=True, proof_folder=None)) as house:
        found = Visitor(house.port).get("/proof/checkpoint")
    assert (found.status, b"proof_folder" in found.octets) == (404, True)
    (case.log.folder / "checkpoint").unlink()
    found = public.get("/proof/checkpoint")
    assert (found.status, b"Nothing is signed yet" in found.octets) == (404, True)

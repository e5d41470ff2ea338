"""The folder of tiles at ``/proof``, read-only, as C2SP's tlog-tiles says: only what was signed.

A path is read as the name of a tile and never joined to a folder.
"""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from adapters.http.gate import caller_of
from adapters.http.problems import Problem
from adapters.http.site import Site
from adapters.proof.folder import TileFolder
from engine.proof.errors import NoProofFolder, TileMissing
from engine.proof.notes import unverified
from engine.proof.tiles import Tile

router = APIRouter(prefix="/proof", include_in_schema=False)
LASTS = "max-age=31536000, immutable"


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
def signed(request: Request, path: str) -> Response:
    """A signed file; for everybody with ``proof_public``, otherwise for known callers."""
    site: Site = request.app.state.site
    settings = site.settings
    if not settings.proof_public:
        caller_of(request)
    if settings.proof_folder is None:
        raise NoProofFolder
    note = _note(settings.proof_folder)
    if path == "checkpoint":
        headers = {"Cache-Control": "no-cache"}
        return Response(note, headers=headers, media_type="text/plain; charset=utf-8")
    kept = f"{'public' if settings.proof_public else 'private'}, {LASTS}"
    octets = _tile(settings.proof_folder, path, unverified(note).size)
    return Response(octets, 200, {"Cache-Control": kept}, "application/octet-stream")


def _note(folder: Path) -> str:
    note = TileFolder(folder).checkpoint()
    if note is None:
        raise Problem(404, "not_signed_yet", "Nothing is signed yet: there is no checkpoint.")
    return note


def _tile(folder: Path, path: str, size: int) -> bytes:
    tile = Tile.of(path)
    if tile is not None and tile.is_within(size):
        try:
            return TileFolder(folder).octets(tile)
        except TileMissing:
            pass  # narrower tiles may be removed once the full one exists
    raise Problem(404, "unknown_tile", "There is no such tile below the checkpoint.")

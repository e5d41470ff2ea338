"""What may become of a view, judged by how it stands; the same in every store."""

from engine.ports.errors import NotStoppedThere, StaleView, ViewAsFar
from engine.ports.view_status import Skip, Stop, ViewStatus
from projections.projection import Projection


def check_move(projection: Projection, found: int, since: int, position: int) -> None:
    """Rows are saved that were folded from ``since`` up to ``position``.

    Raises ``StaleView`` where the view stands elsewhere, ``ViewAsFar`` where it is as far already.
    """
    if found != since:
        raise StaleView(view=projection.tracking_name, expected=since, found=found)
    if position <= found:
        raise ViewAsFar(view=projection.tracking_name, found=found)


def check_stop(projection: Projection, found: ViewStatus, stop: Stop) -> None:
    """A view is stopped by the event right after where it stands. Raises ``StaleView``."""
    if found.position != stop.position - 1 or stop.position in found.passes_over:
        raise StaleView(
            view=projection.tracking_name, expected=stop.position - 1, found=found.position
        )


def check_skip(projection: Projection, found: ViewStatus, skip: Skip) -> None:
    """Only the event that stops a view is skipped. Raises ``NotStoppedThere``."""
    if found.stop is None or found.stop.position != skip.position:
        raise NotStoppedThere(projection, skip.position, found.stop)

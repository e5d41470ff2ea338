"""Why a rebuild did not take place. Every view is as it was then."""

from engine.ports.errors import StoreError


class RebuildRefused(StoreError):
    """The views are as they were."""


class RebuildUnderWay(RebuildRefused):
    sentence = "Another rebuild is under way. Run this one when it has ended."


class RebuildHindered(RebuildRefused):
    sentence = (
        "Another process held a view or the log for so long that the new views could not "
        "replace the old ones. Every view is as it was; run the rebuild again later."
    )


class SkippedMeanwhile(RebuildRefused):
    sentence = (
        "An operator had a view skip an event meanwhile. Every view is as it was; run the rebuild "
        "again."
    )


class SharedWrongly(RebuildRefused):
    sentence = (
        "View {view} has a row {row} whose events name another {share_by}. Nothing was rebuilt; "
        "correct the view's share_by."
    )


class ProcessLost(RebuildRefused):
    sentence = (
        "A process of the rebuild was ended from outside (exit code {exit_code}). "
        "Every view is as it was; run the rebuild again."
    )

"""One side of a check: its stages in order, each timed and reported, until one fails (C1)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from adapters.mail.back_off import asked_for
from adapters.mail.refused import NotUnderstood, ServerRefused
from engine.work.classifying.evidence import At, Auth, Evidence, Protocol
from engine.work.findings import Folders, Side, StageSeen, Watch
from engine.work.tokens import TokenError
from events.vocabulary import Stage


class Failed(Exception):
    """A stage did not pass; all that is known is in ``Stages``."""


class Stages:
    """The stages so far. ``at`` is the point that evidence names; a stage may advance it."""

    def __init__(self, protocol: Protocol, provider: str | None, auth: Auth, watch: Watch) -> None:
        self._protocol = protocol
        self._provider = provider
        self._auth = auth
        self._watch = watch
        self._passed: list[Stage] = []
        self._evidence: Evidence | None = None
        self._back_off: timedelta | None = None
        self.at = At.NAME
        self.folders: Folders | None = None
        self.logged_in = False
        self.token_fresh = False

    @property
    def side(self) -> Side:
        return Side(
            self._protocol,
            tuple(self._passed),
            self._evidence,
            self._back_off,
            self.folders,
            logged_in=self.logged_in,
        )

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Run one stage, timed and reported. Raises ``Failed``, once the evidence is kept."""
        self.at = At(stage.value)
        began = time.monotonic()
        try:
            yield
        except (ServerRefused, NotUnderstood, OSError) as error:
            self._evidence = self.evidence(error)
            self._back_off = asked_for(self._evidence.text)
        except TokenError as error:
            self._evidence, self._back_off = error.evidence, error.back_off
        else:
            self._passed.append(stage)
        passed = self._evidence is None
        self._watch(StageSeen(self._protocol, stage, passed, (time.monotonic() - began) * 1_000))
        if not passed:
            raise Failed

    def evidence(self, error: Exception) -> Evidence:
        """What an error says, with the stage and the circumstances that the classifier needs."""
        return Evidence(
            self._protocol,
            self.at,
            str(error) or type(error).__name__,
            self._provider,
            self._auth,
            self.token_fresh,
        )

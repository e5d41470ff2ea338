"""The turn of mail: one worker of a store sends and reads; each account has a thread while it is
busy.

A turn never waits for a server: it takes in what was recorded, starts the accounts that are due,
and returns. A workspace that fails does not hold up the others.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime

import structlog

from adapters.composition.mailing import MailOf
from adapters.worker.reasons import reason
from engine.decoding import decode_page
from engine.engine import Engine
from engine.ports.clock import passing_seconds
from engine.ports.errors import StoreUnavailable
from engine.work.mailing.workspace_mail import Turn, WorkspaceMail
from events.recorded import Recorded

log = structlog.get_logger("sendledger.mail")

PAGE = 5_000
AGAIN = 30.0
"""Seconds until a workspace that failed is started again."""
TIDYING = 10.0
"""Seconds between two searches for sessions that nobody uses."""
HELD_FOR = 10.0
"""Seconds for which a turn knows that mail is this worker's role; less than the ten minutes after
which another worker searches for what this one was sending (M2)."""


class Mailing:
    """Sends and reads mail. ``alone``: has this worker the role? ``threads``: accounts at once."""

    def __init__(
        self,
        engine: Engine,
        threads: int,
        alone: Callable[[], bool],
        make: Callable[[Callable[[], bool]], Callable[[str], MailOf]],
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._engine, self._alone, self._wanted = engine, alone, wanted
        self._held_until = float("-inf")
        self._make = make(self._is_held)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mail")
        self._running: set[Future[None]] = set()
        self._mail: dict[str, MailOf] | None = None
        """By workspace; None while another worker holds the role or the store is fenced."""
        self._left = False
        """Whether this worker gave up the role; then its state of the mail is built again first."""
        self._fenced: str | None = None
        self._failed: dict[str, float] = {}
        """When a workspace that failed is started again, in monotonic seconds."""
        self._after = 0
        self._tidied = time.monotonic()

    def turn(self) -> None:
        may_send = self._may_send()
        if not may_send:
            self._left, self._held_until = True, float("-inf")
        self._running = {each for each in self._running if not each.done()}
        if self._left and not self._running:
            self._give_up()
        if self._left or not may_send:
            return
        self._held_until = passing_seconds() + HELD_FOR
        if self._mail is None and not self._running:
            self._take_over()
        if self._mail is None:
            return
        self._follow()
        self._begin_again()
        for workspace, found in self._mail.items():
            if workspace not in self._failed:
                self._hand_out(workspace, found.mail)
        self._tidy_up(self._mail)

    def settle(self) -> None:
        """Wait until no account is at work any more."""
        wait(self._running)

    def close(self) -> None:
        """Let each account finish its current message, and close the sessions."""
        self._held_until = float("-inf")
        self._pool.shutdown(wait=True)
        for each in (self._mail or {}).values():
            each.close()

    def wakes_at(self) -> datetime | None:
        """When something may be due next, unless something happens; None if nothing is."""
        moments = (each.mail.wakes_at for each in (self._mail or {}).values())
        return min((each for each in moments if each is not None), default=None)

    def sends_at(self) -> datetime | None:
        """When the next message may leave or a sequence ends, unless something happens."""
        moments = (each.mail.sends_at() for each in (self._mail or {}).values())
        return min((each for each in moments if each is not None), default=None)

    def _take_over(self) -> None:
        self._after = self._engine.store.last_position()
        self._mail, self._failed = {}, {}
        for workspace in self._engine.store.workspaces():
            self._begin(workspace)
        log.info("sending and listening", workspaces=len(self._mail))

    def _may_send(self) -> bool:
        if not self._alone():
            return False
        fenced, before = self._engine.fence.closed(), self._fenced
        self._fenced = fenced
        if fenced is not None and before is None:
            log.error("the store is fenced", reason=fenced)
        return fenced is None

    def _give_up(self) -> None:
        """Close all sessions; called once the last account has finished its message."""
        for each in (self._mail or {}).values():
            each.close()
        self._mail, self._left = None, False

    def _begin(self, workspace: str) -> None:
        assert self._mail is not None
        with self._told(workspace):
            self._mail[workspace] = self._make(workspace)

    def _follow(self) -> None:
        assert self._mail is not None
        while page := list(decode_page(self._engine.store.read(self._after, PAGE), self._after)):
            recorded: dict[str, list[Recorded]] = {}
            for each in page:
                recorded.setdefault(each.envelope.workspace, []).append(each)
            for workspace, news in recorded.items():
                if workspace in self._mail:
                    self._mail[workspace].mail.follow(news)
                elif workspace not in self._failed:
                    self._begin(workspace)
            self._after = page[-1].position

    def _hand_out(self, workspace: str, mail: WorkspaceMail) -> None:
        with self._told(workspace):
            for each in mail.due():
                self._running.add(self._pool.submit(self._run, workspace, mail, each))

    def _run(self, workspace: str, mail: WorkspaceMail, turn: Turn) -> None:
        about = {"workspace": workspace, "account": turn.account.account_id}
        try:
            mail.run(turn, lambda: self._is_held() and self._wanted())
        except StoreUnavailable as error:
            log.warning("mail waits for the store", **about, reason=str(error))
        except Exception as error:  # noqa: BLE001 only its kind is logged; tried again
            log.error("mail failed", **about, reason=reason(error))  # noqa: TRY400

    @contextmanager
    def _told(self, workspace: str) -> Iterator[None]:
        """Log an error of a workspace; it does not stop the others, and is started again later."""
        try:
            yield
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 only its kind is logged
            log.error("mail of a workspace failed", workspace=workspace, reason=reason(error))  # noqa: TRY400
            self._failed[workspace] = time.monotonic() + AGAIN

    def _begin_again(self) -> None:
        for workspace, again_at in list(self._failed.items()):
            found = (self._mail or {}).get(workspace)
            if time.monotonic() >= again_at and not (found and found.mail.busy):
                del self._failed[workspace]
                if found is not None:
                    found.close()
                self._begin(workspace)

    def _is_held(self) -> bool:
        return passing_seconds() < self._held_until

    def _tidy_up(self, mail: dict[str, MailOf]) -> None:
        if time.monotonic() - self._tidied > TIDYING:
            self._tidied = time.monotonic()
            for each in mail.values():
                each.tidy_up()

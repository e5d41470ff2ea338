"""``sendledger relay``: a separate process that relays the log to Kafka, and ends at any error.

It is meant to be started again: the topic itself shows what was relayed. Operators are told once
that the broker is lost, however often the process is started meanwhile, and once that it is back.
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

import structlog

from adapters.composition.programs import Opened, log_as_set, running
from adapters.composition.streaming import TookTooLong, begin_anew, relay_over
from adapters.screen.exit_codes import EXIT_AGAIN, EXIT_FAILED
from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
from engine.ports.errors import StillHeld, StoreError, StoreUnavailable
from engine.stream.errors import HistoriesDiffer, StoreBehind, StreamLost, StreamRefused, TakenOver
from engine.work.relay import RUN, Relay

log = structlog.get_logger("sendledger.relay")

BROKER, REFUSED, FOREIGN = "stream broker", "stream refused", "stream foreign records"
"""The subjects under which operators are told."""
SHORTEST, LONGEST, GROWTH = 0.004, 0.1, 1.5
"""Seconds between two looks at a log that has been relayed: a transaction for every event would
take processor time from the writers."""
YOUNG = 100_000
"""Objects between two garbage collections: a run of entries makes many, few of them garbage."""
STANDBY = 1.0
"""Seconds of waiting for another relay to end, before checking whether to stop."""
TO_STOP = 10.0
"""Seconds after being told to stop until the process ends, whatever it is doing."""


class RelayProcess:
    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._stopping = threading.Event()

    def stop(self, _signum: int | None = None, _frame: FrameType | None = None) -> None:
        """Stop after the work in hand. May be called from any thread or signal handler."""
        self._stopping.set()
        watchdog = threading.Timer(TO_STOP, os._exit, (EXIT_AGAIN,))
        watchdog.daemon = True
        watchdog.start()

    def stop_with_stdin(self) -> None:
        """Stop when standard input ends, since the process that started this one is then gone."""

        def watch() -> None:
            sys.stdin.buffer.read()
            self.stop()

        threading.Thread(target=watch, daemon=True).start()

    def run(self, *, anew: bool = False) -> int:
        """Relay until told to stop. Answers the exit code, 0 if told to stop. Raises
        ``SettingsError``."""
        try:
            with running(self._settings) as program, self._alone(program.opened) as wanted:
                opened = program.opened
                if anew:
                    begin_anew(opened)
                return self._relay(opened) if wanted else 0
        except StoreUnavailable as error:
            log.warning("relay ends", reason=str(error))
            return EXIT_AGAIN
        except StoreError as error:
            log.error("relay ends", reason=str(error))  # noqa: TRY400 a sentence, no traceback
            return EXIT_FAILED

    def _relay(self, opened: Opened) -> int:
        operators = Operators(opened)
        try:
            with relay_over(opened, self._settings, operators.foreign) as relay:
                relay.begin()
                operators.well()
                log.info("relaying", topic=self._settings.kafka_topic, after=relay.entry)
                self._follow(relay)
                relay.close()
        except TakenOver as error:
            log.warning("relay ends", reason=str(error))
            return EXIT_AGAIN
        except (StreamLost, TookTooLong) as error:
            operators.lost(str(error))
            return EXIT_AGAIN
        except StreamRefused as error:
            operators.refused(str(error))
            if isinstance(error, StoreBehind | HistoriesDiffer):
                opened.fence.close(f"its topic knows of another history ({error})")
            return EXIT_FAILED
        log.info("stopped", topic=self._settings.kafka_topic)
        return 0

    def _follow(self, relay: Relay) -> None:
        gc.freeze()
        gc.set_threshold(YOUNG, 10, 10)
        pause = SHORTEST
        while not self._stopping.is_set():
            told = relay.turn()
            pause = SHORTEST if told else min(pause * GROWTH, LONGEST)
            if told < RUN / 2:
                self._stopping.wait(pause)

    @contextmanager
    def _alone(self, opened: Opened) -> Iterator[bool]:
        """Wait until no other relay runs; yields False if it is to stop before that."""
        told = False
        while not self._stopping.is_set():
            try:
                with opened.coordination.exclusively("relay", STANDBY):
                    yield True
                    return
            except StillHeld:
                if not told:
                    log.info("another relay is at it; this one waits")
                told = True
        yield False


class Operators:
    """Tells operators of each trouble once; the store knows what they were told already."""

    def __init__(self, opened: Opened) -> None:
        self._coordination = opened.coordination
        self._foreign = False

    def lost(self, said: str) -> None:
        self._tell(BROKER, "broker lost", said)

    def refused(self, said: str) -> None:
        if all(each.text != said for each in self._coordination.alarms()):
            self._coordination.calm(REFUSED)
        self._tell(REFUSED, "relay refused", said)

    def foreign(self, said: str) -> None:
        self._foreign = True
        self._tell(FOREIGN, "foreign records", said)

    def well(self) -> None:
        """Report that relaying has begun, once the end of the topic was read."""
        if any(each.about == BROKER for each in self._coordination.alarms()):
            log.info("broker is back")
        for about in (BROKER, REFUSED) if self._foreign else (BROKER, REFUSED, FOREIGN):
            self._coordination.calm(about)

    def _tell(self, about: str, what: str, said: str) -> None:
        with suppress(StoreUnavailable):
            if not self._coordination.alarm(about, said):
                return
        log.error(what, reason=said)


def relay(settings: EngineSettings, *, anew: bool, with_stdin: bool) -> NoReturn:
    """Relay until SIGTERM or SIGINT. Ends the process at once, without waiting for the library."""
    log_as_set(settings)
    process = RelayProcess(settings)
    signal.signal(signal.SIGTERM, process.stop)
    signal.signal(signal.SIGINT, process.stop)
    if with_stdin:
        process.stop_with_stdin()
    code = EXIT_FAILED
    try:
        code = process.run(anew=anew)
    except SettingsError as error:
        log.error("relay ends", reason=str(error))  # noqa: TRY400
    except BaseException:
        log.exception("relay ends")
    sys.stdout.flush()
    os._exit(code)

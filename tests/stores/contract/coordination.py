"""The port ``Coordination``: who works on a store, and what a worker has to do with the others."""

import time
from threading import Event, Thread

import pytest

from engine.ports.coordination import Coordination, LiveWorker, Overdue
from engine.ports.errors import StillHeld
from engine.ports.store import Store
from projections.accounts import ACCOUNTS
from projections.shipped import SHIPPED
from tests.law.story import HOUR, MICROSECOND, NOON
from tests.stores.contract.words import BETA, WAKE, set_timers
from tests.workplace import ACME

ROLES = ("clocks", "projections", "notices")


class CoordinationContract:
    """Of one worker, which every store must let work."""

    def test_only_what_is_due_is_leased(self, store: Store, coordination: Coordination) -> None:
        set_timers(store, "c1", {WAKE: NOON + HOUR})
        set_timers(store, "c2", {WAKE: NOON}, BETA)

        with coordination.serving("here:1", ["clocks"]) as member:
            assert [each.workspace for each in member.lease(10)] == [BETA]
            set_timers(store, "c3", {WAKE: None}, BETA)
            member.settled([BETA])
            assert list(member.lease(10)) == []

    def test_no_more_is_leased_than_was_asked_for(
        self, store: Store, coordination: Coordination
    ) -> None:
        for workspace in (ACME, BETA):
            set_timers(store, "c1", {WAKE: NOON}, workspace)

        with coordination.serving("here:1", ["clocks"]) as member:
            assert len(member.lease(1)) == 1

    @pytest.mark.rule("S7")
    def test_what_cannot_be_settled_is_left_for_a_while_and_keeps_no_other_waiting(
        self, store: Store, coordination: Coordination
    ) -> None:
        set_timers(store, "c1", {WAKE: NOON})
        with coordination.serving("here:1", ["clocks"]) as member:
            assert [each.workspace for each in member.lease(10)] == [ACME]
            assert not member.failed(ACME, ValueError("it cannot be"))
            set_timers(store, "c1", {WAKE: NOON}, BETA)
            assert [each.workspace for each in member.lease(10)] == [BETA]
            member.settled([BETA])

            deadline = time.monotonic() + 10
            while not {ACME} & {each.workspace for each in member.lease(10)}:
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def test_what_is_overdue_is_counted_until_it_is_settled(
        self, store: Store, coordination: Coordination
    ) -> None:
        assert coordination.overdue(NOON) == Overdue(0, None)
        set_timers(store, "c1", {WAKE: NOON})

        assert coordination.overdue(NOON) == Overdue(0, None)
        assert coordination.overdue(NOON + MICROSECOND) == Overdue(1, NOON)
        assert list(coordination.parked()) == []
        assert not coordination.unpark(ACME)

    def test_views_are_led_and_kept_until_they_are_let_go(
        self, store: Store, coordination: Coordination
    ) -> None:
        set_timers(store, "c1", {WAKE: NOON})
        with coordination.serving("here:1", ["projections"]) as member:
            led = member.lead(SHIPPED)
            assert {*led.projections} == {*SHIPPED}
            assert member.lead(SHIPPED) is led
            led.views.save({ACCOUNTS: {}}, {ACCOUNTS: 0}, 1)
            assert led.views.position(ACCOUNTS) == 1

            assert list(member.lead([ACCOUNTS]).projections) == [ACCOUNTS]
            member.let_go()
            assert list(member.lead([ACCOUNTS]).projections) == [ACCOUNTS]

    def test_a_worker_is_alive_as_long_as_it_serves(self, coordination: Coordination) -> None:
        assert coordination.workers() == []

        with coordination.serving("here:1", ROLES) as member:
            member.lease(1)
            member.lead([ACCOUNTS])
            assert member.alone_in("notices")
            (found,) = coordination.workers() or ()

        assert (found.name, sorted(found.does)) == ("here:1", sorted(ROLES))
        assert found.since is not None
        assert gone(coordination) == []

    def test_what_one_does_alone_nobody_else_does_meanwhile(
        self, coordination: Coordination
    ) -> None:
        held, let_go = Event(), Event()

        def hold() -> None:
            with coordination.exclusively("tokens of ann", 5):
                held.set()
                let_go.wait(20)

        holder = Thread(target=hold)
        holder.start()
        assert held.wait(5)
        with (
            pytest.raises(StillHeld, match="tokens of ann"),
            coordination.exclusively("tokens of ann", 0.05),
        ):
            pass
        with coordination.exclusively("tokens of bob", 5):
            let_go.set()
        with coordination.exclusively("tokens of ann", 5):
            holder.join(5)
        assert not holder.is_alive()

    def test_many_threads_take_their_turns(self, coordination: Coordination) -> None:
        inside, most = list[int](), list[int]()

        def take_turns(number: int) -> None:
            for _ in range(20):
                with (
                    coordination.exclusively("credentials of ann", 30),
                    coordination.exclusively(f"tokens of ann {number % 2}", 30),
                ):
                    inside.append(number)
                    most.append(len(inside))
                    inside.remove(number)

        threads = [Thread(target=take_turns, args=(number,)) for number in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)

        assert len(most) == 120
        assert max(most) == 1

    def test_what_fails_while_it_is_done_alone_can_be_done_again(
        self, coordination: Coordination
    ) -> None:
        with pytest.raises(LookupError, match="ours"), coordination.exclusively("it", 5):
            raise LookupError("ours")
        with coordination.exclusively("it", 0.05):
            pass

    def test_operators_are_told_of_a_thing_once_until_it_is_put_right(
        self, coordination: Coordination
    ) -> None:
        coordination.calm("google")
        assert list(coordination.alarms()) == []
        assert coordination.alarm("google", "The client is unknown.")
        assert not coordination.alarm("google", "It still is.")
        assert coordination.alarm("microsoft", "So is this one.")

        assert [(each.about, each.text) for each in coordination.alarms()] == [
            ("google", "The client is unknown."),
            ("microsoft", "So is this one."),
        ]
        assert coordination.alarms()[0].since == NOON
        coordination.calm("google")
        assert [each.about for each in coordination.alarms()] == ["microsoft"]
        assert coordination.alarm("google", "Again.")

    def test_who_waits_is_back_soon_and_can_be_woken(self, coordination: Coordination) -> None:
        with coordination.serving("here:1", ["projections"]) as member:
            begun = time.monotonic()
            member.wait(0.05)
            assert time.monotonic() - begun < 5

            waiting = Thread(target=member.wait, args=(20,))
            waiting.start()
            member.wake()
            waiting.join(5)
            assert not waiting.is_alive()


def gone(coordination: Coordination) -> list[LiveWorker]:
    """Who is left; a server takes a moment to notice that somebody has left."""
    deadline = time.monotonic() + 5
    while (found := list(coordination.workers() or ())) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found

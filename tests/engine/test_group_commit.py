"""Whoever leads does the work of all who wait for it: together, once each, and of everybody."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Event, Semaphore, Thread, get_ident

import pytest

from engine.group_commit import LeadingQueue


class Desk:
    """Writes down what is done together; the first work takes until it is let go."""

    def __init__(self, most: int = 64) -> None:
        self.done: list[list[int]] = []
        self.began, self.go_on = Event(), Event()
        self.combining = LeadingQueue(self._work, most)

    def _work(self, items: Sequence[int]) -> None:
        self.done.append(list(items))
        if len(self.done) == 1:
            self.began.set()
            self.go_on.wait(10)

    def behind_the_first(self, count: int) -> list[Thread]:
        """The first one is at work, and so many others wait."""
        threads = [started(lambda: self.combining.submit(0))]
        assert self.began.wait(10)
        threads += [started(lambda n=n: self.combining.submit(n)) for n in range(1, count + 1)]  # type: ignore[misc]
        while len(self.combining._waiting) < count:
            time.sleep(0.001)
        return threads


def started(work: Callable[[], None]) -> Thread:
    thread = Thread(target=work)
    thread.start()
    return thread


def join(threads: Sequence[Thread]) -> None:
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_all_who_wait_while_one_is_at_work_go_together_in_the_next() -> None:
    desk = Desk()
    threads = desk.behind_the_first(8)

    desk.go_on.set()
    join(threads)

    first, second = desk.done
    assert first == [0]
    assert sorted(second) == list(range(1, 9))


def test_no_more_go_together_than_may() -> None:
    desk = Desk(most=3)
    threads = desk.behind_the_first(7)

    desk.go_on.set()
    join(threads)

    assert sorted(item for items in desk.done for item in items) == list(range(8))
    assert [len(items) for items in desk.done] == [1, 3, 3, 1]


def test_many_threads_have_each_of_their_items_done_once() -> None:
    done: list[int] = []
    combining = LeadingQueue[int](done.extend, most=5)

    def bring(worker: int) -> None:
        for number in range(200):
            combining.submit(worker * 200 + number)
            assert worker * 200 + number in done

    join([started(lambda worker=worker: bring(worker)) for worker in range(8)])  # type: ignore[misc]

    assert sorted(done) == list(range(1600))


def test_a_leader_that_is_interrupted_leaves_nobody_waiting() -> None:
    desk = Desk()

    def interrupted(items: Sequence[int]) -> None:
        desk._work(items)
        if len(desk.done) == 1:
            raise KeyboardInterrupt

    desk.combining._work = interrupted
    raised = list[BaseException]()

    def lead() -> None:
        try:
            desk.combining.submit(0)
        except KeyboardInterrupt as error:
            raised.append(error)

    first = started(lead)
    assert desk.began.wait(10)
    others = [started(lambda n=n: desk.combining.submit(n)) for n in (1, 2)]  # type: ignore[misc]
    while len(desk.combining._waiting) < 2:
        time.sleep(0.001)
    desk.go_on.set()
    join([first, *others])

    assert len(raised) == 1
    assert sorted(item for items in desk.done[1:] for item in items) == [1, 2]
    desk.combining.submit(3)
    assert desk.done[-1] == [3]


def test_one_alone_never_waits_for_others() -> None:
    desk = Desk()
    desk.go_on.set()

    for number in range(3):
        desk.combining.submit(number)

    assert desk.done == [[0], [1], [2]]
    with pytest.raises(IndexError):
        desk.combining._waiting[0]


class TwoDesks:
    """Two may lead at a time. Each work takes until it is let go."""

    def __init__(self) -> None:
        self.at_work: list[list[str]] = []
        self.done: list[list[str]] = []
        self.leaders: list[int | None] = []
        self._go_on = Semaphore(0)
        self.queue = LeadingQueue[str](self._work, most=64, gathering=0, leaders=2)

    def _work(self, items: Sequence[str]) -> None:
        mine = sorted(items)
        self.leaders.append(get_ident())
        self.at_work.append(mine)
        assert self._go_on.acquire(timeout=10)
        self.at_work.remove(mine)
        self.done.append(mine)

    def bring(self, *items: str) -> list[Thread]:
        """One after the other; each holds the names that are its letters."""
        threads = []
        for item in items:
            seen = self._seen
            threads.append(started(lambda item=item: self.queue.submit(item, set(item))))  # type: ignore[misc]
            self.until(lambda seen=seen: self._seen == seen + 1)  # type: ignore[misc]
        return threads

    def let_one_go(self) -> None:
        done = len(self.done)
        self._go_on.release()
        self.until(lambda: len(self.done) == done + 1)

    def let_all_go(self, threads: Sequence[Thread]) -> None:
        self._go_on.release(len(threads))
        join(threads)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.001)

    @property
    def _seen(self) -> int:
        return len(self.queue._waiting) + sum(map(len, [*self.at_work]))


def test_two_are_at_work_at_once_on_what_the_other_does_not_hold() -> None:
    desks = TwoDesks()
    threads = desks.bring("a", "a", "b", "c", "ab")

    assert desks.at_work == [["a"], ["b"]]
    desks.let_all_go(threads)

    assert sorted(item for items in desks.done for item in items) == ["a", "a", "ab", "b", "c"]
    assert not desks.queue._held
    assert desks.queue._leading == 0


def test_a_further_group_begins_with_half_of_all_who_asked_lately() -> None:
    desks = TwoDesks()
    threads = desks.bring("a", "b", "c", "d")
    desks.let_one_go()
    desks.until(lambda: ["c", "d"] in desks.at_work)
    desks.let_one_go()

    threads += desks.bring("e")
    assert ["e"] not in desks.at_work, "alone, while others are at work"
    threads += desks.bring("f")
    assert ["e", "f"] in desks.at_work
    assert desks.leaders[-1] == threads[-1].ident, "who slept was woken to lead"

    desks.let_all_go(threads)
    assert desks.queue._leading == desks.queue._at_work == 0


def test_who_waits_for_one_name_goes_with_the_next_who_does_and_nobody_before_them() -> None:
    desks = TwoDesks()
    threads = desks.bring("a", "b", "ac", "c", "b", "ca")

    assert desks.at_work == [["a"], ["b"]]
    desks._go_on.release()
    desks.until(lambda: len(desks.done) == 1 and len(desks.at_work) == 2)
    assert desks.at_work[1] in (["ac", "c", "ca"], ["b"])
    desks.let_all_go(threads)

    together = [items for items in desks.done if "c" in items]
    assert together == [["ac", "c", "ca"]], "one passed those who had waited longer"


def test_many_names_and_threads_are_never_at_work_on_one_name_at_the_same_time() -> None:
    held, clashes, done = Counter[str](), list[str](), list[str]()

    def work(items: Sequence[str]) -> None:
        names = set("".join(items))
        held.update(names)
        clashes.extend(name for name in names if held[name] > 1)
        time.sleep(0)
        done.extend(items)
        held.subtract(names)

    queue = LeadingQueue[str](work, most=3, gathering=0, leaders=2)

    def bring(worker: int) -> None:
        rng = random.Random(worker)
        for _ in range(300):
            item = "".join(rng.sample("abcd", rng.randint(1, 2)))
            queue.submit(item, set(item))

    join([started(lambda worker=worker: bring(worker)) for worker in range(8)])  # type: ignore[misc]

    assert len(done) == 2400
    assert not clashes
    assert not queue._held


def test_a_leader_that_is_interrupted_holds_nothing_and_leads_nobody_any_more() -> None:
    def interrupted(items: Sequence[str]) -> None:
        if "x" in items:
            raise KeyboardInterrupt

    queue = LeadingQueue[str](interrupted, most=64, gathering=0, leaders=2)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            queue.submit("x", {"a"})

    queue.submit("y", {"a"})

    assert not queue._held
    assert queue._leading == 0

"""Whoever leads does the work of all who wait for it: together, once each, and of everybody."""

import time
from collections.abc import Callable, Sequence
from threading import Event, Thread

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

"""How many checks may run at once, of all, of a server, and of those that may hang."""

from engine.work.check_places import PROMPT, Place, Places

HUNG, WELL = "hung.example", "well.example"


def take(places: Places, server: str, number: int, now: float = 0.0) -> list[Place]:
    tried = [places.take(server, now, doubtful=False) for _ in range(number)]
    return [each for each in tried if each is not None]


def end(places: Places, place: Place, now: float, *, passed: bool = True) -> None:
    places.give_back(place, now, passed=passed, throttled=False)


def test_a_server_gets_so_many_and_all_together_no_more_than_there_are() -> None:
    places = Places(6, of_a_server=4)
    assert len(take(places, HUNG, 9)) == 4
    assert places.full(0) == {HUNG}
    assert len(take(places, WELL, 9)) == 2
    assert places.free == 0


def test_a_place_given_back_is_free_again() -> None:
    places = Places(6, of_a_server=1)
    (place,) = take(places, WELL, 1)
    assert not take(places, WELL, 1)
    end(places, place, 1.0)
    assert (places.free, places.full(1.0)) == (6, set())
    assert take(places, WELL, 1)


def test_servers_that_hang_leave_a_third_to_the_others() -> None:
    places = Places(9, of_a_server=4)
    for number in range(2):
        assert len(take(places, f"hung-{number}.example", 3)) == 3
    later = PROMPT + 1
    assert places.takes_doubtful(later) is False
    assert {"hung-0.example", "hung-1.example"} <= places.full(later)
    assert not take(places, "hung-0.example", 1, later)
    assert places.take(WELL, later, doubtful=True) is None
    assert len(take(places, WELL, 9, later)) == 3


def test_a_server_that_was_slow_is_trusted_when_it_answers_promptly_again() -> None:
    places = Places(3, of_a_server=3)
    (place,) = take(places, HUNG, 1)
    end(places, place, 20.0, passed=False)
    (first, _) = take(places, HUNG, 3, 21.0)
    end(places, first, 22.0)
    assert len(take(places, HUNG, 3, 22.0)) == 2


def test_a_server_that_throttles_gets_one_place_and_twice_as_many_with_each_that_passes() -> None:
    places = Places(100, of_a_server=8)
    (place,) = take(places, WELL, 1)
    places.give_back(place, 1.0, passed=False, throttled=True)
    for allowed in (1, 2, 4, 8, 8):
        taken = take(places, WELL, 20, 2.0)
        assert len(taken) == allowed
        for number, each in enumerate(taken):
            end(places, each, 3.0, passed=number == 0)

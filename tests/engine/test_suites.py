"""Every test is run by a suite."""

from tests.suites import KILLS, SIDE_BY_SIDE, SUITES, TESTS


def test_every_room_belongs_to_one_suite() -> None:
    rooms = {each.parent.relative_to(TESTS).parts[0] for each in TESTS.rglob("test_*.py")}
    side_by_side = [
        room for each in SUITES.values() if each.marked == SIDE_BY_SIDE for room in each.rooms
    ]

    assert sorted(side_by_side) == sorted(rooms)


def test_whatever_kills_is_run_by_a_suite_for_it() -> None:
    killing = {
        each.relative_to(TESTS).parts[0]
        for each in TESTS.rglob("test_*.py")
        if "mark.kills" in each.read_text(encoding="utf-8") and each.name != "test_suites.py"
    }

    kept_apart = [room for each in SUITES.values() if each.marked == KILLS for room in each.rooms]

    assert killing <= {*kept_apart}
    assert len({*kept_apart}) == len(kept_apart)

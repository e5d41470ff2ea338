"""No test is left out of what ``make test`` runs."""

from tests.suites import SUITES, TESTS


def rooms(marker: str = "") -> set[str]:
    return {
        path.relative_to(TESTS).parts[0]
        for path in TESTS.rglob("test_*.py")
        if marker in path.read_text(encoding="utf-8")
    }


def test_every_room_belongs_to_one_suite() -> None:
    listed = [room for name, suite in SUITES.items() if name != "kills" for room in suite.rooms]

    assert sorted(listed) == sorted(rooms())


def test_every_room_whose_tests_kill_is_among_the_kills() -> None:
    assert set(SUITES["kills"].rooms) == rooms("mark." + "kills")

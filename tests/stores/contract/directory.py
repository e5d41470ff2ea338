"""What every directory must do, whatever the store (F1, S4).

``test_directories`` inherits these tests and says only how a directory is opened, where another
process finds it, and which octets its files hold.
"""

import random
import string
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import ClassVar

import pytest

from engine.ports.store import Store
from engine.work.ports import Directory, Person
from tests.stores.contract.words import SPRING as STREAM
from tests.stores.contract.words import put, rows
from tests.workplace import ACME

ROOT = Path(__file__).parents[3]
SPRING, SUMMER, BETA = "spring", "summer", "beta"
INCOMPRESSIBLE = "".join(random.Random(1).choices(string.ascii_letters, k=16_000))
ADA = Person("ada.abara@example.com", "Ada Abara", {"secret": INCOMPRESSIBLE})
BEA = Person("bea@example.com", "Bea", {"company": "Zoë & Söhne"})
TRACES = (b"ada.abara", b"Ada Abara", *(INCOMPRESSIBLE[at:][:9].encode() for at in (9, 8_000)))

Octets = Callable[[], bytes]


def crowd(people: int) -> list[Person]:
    """In no order of their addresses."""
    return [
        Person(f"{n * 7919 % people}@example.org", f"Name {n}", {"a": "b" * (n % 300)})
        for n in range(people)
    ]


class DirectoryContract:
    """The port ``engine.work.ports.Directory``."""

    processes: ClassVar[int] = 2

    # Enrolling.

    def test_a_person_is_found_again(self, directory: Directory) -> None:
        ada, bea = directory.enrol(ACME, [ADA, BEA])

        assert directory.person(ACME, ada) == ADA
        assert directory.people(ACME, [bea, "nobody", ada]) == {ada: ADA, bea: BEA}
        assert directory.recipient_at(ACME, BEA.address) == bea

    def test_nobody_is_found_where_nobody_was_enrolled(self, directory: Directory) -> None:
        assert directory.enrol(ACME, []) == []
        assert directory.person(ACME, "nobody") is None
        assert directory.people(ACME, []) == {}
        assert directory.recipient_at(ACME, ADA.address) is None
        assert directory.forgotten_at(ACME, "nobody") is None

    def test_ids_say_nothing(self, directory: Directory) -> None:
        (ada,) = directory.enrol(ACME, [ADA])
        (other,) = directory.enrol(BETA, [ADA])

        assert ada != other
        assert len(ada) == 20
        assert int(ada, 16)

    def test_a_known_address_keeps_its_id(self, directory: Directory) -> None:
        (ada,) = directory.enrol(ACME, [ADA])

        again = directory.enrol(ACME, [BEA, ADA._replace(name="Another"), ADA])

        assert again[1:] == [ada, ada]
        assert directory.person(ACME, ada) == ADA

    def test_a_known_person_gets_what_was_lacking_and_keeps_what_was_there(
        self, directory: Directory
    ) -> None:
        lacking = Person("cy@bücher.example", "", {"city": "Ulm", "company": ""})
        cy, ada = directory.enrol(ACME, [lacking, ADA])

        given = {"city": "Bonn", "company": "Cy & Co", "plan": "b", "street": ""}
        directory.enrol(ACME, [Person("cy@xn--bcher-kva.example", "Cy", given), ADA])
        directory.enrol(BETA, [Person(ADA.address, "Ada of Beta", {"plan": "a"})])

        found = {"city": "Ulm", "company": "Cy & Co", "plan": "b"}
        assert directory.person(ACME, cy) == Person("cy@bücher.example", "Cy", found)
        assert directory.person(ACME, ada) == ADA

    @pytest.mark.rule("F1")
    def test_what_was_added_is_forgotten_as_all_else(
        self, directory: Directory, octets: Octets
    ) -> None:
        (ada,) = directory.enrol(ACME, [Person(ADA.address, "", {"city": INCOMPRESSIBLE[::-1]})])
        for number in range(20):
            directory.enrol(ACME, [ADA._replace(variables={f"a{number}": INCOMPRESSIBLE})])
        assert b"Ada Abara" in octets()

        assert directory.forget(ACME, {ada: []}, as_of=0)

        found = octets()
        assert not [trace for trace in TRACES if trace in found]
        assert INCOMPRESSIBLE[::-1][9:40].encode() not in found

    @pytest.mark.rule("F1")
    def test_salts_are_forgotten_as_all_else(self, directory: Directory, octets: Octets) -> None:
        told: dict[str, str] = {}

        def commits(digests: Mapping[str, str], *, written: bool = False) -> None:
            assert written is (digests.items() <= told.items())
            told.update(digests)

        rows = []
        for person in (Person(ADA.address), ADA, ADA):
            (ada,) = directory.enrol(ACME, [person], commits=commits)
            rows.append(directory.row(ACME, ada))
            assert rows[-1] is not None
            assert told == {ada: rows[-1].digest}
        salts = {each.salt for each in rows if each is not None and each.salt is not None}
        assert len(salts) == 2
        assert [each for each in salts if each in octets()]

        assert directory.forget(ACME, {ada: []}, as_of=0)

        assert directory.row(ACME, ada) is None
        assert [each for each in salts if each in octets()] == []

    def test_every_row_is_read(self, directory: Directory) -> None:
        people = crowd(5_003)
        expected = {(ACME, each) for each in directory.enrol(ACME, people)}
        expected |= {(BETA, each) for each in directory.enrol(BETA, [ADA])}

        found = list(directory.rows())

        assert {each[:2] for each in found} == expected
        assert len(found) == len(expected)
        assert found == [directory.row(*each[:2]) for each in found[:2]] + found[2:]

    def test_of_two_with_one_address_the_first_is_kept(self, directory: Directory) -> None:
        ids = directory.enrol(ACME, [BEA, BEA._replace(name="Another")])

        assert ids[0] == ids[1]
        assert directory.person(ACME, ids[0]) == BEA

    @pytest.mark.parametrize("first", ["zoe@bücher.example", "zoe@xn--bcher-kva.example"])
    def test_a_domain_is_kept_as_given_and_found_in_either_form(
        self, directory: Directory, first: str
    ) -> None:
        zoe = Person(first, "Zoë", {"city": "Zürich"})
        (known,) = directory.enrol(ACME, [zoe])

        for form in ("zoe@bücher.example", "zoe@xn--bcher-kva.example"):
            assert directory.recipient_at(ACME, form) == known
            assert directory.enrol(ACME, [Person(form)]) == [known]
        assert directory.person(ACME, known) == zoe
        assert directory.recipient_at(ACME, "zoe@☃") is None

    @pytest.mark.rule("S4", "F1")
    def test_who_was_forgotten_is_recognised_by_either_form_of_the_domain(
        self, directory: Directory
    ) -> None:
        (zoe,) = directory.enrol(ACME, [Person("zoe@bücher.example")])
        assert directory.forget(ACME, {zoe: [SPRING]}, as_of=0)

        assert directory.enrol(ACME, [Person("zoe@xn--bcher-kva.example")], SPRING) == [zoe]

    def test_ids_come_in_the_order_of_the_people(self, directory: Directory) -> None:
        people = crowd(10_000)
        ids = directory.enrol(ACME, people)

        found = directory.people(ACME, ids)

        assert [found[each] for each in ids] == people

    def test_workspaces_know_nothing_of_each_other(self, directory: Directory) -> None:
        (ada,) = directory.enrol(ACME, [ADA])

        assert directory.person(BETA, ada) is None
        assert directory.recipient_at(BETA, ADA.address) is None

    def test_all_are_enrolled_or_none(self, directory: Directory) -> None:
        def breaking_off() -> Iterator[Person]:
            yield ADA
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            directory.enrol(ACME, breaking_off())

        assert directory.recipient_at(ACME, ADA.address) is None

    def test_hostile_values_are_only_values(self, directory: Directory) -> None:
        name = 'Robert\'); DROP TABLE directory;-- {\\x,"NULL"} %s'
        bobby = Person("a'b@example.com", name, {"x": "\x00'\"", "ü": "🌱"})
        (nobody, bobby_id) = directory.enrol(ACME, [Person("NULL", ""), bobby])

        assert directory.person(ACME, bobby_id) == bobby
        assert directory.person(ACME, nobody) == Person("NULL", "")

    @pytest.mark.kills
    def test_processes_that_enrol_the_same_people_at_once_get_the_same_ids(
        self, directory: Directory, address: str
    ) -> None:
        command = [sys.executable, "-m", "tests.stores.enroller", address]
        enrollers = [
            subprocess.Popen(
                [*command, str(seed)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for seed in range(self.processes)
        ]
        for each in enrollers:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        said = [each.communicate("go\n", timeout=60)[0] for each in enrollers]

        assert len(said[0].splitlines()) > 1_000
        assert said[1:] == said[:-1]
        last = said[0].splitlines()[-1].split()
        assert directory.recipient_at(ACME, last[0]) == last[1]

    # Forgetting.

    @pytest.mark.rule("F1")
    @pytest.mark.parametrize("people", [1, 5_000])
    def test_no_octet_is_left_of_large_values_and_split_pages(
        self, directory: Directory, store: Store, octets: Octets, people: int
    ) -> None:
        others = crowd(people)
        half = len(others) // 2
        directory.enrol(ACME, others[:half])
        (ada,) = directory.enrol(ACME, [ADA])
        directory.enrol(ACME, others[half:])
        before = octets()
        assert not [trace for trace in TRACES if trace not in before]

        assert directory.forget(ACME, {ada: [SPRING]}, as_of=store.last_position())

        found = octets()
        assert not [trace for trace in TRACES if trace in found]
        ids = directory.enrol(ACME, others)
        assert len(directory.people(ACME, ids)) == people

    @pytest.mark.rule("S4", "F1")
    def test_the_forgotten_stay_refused_where_they_were_stopped(self, directory: Directory) -> None:
        ada, bea = directory.enrol(ACME, [ADA, BEA])
        assert directory.forget(ACME, {ada: [SPRING]}, as_of=0)

        assert directory.enrol(ACME, [BEA, ADA], SPRING) == [bea, ada]
        assert directory.person(ACME, ada) is None
        (anew,) = directory.enrol(ACME, [ADA], SUMMER)
        assert anew != ada
        assert directory.enrol(ACME, [ADA], SPRING) == [ada]
        assert directory.enrol(BETA, [ADA], SPRING) != [ada]

    @pytest.mark.rule("S4")
    def test_who_may_have_been_stopped_is_enrolled_anew_if_it_never_happened(
        self, directory: Directory
    ) -> None:
        (ada,) = directory.enrol(ACME, [ADA])
        assert directory.forget(ACME, {ada: [SPRING]}, as_of=0)
        asked: list[str] = []

        def never(recipient_id: str) -> bool:
            asked.append(recipient_id)
            return False

        (anew,) = directory.enrol(ACME, [ADA], SPRING, never)

        assert anew != ada
        assert {*asked} == {ada}
        assert directory.person(ACME, anew) == ADA

    def test_it_is_known_that_and_when_somebody_was_forgotten(
        self, directory: Directory, store: Store
    ) -> None:
        ada, bea = directory.enrol(ACME, [ADA, BEA])
        before = store.now()
        assert directory.forget(ACME, {ada: [], "nobody": [SPRING]}, as_of=0)

        then = directory.forgotten_at(ACME, ada)
        assert then is not None
        assert then.tzinfo == UTC
        assert before <= then <= store.now()
        assert directory.forgotten_at(ACME, bea) is None
        assert directory.forgotten_at(ACME, "nobody") is None
        assert directory.person(ACME, bea) == BEA

        assert directory.forget(ACME, {ada: [SPRING]}, as_of=0)
        assert directory.forgotten_at(ACME, ada) == then

    @pytest.mark.rule("S4")
    def test_nobody_is_forgotten_as_of_a_position_behind_which_the_log_went_on(
        self, directory: Directory, store: Store
    ) -> None:
        (ada,) = directory.enrol(ACME, [ADA])
        as_of = store.last_position()
        put(store, "c1", *rows(STREAM, 1))

        assert not directory.forget(ACME, {ada: [SPRING]}, as_of)
        assert directory.person(ACME, ada) == ADA
        assert directory.forgotten_at(ACME, ada) is None
        assert directory.forget(ACME, {ada: [SPRING]}, store.last_position())

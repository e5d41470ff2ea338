"""A fault meets whom it is meant for, as often as it is meant to."""

import pytest

from adapters.mail.sandbox.faults import Act, Fault, Faults, ImpossibleFault


def said(text: str, **about: object) -> Fault:
    return Fault(service="imap", stage="login", act=Act.SAY, text=text, **about)  # type: ignore[arg-type]


def texts(faults: Faults, *accounts: str | None) -> list[str | None]:
    taken = [faults.take("imap", "login", each) for each in accounts]
    return [each.text if each else None for each in taken]


def test_it_happens_as_often_as_it_says() -> None:
    faults = Faults()
    faults.add(said("NO twice", times=2))
    assert texts(faults, None, None, None) == ["NO twice", "NO twice", None]


def test_it_meets_its_account_alone() -> None:
    faults = Faults()
    faults.add(said("NO", account="ann@x.test"))
    assert texts(faults, "bob@x.test", None, "ann@x.test") == [None, None, "NO"]


def test_the_newest_happens_first() -> None:
    faults = Faults()
    faults.add(said("NO old"))
    faults.add(said("NO new", times=1))
    assert texts(faults, None, None) == ["NO new", "NO old"]


def test_two_alike_count_for_themselves() -> None:
    faults = Faults()
    for _ in range(2):
        faults.add(said("NO", times=1))
    assert texts(faults, None, None, None) == ["NO", "NO", None]


@pytest.mark.parametrize(
    ("about", "complaint"),
    [
        ({"stage": "data"}, "imap has no stage data. There are: connect, "),
        ({"text": ""}, "What is to be said needs a text"),
        ({"act": Act.HIDE}, "Only starttls can be hidden"),
        ({"times": 0}, "at least once"),
    ],
)
def test_what_cannot_be_is_refused(about: dict[str, object], complaint: str) -> None:
    fault = {"service": "imap", "stage": "login", "act": Act.SAY, "text": "NO", **about}
    with pytest.raises(ImpossibleFault, match=complaint):
        Fault(**fault)  # type: ignore[arg-type]

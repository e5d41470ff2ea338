"""A policy as C2SP's tlog-policy writes it, and whom it takes for a quorum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.proof.notes import ED25519, ED25519_COSIGNATURE, VerifierKey
from engine.proof.policy import Policy, PolicyUnreadable


def key(name: str, algorithm: int = ED25519_COSIGNATURE) -> VerifierKey:
    return VerifierKey(name, name.encode().ljust(32, b"."), algorithm)


LOG = f"log {key('log.test/1', ED25519)}"
NESTED = "\n".join(
    [
        "# The example of tlog-policy",
        LOG,
        *(f"witness {name}\t{key(name)}" for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3")),
        "",
        "group X-witnesses 2 X1 X2 X3",
        "  group Y-witnesses any Y1 Y2 Y3",
        "group X-and-Y all X-witnesses Y-witnesses",
        "quorum X-and-Y",
        "",
    ]
)
ONE = f"{LOG}\nwitness w {key('w')} "


def policy(text: str) -> Policy:
    return Policy.of(text, "policy")


@given(st.sets(st.sampled_from(["X1", "X2", "X3", "Y1", "Y2", "Y3"])))
def test_a_quorum_of_groups_is_counted(cosigned: set[str]) -> None:
    expected = len(cosigned & {"X1", "X2", "X3"}) >= 2 and bool(cosigned & {"Y1", "Y2", "Y3"})
    assert policy(NESTED).is_reached(cosigned) is expected


def test_one_witness_may_be_the_quorum_and_none_may_be_needed() -> None:
    assert not policy(f"{ONE}\nquorum w").is_reached(set())
    assert policy(f"{ONE}\nquorum w").is_reached({"w"})
    assert policy("quorum none").is_reached(set())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no line with the quorum"),
        ("quorum nobody", "line 1: nobody is called nobody before"),
        ("quorum none\nquorum none", "line 2: it is no log"),
        (f"{ONE}\ngroup none 1 w\nquorum none", "the name none is taken"),
        (f"{ONE}\ngroup w 1 w\nquorum w", "the name w is taken"),
        (f"{ONE}\ngroup g 2 w\nquorum g", "of 1 there cannot be 2"),
        (f"{ONE}\ngroup g 0 w\nquorum g", "of 1 there cannot be 0"),
        (f"{ONE}\ngroup g \u0661 w\nquorum g", "there cannot be"),
        (f"{ONE}\ngroup g any\nquorum w", "line 3"),
        (f"{ONE}\ngroup g any w\ngroup h any w\nquorum g", "w is a member already"),
        (f"{ONE}\ngroup g any h\ngroup h any w\nquorum g", "nobody is called h before"),
        (f"{ONE}\nwitness v {key('w')}\nquorum w", "its key stands in a line before"),
        (f"witness w {key('w', ED25519)}\nquorum w", "the key of w is none for cosignatures"),
        (f"witness w {key('w')}x\nquorum w", "its key is none of"),
        (f"{ONE}http://witness.test\nquorum w", "by http on this machine alone"),
        (f"{ONE}http://127.0.0.1.test\nquorum w", "by http on this machine alone"),
        (f"{ONE}https://user@witness.test\nquorum w", "can be asked by https"),
        (f"{ONE}ftp://witness.test\nquorum w", "can be asked by https"),
        (f"{ONE}https://[::1\nquorum w", "line 2"),
        (f"{ONE}\r\nquorum w", "control characters"),
        ("reserve w", "line 1"),
    ],
)
def test_what_is_no_policy_is_told_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(PolicyUnreadable) as refused:
        policy(text)
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["https://witness.test/a", "http://127.0.0.1:81", "http://[::1]:81/x", "http://localhost"],
)
def test_witnesses_are_asked_by_https_or_on_this_machine(url: str) -> None:
    assert policy(f"{ONE}{url}\nquorum w").witnesses["w"].url == url

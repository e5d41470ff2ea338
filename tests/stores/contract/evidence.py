"""What every store of evidence does."""

from collections.abc import Callable

import pytest

from engine.work.classifying.evidence import At, Auth, Evidence, Protocol
from engine.work.evidence import digest, fit_to_keep
from engine.work.ports import EvidenceStore
from tests.law.story import ANN, BOB
from tests.stores.contract.words import BETA
from tests.workplace import ACME

SAID = Evidence(Protocol.SMTP, At.RCPT, "550 <zoe.zimmer@x.test>: nobody, naßwörter 🌱", None)
TOKEN = Evidence(Protocol.OAUTH, At.LOGIN, "400 {}", "google", Auth.OAUTH2, token_fresh=True)
TRACES = (b"zoe.zimmer", "naßwörter".encode())

Octets = Callable[[], bytes]


class EvidenceContract:
    """The port ``engine.work.ports.EvidenceStore``."""

    def test_evidence_is_found_by_its_digest(self, evidence: EvidenceStore) -> None:
        for each in (SAID, TOKEN):
            evidence.keep(ACME, ANN, digest(each), each)

        assert evidence.find(ACME, digest(SAID)) == SAID
        assert evidence.find(ACME, digest(TOKEN)) == TOKEN
        assert evidence.find(BETA, digest(SAID)) is None
        assert evidence.find(ACME, "nothing") is None

    def test_nothing_is_found_or_forgotten_where_nothing_was_kept(
        self, evidence: EvidenceStore
    ) -> None:
        evidence.forget(ACME, ANN)

        assert evidence.find(ACME, digest(SAID)) is None

    def test_the_same_again_is_kept_once(self, evidence: EvidenceStore) -> None:
        for _ in range(3):
            evidence.keep(ACME, ANN, digest(SAID), SAID)

        evidence.forget(ACME, ANN)

        assert evidence.find(ACME, digest(SAID)) is None

    def test_hostile_texts_are_kept_as_far_as_they_are_texts(self, evidence: EvidenceStore) -> None:
        text = "\0\ud800'); DROP TABLE evidence;-- %s {\x1b"
        hostile = fit_to_keep(SAID._replace(text=text, provider="'"))

        evidence.keep(ACME, "'%s", digest(hostile), hostile)

        assert evidence.find(ACME, digest(hostile)) == hostile

    @pytest.mark.rule("C1", "F1")
    def test_no_octet_of_what_is_forgotten_is_left(
        self, evidence: EvidenceStore, octets: Octets
    ) -> None:
        for number in range(300):
            other = TOKEN._replace(text=f"{number}" + "x" * (number * 13 % 4_000))
            evidence.keep(ACME, BOB, digest(other), other)
        evidence.keep(ACME, ANN, digest(SAID), SAID)
        evidence.keep(BETA, ANN, digest(TOKEN), TOKEN)
        before = octets()
        assert not [trace for trace in TRACES if trace not in before]

        evidence.forget(ACME, ANN)

        found = octets()
        assert not [trace for trace in TRACES if trace in found]
        assert evidence.find(ACME, digest(SAID)) is None
        assert evidence.find(BETA, digest(TOKEN)) == TOKEN
        assert evidence.find(ACME, digest(TOKEN._replace(text="0"))) is not None

"""One stop, proved in a file (F2, F3, S3, S8)."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis.stateful import run_state_machine_as_test

from adapters.cli.auditing.verify import Trust, case_verified
from engine.answers.history import History
from engine.answers.recipient_case import case_of
from engine.answers.workspace_answers import Answers
from engine.audit.fold import Fold
from engine.audit.stop_case import FactsAlone, rests_on, stop_case, told
from engine.proof.notes import VerifierKey
from events.campaign import RecipientStopped
from projections.histories import Subject, key
from tests.law.story import SPRING, import_recipients
from tests.proof.histories import THE_END, WORKSPACE, Histories, log_of
from tests.proof.test_histories import times
from tests.proving.proved_case import ON_ITS_WAY, PERSON, ProvedCase, proved_case
from tests.proving.signed_log import SignedLog
from tests.workplace import ACME

ROOT = Path(__file__).parents[2]


@pytest.fixture
def case(url: str, tmp_path: Path) -> ProvedCase:
    return proved_case(url, tmp_path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "case.json"


def read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


@pytest.mark.rule("F3", "S3")
@pytest.mark.parametrize("kind", ["AccountDisconnected", "ConnectionFailed"])
def test_a_stop_of_either_kind_is_told_and_proved(case: ProvedCase, out: Path, kind: str) -> None:
    recipient = ON_ITS_WAY if kind == "AccountDisconnected" else case.failed
    assert case.prove(recipient, out, "--since", case.log.noted)[0] == 0

    file = read(out)
    assert kind in {each["event"] for each in file["case"]["sentences"]}
    assert {each["event"] for each in file["case"]["sentences"]} <= {
        each["topic"].partition("/")[0] for each in file["events"]
    }
    assert [*file][:2] == ["sendledger_case", "case"], "the words come first"
    assert case.by_the_script(out)
    assert case.by_the_house(out)
    code, said = case.log.verify(out, "--key", case.log.verifier_key)
    assert (code, "word for word" in said) == (0, True)


def test_it_tells_what_why_tells(case: ProvedCase, out: Path) -> None:
    for recipient in (ON_ITS_WAY, case.failed):
        case.prove(recipient, out)
        named = json.dumps(case.why(recipient)["sentences"]).replace(PERSON.name, case.failed)
        assert read(out)["case"]["sentences"] == json.loads(named)
        out.unlink()


def test_nobody_is_named_and_no_other_recipient_is_told_of(case: ProvedCase, out: Path) -> None:
    case.prove(case.failed, out)
    text = out.read_text("utf-8")
    assert [
        word for word in (PERSON.name, PERSON.address, f'\\"{ON_ITS_WAY}') if word in text
    ] == []
    about = {json.loads(each["state"]).get("recipient_id") for each in read(out)["events"]}
    assert about - {None} == {case.failed}


@pytest.mark.rule("F1")
def test_a_forgotten_persons_case_stays_proved(case: ProvedCase, out: Path) -> None:
    case.prove(case.failed, out, "--since", case.log.noted)
    before = read(out)
    case.forget(case.failed)
    case.log.sign()
    assert case.by_the_house(out)
    again = out.with_name("again.json")
    assert case.prove(case.failed, again, "--since", case.log.noted)[0] == 0
    assert read(again)["case"] == before["case"]
    assert case.by_the_script(again)
    assert case.log.held_against_the_note()[0] == 0


def test_another_key_and_another_checkpoint_prove_nothing(case: ProvedCase, out: Path) -> None:
    case.prove(case.failed, out, "--since", case.log.noted)
    own = VerifierKey.of(case.log.verifier_key.read_text().split()[0])
    other = out.with_name("other-key")
    for key_ in (VerifierKey(own.name, bytes(32)), VerifierKey(f"{own.name}0", own.public)):
        other.write_text(f"{key_}\n")
        assert not case.by_the_house(out, other)
        assert not case.by_the_script(out, other)

    origin, size, root, *rest = case.log.noted.read_text().split("\n")
    notes = [origin, "40", root], [f"{origin}x", size, root], [origin, size, f"A{root[1:]}"]
    for changed in notes:
        case.log.noted.write_text("\n".join([*changed, *rest]))
        assert (case.by_the_house(out), case.by_the_script(out)) == (False, False), changed


def test_three_lines_on_paper_are_a_note(case: ProvedCase, out: Path) -> None:
    lines = case.log.noted.read_text().split("\n")[:3]
    case.log.noted.write_text("\n".join(lines))
    assert case.prove(case.failed, out, "--since", case.log.noted)[0] == 0
    assert case.by_the_house(out)
    assert case.by_the_script(out)


def test_without_an_older_checkpoint_in_the_file_nothing_leads_to_a_noted_one(
    case: ProvedCase, out: Path
) -> None:
    case.prove(case.failed, out)
    assert (case.by_the_house(out), case.by_the_script(out)) == (False, False)
    assert case_verified(out, None, Trust.of(case.log.verifier_key, None)).size > 0


@pytest.mark.parametrize("recipient", ["r2", "nobody"])
def test_who_was_not_stopped_has_no_case(case: ProvedCase, out: Path, recipient: str) -> None:
    code, said = case.prove(recipient, out)
    assert (code, "was not stopped" in said, out.exists()) == (1, True, False), said


def test_a_stop_younger_than_the_checkpoint_has_to_be_signed_first(
    case: ProvedCase, out: Path
) -> None:
    (case.log.folder / "checkpoint").write_bytes(case.log.noted.read_bytes())
    code, said = case.prove(case.failed, out)
    assert (code, "have the log signed" in said) == (1, True), said
    assert case.prove(ON_ITS_WAY, out)[0] == 0
    assert case.by_the_house(out)


def test_a_store_that_was_changed_and_notes_of_others_give_no_file(
    case: ProvedCase, out: Path, tmp_path: Path
) -> None:
    """Nothing is written that would not be verified."""
    noted = case.log.noted.read_text()
    case.log.noted.write_text(noted.replace("\n88\n", "\n87\n"))
    assert "does not continue" in case.prove(case.failed, out, "--since", case.log.noted)[1]
    key_ = tmp_path / "other" / "proof.key"
    key_.parent.mkdir()
    other = SignedLog(str(tmp_path / "other" / "s.db"), tmp_path / "other" / "tree", key_)
    other_case = proved_case(other.url, key_.parent)
    code, said = case.prove(case.failed, out, "--tiles", other_case.log.folder)
    assert (code, "The checkpoint is of" in said) == (1, True), said
    (case.log.folder / "checkpoint").unlink()
    assert case.prove(case.failed, out)[0] == 1
    assert not out.exists()


def test_a_file_that_is_there_stays(case: ProvedCase, out: Path) -> None:
    out.write_text("mine")
    code, said = case.prove(case.failed, out)
    assert (code != 0, "there already" in said, out.read_text()) == (True, True, "mine")


def test_the_commands_of_the_page_prove_and_verify(case: ProvedCase, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "proof.md").read_text("utf-8")
    (block,) = (
        each for each in re.findall("```sh\n(.*?)```", page, re.DOTALL) if "case.json" in each
    )
    shutil.copy(ROOT / "examples" / "proof" / "verify_case.py", tmp_path)
    shutil.copy(case.log.verifier_key, tmp_path / "elm.key")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "SENDLEDGER_STORE": case.log.url,
        "SENDLEDGER_WORKSPACE": ACME,
    }
    script = ["sh", "-eu", "-c", block.replace("--recipient r1", f"--recipient {case.failed}")]
    ran = subprocess.run(
        script, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("Verified") == 2


class FewFactsTellTheSame(Histories):
    """Of every stop, the facts of its file alone tell what the whole log tells."""

    stops: ClassVar[int] = 0

    def teardown(self) -> None:
        self.clock.time += THE_END
        self.tick()
        log = log_of(self.engine)
        history = History(self.store, self.positions, WORKSPACE)
        answers = Answers(Fold().add(log).views(), WORKSPACE)
        for each in log:
            if isinstance(each.event, RecipientStopped):
                about = each.event.campaign_id, each.event.recipient_id
                by_all = case_of(history, answers, *about, each.envelope.recorded_at)
                case = stop_case(history, WORKSPACE, *about)
                few = FactsAlone(WORKSPACE, rests_on(case, history))
                assert by_all is not None
                FewFactsTellTheSame.stops += 1
                assert told(case, WORKSPACE) == told(by_all, WORKSPACE)
                assert told(stop_case(few, WORKSPACE, *about), WORKSPACE) == told(case, WORKSPACE)

    def positions(self, workspace: str, subject: Subject) -> list[int]:
        known = [(each.position, key(each)[:-1]) for each in log_of(self.engine)]
        return [position for position, about in known if about == (workspace, *subject)]


@pytest.mark.rule("F3")
def test_in_any_history_the_facts_of_the_file_tell_what_the_log_tells() -> None:
    run_state_machine_as_test(FewFactsTellTheSame, settings=times(40))
    assert FewFactsTellTheSame.stops > 0


def test_what_came_later_about_others_is_not_in_the_file(case: ProvedCase, out: Path) -> None:
    case.log.given(import_recipients("much-later"))
    case.log.sign()
    case.prove(case.failed, out)
    assert "much-later" not in out.read_text("utf-8")
    assert read(out)["case"]["campaign_id"] == SPRING

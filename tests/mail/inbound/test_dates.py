"""M5: an out-of-office holds until the date it names, where it names one for certain."""

from datetime import date

import pytest

from adapters.mail.inbound.dates import until
from adapters.mail.inbound.phrases import plain
from adapters.mail.inbound.reading import read
from tests.mail.inbound.letters import BEN, OURS, SENT, letter

APRIL, DECEMBER = date(2026, 4, 20), date(2026, 12, 18)
NAMED = {
    "I will be out until May 5.": "2026-05-05",
    "I am away returning to the office on May 5th. I will have limited access": "2026-05-05",
    "I'm back in the office on Monday, May 4": "2026-05-04",
    "on leave through Mon. 4 May 2026, then away again": "2026-05-04",
    "I am on leave until the 5th of May": "2026-05-05",
    "On 5 May I'll be back": "2026-05-05",
    "I will be traveling for work on July 10-31.  During that time": "2026-07-31",
    "away from July 10 to July 31": "2026-07-31",
    "until 5/13": "2026-05-13",
    "until 13/05/2026": "2026-05-13",
    "until 5/5/26": "2026-05-05",
    "until 2026-05-05": "2026-05-05",
    "bis einschließlich 05.05. nicht im Büro": "2026-05-05",
    "bis zum 31. Mai 2026, danach ab 1. Juni wieder": "2026-06-01",
    "vom 27.04. bis 05.05.2026 im Urlaub": "2026-05-05",
    "Ich bin bis Montag, den 4. Mai abwesend": "2026-05-04",
    "Ab dem 6. Mai bin ich wieder erreichbar.": "2026-05-06",
    "Am 5. Mai bin ich zurück.": "2026-05-05",
    "10.–31. Juli geschlossen": "2026-07-31",
    "bis 09.06.": "2026-06-09",
    "Je suis absent jusqu’au 5 mai inclus": "2026-05-05",
    "jusqu'au 05/06/2026": "2026-06-05",
    "de retour le mardi 5 mai 2026": "2026-05-05",
    "Je serai de retour à partir du 6 mai": "2026-05-06",
    "du 1er mai au 15 mai": "2026-05-15",
    "Estaré fuera hasta el 5 de mayo de 2026": "2026-05-05",
    "Vuelvo el martes 5 de mayo": "2026-05-05",
    "del 1 al 15 de mayo": "2026-05-15",
    "Estarei ausente até 5 de maio": "2026-05-05",
    "Retorno no dia 05/06/2026": "2026-06-05",
    "de férias de 01/05 a 10/05": "2026-05-10",
    "Sarò assente fino al 5 maggio compreso": "2026-05-05",
    "Rientro lunedì 4 maggio": "2026-05-04",
    "dal 1° al 15 maggio": "2026-05-15",
    "Afwezig t/m 5 mei": "2026-05-05",
    "tot en met dinsdag 5 mei 2026": "2026-05-05",
    "vanaf 6 mei ben ik weer bereikbaar": "2026-05-06",
    "Jestem na urlopie do 5 maja włącznie": "2026-05-05",
    "do dnia 05.05.2026 r.": "2026-05-05",
    "od 27 kwietnia do 5 maja": "2026-05-05",
    "Wracam 6 maja": "2026-05-06",
    "w dniach 27.04-05.05.2026": "2026-05-05",
    "from 27/04/2026 to 06/05/2026": "2026-05-06",
    "out 04/27 - 05/06": "2026-05-06",
    "July 24th through the 26th": "2026-07-26",
    "5th-12th May": "2026-05-12",
    "bis 05.05 nicht im Büro": "2026-05-05",
    "van 27-04 t/m 05-05": "2026-05-05",
    "Maandag 4 mei ben ik er weer": "2026-05-04",
    "disponible de nouveau à partir du 6 mai": "2026-05-06",
    "Sarò di nuovo in ufficio il 5 maggio": "2026-05-05",
    "Ponownie dostępny od 6 maja": "2026-05-06",
    "regresaré a la oficina el lunes 4 de mayo": "2026-05-04",
    "I am out of the office and will return\non Monday, 4 May 2026.": "2026-05-04",
}
NOT_CERTAIN = (
    *("I'm out of the office Friday.", "until Monday", "until 5 pm", "until May 2027"),
    *("until 05/06/2026", "from 05/06 through 06/07", "until 31 February", "until further notice"),
    *("ab 5. Mai im Urlaub", "ausente a partir do dia 5 de maio", "I'll be back. May 5 is fine"),
    *("I will get back to you on May 5", "Our offer is valid until 31 December 2026"),
    *("bis 09.30 Uhr", "until 9.30", "bis 09.10 Uhr", "version 05.05", "May 5 to 9 pm"),
    *("Call +49 30 12.05.2026", "until 1 January 2099", "back to May, 5", "bis 5.", ""),
)


@pytest.mark.rule("M5")
@pytest.mark.parametrize(("text", "day"), NAMED.items(), ids=NAMED)
def test_the_date_that_ends_an_absence_is_read(text: str, day: str) -> None:
    assert until(plain(text), APRIL) == date.fromisoformat(day)


@pytest.mark.rule("M5")
@pytest.mark.parametrize("text", NOT_CERTAIN)
def test_what_is_not_certain_is_no_date(text: str) -> None:
    assert until(plain(text), APRIL) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("back on 3 January", "2027-01-03"),
        ("24.12. - 06.01.", "2027-01-06"),
        ("until December 10", "2026-12-10"),
        ("hasta el 5 de mayo", "2027-05-05"),
    ],
)
def test_without_a_year_it_is_the_next_such_date_unless_one_is_just_past(
    text: str, day: str
) -> None:
    assert until(plain(text), DECEMBER) == date.fromisoformat(day)


@pytest.mark.rule("M5")
def test_of_several_dates_the_latest_counts() -> None:
    text = "I am away until 5 May. Before that: until 28 April in Rome, back on 12 May."
    assert until(plain(text), APRIL) == date(2026, 5, 12)


def away(subject: str, text: str, **headers: str) -> date | None:
    given = {"From": BEN, "Subject": subject, "Auto-Submitted": "auto-replied", **headers}
    found = read(letter({**given, "In-Reply-To": OURS}, text), SENT)
    assert found.recipients == ["r1"]
    return found.until


def test_dates_of_our_own_message_do_not_count() -> None:
    assert away("Re: Hello", "I am away.\n> Our fair is open until 5 May") is None
    assert away("Away", "Weg.\n\nAm 20.04.2026 schrieb Ann <ann@acme.test>:\nbis 5. Mai") is None
    assert away("Automatic reply: Free until 5 May", "I am away.") is None
    quote = "<p>Away until 6&nbsp;May</p><blockquote>until 9 May</blockquote>"
    assert away("Away", quote, **{"Content-Type": "text/html"}) == date(2026, 5, 6)


def test_a_subject_may_name_the_date() -> None:
    assert away("Away until May 5", "See you") == date(2026, 5, 5)


def test_without_a_date_of_its_own_the_message_was_written_when_it_came() -> None:
    headers = {"From": BEN, "Auto-Submitted": "auto-replied", "In-Reply-To": OURS}
    octets = letter(headers, "until 5 May", date="yesterday")

    assert read(octets, SENT).until is None
    assert read(octets, SENT, received=APRIL).until == date(2026, 5, 5)

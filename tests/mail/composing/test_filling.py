"""A step filled in for one recipient, and what is told to be missing before the start."""

import pytest

from adapters.mail.composing.filling import missing, preview
from adapters.mail.composing.language import LONGEST_VALUE
from adapters.mail.composing.templates import LONGEST_RESULT
from engine.work.letters import (
    LetterTooLong,
    Sender,
    SubjectMissing,
    TemplateUnusable,
    Thread,
    VariablesMissing,
)
from engine.work.ports import Person
from events.sequence import Step
from tests.mail.composing.letters import AFTER_INTRO, ANN, BEN, IN_HTML, INTRO, NUDGE, changed, step


def said(text: str, **variables: str) -> str:
    person = BEN._replace(variables=variables)
    return preview(step("intro", "-", text), person, Sender("ann@acme.example")).text


def test_a_step_is_filled_in_with_what_is_known_of_the_recipient_and_signed() -> None:
    letter = preview(INTRO, BEN, ANN)

    assert letter.subject == "Spring at Hur & Sons"
    assert letter.text == "Dear Ben,\n\na word?\n\nBest,\nAnn\n"
    assert letter.html == ""


def test_html_is_escaped_where_text_and_subject_are_not_and_signed_before_the_body_ends() -> None:
    hostile = BEN._replace(variables={"first_name": "<b>", "company": '"O\'&"'})
    letter = preview(IN_HTML, hostile, ANN._replace(signature="A < B\nAnn"))

    assert letter.subject == 'Spring at "O\'&"'
    assert "<p>Dear &lt;b&gt; of &#34;O&#39;&amp;&#34;</p>" in letter.html
    assert letter.html.endswith("\n<div><br>\nA &lt; B<br>\nAnn</div>\n</body>")


def test_the_text_of_html_alone_is_made_from_it() -> None:
    source = (
        "<style>p {color: red}</style><table><tr><td>Dear {{ first_name }},</td><td>a word?</td>"
        "</tr></table><p>See <a href='https://acme.example/{{ company|urlencode }}'>us</a>.</p>"
        "<ul><li>one</li><li>two</li></ul><script>alert(1)</script>"
    )
    letter = preview(step("intro", "Hello", html=source), BEN, ANN)

    lines = [line.strip() for line in letter.text.splitlines() if line.strip()]
    assert lines == [
        *("Dear Ben,", "a word?", "See us (https://acme.example/Hur%20%26%20Sons).", "* one"),
        *("* two", "Best,", "Ann"),
    ]


@pytest.mark.parametrize(
    "html",
    [
        "<p style='margin-top:100000em'>x</p>" * 2_500,
        "<table><tr><td>" + "x" * 40_000 + "<tr><td>x" * 6_000,
        "<ul>" * 200 + "<li>x" * 15_000,
        "<div>" * 19_000,
        "",
        "<!-- -->",
        "<?xml version='1.0' encoding='utf-16'?><p>x",
        "\0",
    ],
    ids=["margins", "a wide table", "a deep list", "deep", "nothing", "a remark", "a lie", "zero"],
)
def test_no_html_makes_text_without_end(html: str) -> None:
    try:
        letter = preview(step("intro", "Hello", html=f"{html}."), BEN, ANN)
    except LetterTooLong:
        return
    assert len(letter.text) <= LONGEST_RESULT


def test_a_follow_up_without_a_subject_answers_the_thread() -> None:
    assert preview(NUDGE, BEN, ANN, AFTER_INTRO).subject == "Re: Spring at Hur & Sons"
    assert preview(NUDGE, BEN, ANN, Thread("RE: Spring")).subject == "RE: Spring"


def test_columns_are_named_by_one_word_in_lower_case() -> None:
    columns = {"first name": "Ben", "1st": "x", "société": "Hur", "e-mail (work)": "y"}

    assert said("{{ First_Name }} {{ _1st }} {{ Société }} {{ e_mail_work_ }}", **columns) == (
        "Ben x Hur y\n"
    )


def test_name_address_sender_and_the_way_out_are_there_without_a_column() -> None:
    text = "{{ name }} {{ email }} {{ sender_name }} {{ sender_address }} {{ unsubscribe_link }}"
    letter = preview(step("intro", "-", text), BEN, ANN._replace(signature=""))

    assert letter.text.startswith("Ben Hur ben@x.test Ann Arbor ann@acme.example mailto:")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{ a|default('friend') }}", "friend"),
        ("{{ a|d(b) }}", "B"),
        ("{{ a|default('x', true)|upper }}", "X"),
        ("{{ b|default('friend') }}", "B"),
        ("{{ a or b }}", "B"),
        ("{% if a %}has{% else %}lacks{% endif %}", "lacks"),
        ("{% if b and b == 'B' %}has{% endif %}", "has"),
        ("{{ 'has' if a is defined else 'lacks' }}", "lacks"),
        ("{{ b ~ '-' ~ b|lower }} {{ 'mc DONALD'|title }} {{ ' x '|trim }}", "B-b Mc Donald x"),
        ("one\n{% if b %}\ntwo\n{% endif %}\nthree", "one\ntwo\nthree"),
    ],
)
def test_what_is_empty_takes_a_default_and_is_false_in_a_condition(text: str, filled: str) -> None:
    assert said(text, a=" ", b="B") == f"{filled}\n"


@pytest.mark.parametrize(
    "text", ["{{ a }}", "{{ a ~ '!' }}", "{{ a|upper }}", "{{ '' if a == 'x' else b }}"]
)
def test_a_gap_is_never_sent(text: str) -> None:
    for given in ({}, {"a": ""}, {"a": " \t"}):
        with pytest.raises(VariablesMissing) as refused:
            said(text, **given, b="")
        assert "a" in refused.value.names


def test_what_is_missing_is_listed_for_each_recipient_and_step_before_the_start() -> None:
    steps = [IN_HTML, step("nudge", text="{% if city %}{{ street }}{% endif %} {{ first_name }}")]
    bare = Person("bea@x.test", "Bea", {"first_name": "Bea", "company": "", "city": "Ulm"})
    people = [("r1", BEN), ("r2", bare), ("r3", Person("cy@x.test"))]

    assert [(each.recipient_id, each.step, each.variables) for each in missing(steps, people)] == [
        ("r2", "intro", ["company"]),
        ("r2", "nudge", ["street"]),
        ("r3", "intro", ["company", "first_name"]),
        ("r3", "nudge", ["first_name"]),
    ]


@pytest.mark.rule("F1")
def test_what_is_told_of_a_gap_names_no_person_and_repeats_no_value() -> None:
    (found,) = missing([IN_HTML], [("r1", BEN._replace(variables={"company": "Hur & Sons"}))])

    assert found.problem == (
        "Step intro needs first_name, which the recipient lacks. Import a value, or give the "
        "template a default."
    )


def test_a_value_that_is_too_long_is_told_before_the_start_as_well() -> None:
    long = BEN._replace(variables={**BEN.variables, "company": "x" * (LONGEST_VALUE + 1)})
    (found,) = missing([INTRO], [("r1", long)])

    assert found.variables == ()
    assert "becomes longer than" in found.problem


@pytest.mark.parametrize(
    ("unusable", "told"),
    [
        (
            changed(INTRO, text="Dear\n{{ first_name }\n"),
            "Step intro, text, line 2: unexpected '}'.",
        ),
        (
            changed(INTRO, subject="{% if x %}"),
            "Step intro, subject, line 1: Unexpected end of template.",
        ),
        (
            changed(INTRO, html="<p>\n\n{{ a b }}"),
            "Step intro, html, line 3: expected token 'end of print statement', got 'b'.",
        ),
        (
            changed(INTRO, text="x\n{% if a\n == b.c %}{% endif %}"),
            "Step intro, text, line 3: a dot between names is not allowed; use variables,",
        ),
        (step("intro", "x"), "Step intro, text, line 1: it is empty, and so is the HTML;"),
        (changed(INTRO, text="x" * 100_001), "Step intro, text, line 1: it is longer than"),
    ],
)
def test_a_template_that_is_none_is_told_with_its_line_and_what_was_expected(
    unusable: Step, told: str
) -> None:
    with pytest.raises(TemplateUnusable) as refused:
        preview(unusable, BEN, ANN)

    assert str(refused.value).startswith(told)


def test_the_first_step_needs_a_subject_and_none_is_sent_without_one() -> None:
    with pytest.raises(SubjectMissing):
        list(missing([NUDGE], []))
    with pytest.raises(SubjectMissing):
        preview(NUDGE, BEN, ANN)
    with pytest.raises(SubjectMissing):
        preview(changed(INTRO, subject="{{ 'x' if company == 'x' else '' }}"), BEN, ANN)

"""What a template may say: nothing that takes long, grows without end, or reaches out."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mail.composing.language import DEEPEST, FILTERS, LONGEST_VALUE, MOST_NODES
from adapters.mail.composing.templates import LONGEST_RESULT, Gap, template
from engine.work.letters import LetterTooLong, TemplateUnusable

SECONDS, OCTETS = 5.0, 100_000_000
"""Of the processor, and of memory, for one template, whatever it is."""
VALUES = {
    "a": "x" * LONGEST_VALUE,
    "b": "\N{GREEK SMALL LETTER IOTA WITH DIALYTIKA AND TONOS}" * LONGEST_VALUE,
    "c": "&<>'\"" * (LONGEST_VALUE // 5),
    "d": "x",
}
HOSTILE = [
    # time and memory
    "{{ 'a' * 1000000000 }}",
    "{{ 'a' * 10**9 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ '%0999999999d' % 1 }}",
    "{{ '{:>999999999}'.format('a') }}",
    "{{ 'a'.center(999999999) }}",
    "{{ 'a'|center(999999999) }}",
    "{{ 'a'|indent(999999999) }}",
    "{{ 'a'|wordwrap(1) }}",
    "{{ a|replace('', a)|replace('', a) }}",
    "{{ a|urlize }}",
    "{{ a|e|title|e|title }}",
    "{{ a|list }}",
    "{{ [a, a]|join(a) }}",
    "{{ a|batch(1)|list }}",
    "{{ a|pprint }}",
    "{{ a|tojson }}",
    "{{ a|format(a) }}",
    "{{ a|filesizeformat }}",
    "{{ 1 << 999999999 }}",
    "{{ 1 // 0 }}",
    "{{ -a }}",
    "{{ a + a }}",
    "{{ [1] * 1000000000 }}",
    "{{ range(1000000000)|list }}",
    "{{ lipsum(1000000) }}",
    "{{ a in a }}",
    "{{ a < a }}",
    "{{ 99999999999999999999 }}",
    "{{ 1e999 }}",
    "{{ " + "9" * 50_000 + " }}",
    "{% for x in range(100000) %}{% for y in range(100000) %}{% endfor %}{% endfor %}",
    "{% for x in a recursive %}{{ loop(a) }}{% endfor %}",
    "{% set x = a ~ a %}{{ x }}",
    "{% set x %}{{ a }}{% endset %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% call a() %}{% endcall %}",
    "{% filter upper %}{{ a }}{% endfilter %}",
    "{% with x = a ~ a %}{{ x }}{% endwith %}",
    "{% block x %}{{ self.x() }}{% endblock %}",
    # as deep, as long as can be
    "{{ " + "(" * 40_000,
    "{{ " + "(" * 40_000 + "a" + ")" * 40_000 + " }}",
    "{{ " + "[" * 40_000,
    "{{ " + "not " * 20_000 + "a }}",
    "{{ " + "- " * 20_000 + "a }}",
    "{{ a" + "|upper" * 15_000 + " }}",
    "{{ a" + " ~ a" * 20_000 + " }}",
    "{{ a" + " == a" * 15_000 + " }}",
    "{{ a" + " if a else a" * 8_000 + " }}",
    "{{ a" + " and a" * 15_000 + " }}",
    "{{ a" + "|default(a" * 9_000 + ")" * 9_000 + " }}",
    "{% if a %}" * 9_000,
    "{% if a %}" + "{% elif a %}" * 8_000 + "{% endif %}",
    "{# " * 30_000,
    "{{ ' " * 20_000,
    "{% raw %}" * 11_000,
    "{%" + " " * 99_000,
    "{% " * 33_000,
    "{" * 99_000,
    "\n" * 99_000 + "{{",
    # out of the sandbox
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ a|map(attribute='__class__') }}",
    "{{ self }}",
    "{{ Self }}",
    "{{ \u017felf }}",
    "{{ \u017fuper }}",
    "{{ self.__init__.__globals__ }}",
    "{{ super() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ namespace() }}",
    "{{ caller() }}",
    "{{ a is callable }}",
    "{{ a is filter('upper') }}",
    "{{ a is sameas b }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import path %}",
    "{% extends 'x' %}",
    # out of the escaping, or around a gap
    "{{ a|safe }}",
    "{% autoescape false %}{{ a }}{% endautoescape %}",
    "{{ a|default }}",
    "{{ a|default(boolean=true) }}",
    "{{ a|default(*b) }}",
    "{{ a|default('x', 'y', 'z') }}",
    "{{ a|upper('x') }}",
    "{{ a if b }}",
    "{{ a|title(**b) }}",
    "{{ none }}",
    "{{ {'a': a} }}",
    "{{ (a, a) }}",
    "{{ a.b }}",
    "{{ a[0] }}",
    "{{ a[:1] }}",
    "{{ a() }}",
    "{% debug %}",
    "{% do a() %}",
    "{% break %}",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda source: source[:40])
def test_nothing_of_an_adversary_becomes_a_template(hostile: str) -> None:
    began = time.process_time()

    with pytest.raises(TemplateUnusable):
        template("intro", "html", hostile, html=True)

    assert time.process_time() - began < SECONDS


def chained(name: str) -> str:
    """As many filters as may stand in each other."""
    return f"d{'|' + name}" + f"|{name}" * (DEEPEST - 4)


AT_THE_LIMIT = {
    "all at once": "{{ " + " ~ ".join("a" * (MOST_NODES - 5)) + " }}",
    "one after another": "{{ a }}" * (MOST_NODES // 2 - 1),
    "escaped": "{{ c }}" * (MOST_NODES // 2 - 1),
    "upper case that grows": "{{ b|upper }}" * (MOST_NODES // 3 - 1),
    "unseen": "{% if b|lower == a|title %}{% endif %}" * (MOST_NODES // 8),
    "unseen, and long": "{% if " + " ~ ".join("b" * (MOST_NODES - 10)) + " == a %}{% endif %}",
    "default in default": "{{ " + "z|default(" * 20 + "a" + ")" * 20 + " }}",
    "brackets": "{{ " + "(a ~ " * 25 + "a" + ")" * 25 + " }}",
    "conditions": "{% if a %}" * (DEEPEST - 3) + "{{ a }}" + "{% endif %}" * (DEEPEST - 3),
    "choices": "{{ " + "(a if a else " * 25 + "a" + ")" * 25 + " }}",
    "not": "{% if " + "not " * 25 + "a %}{% endif %}",
    "else if": "{% if z %}" + "{% elif d == a %}" * 150 + "{% endif %}",
    **{name: f"{{{{ {chained(name)} }}}}" for name in FILTERS if name not in {"default", "d"}},
}


@pytest.mark.parametrize("name", AT_THE_LIMIT)
@pytest.mark.parametrize("html", [False, True])
def test_the_worst_that_is_allowed_costs_little(name: str, html: bool) -> None:
    made = template("intro", "text", AT_THE_LIMIT[name], html=html)
    tracemalloc.start()
    began = time.process_time()

    try:
        filled = made.fill({**VALUES, "d": "%"})
    except LetterTooLong:
        filled = ""

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - began < SECONDS
    assert peak < OCTETS
    assert len(filled) <= LONGEST_RESULT


WORDS = st.one_of(
    st.sampled_from(["a", "b", "c", "d", "z", "'x'", '"\'"', "true", "1", "none", "a.b", "a[0]"]),
    st.sampled_from(["self", "range(9)", "loop", "'x' * 9", "a()", "''", "\ufb01", "[a]", "{}"]),
)


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    filters = st.sampled_from([*FILTERS, "safe", "replace('', a)", "default('x')", "list", "e"])
    operators = st.sampled_from(["~", "==", "!=", "and", "or", "in", "+", "*", "**", "<", "is"])
    return st.one_of(
        st.tuples(inner, filters).map("|".join),
        st.tuples(inner, operators, inner).map(" ".join),
        inner.map("not {}".format),
        inner.map("({})".format),
        inner.map("z|default({})".format),
        st.tuples(inner, inner, inner).map(lambda each: "{} if {} else {}".format(*each)),
        st.tuples(inner, st.sampled_from(["defined", "odd", "not defined"])).map(" is ".join),
    )


EXPRESSIONS = st.recursive(WORDS, larger, max_leaves=20)
PIECES = st.one_of(
    st.text(max_size=20),
    EXPRESSIONS.map("{{{{ {} }}}}".format),
    EXPRESSIONS.map("{{% if {} %}}x{{% else %}}y{{% endif %}}".format),
    EXPRESSIONS.map("{{% set y = {} %}}".format),
    EXPRESSIONS.map("{{% for y in {} %}}{{{{ y }}}}{{% endfor %}}".format),
    st.sampled_from(["{{", "}}", "{%", "%}", "{#", "#}", "{% endif %}", "{% else %}", "{% raw %}"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.booleans())
def test_a_template_is_refused_with_a_sentence_or_filled_within_limits(
    source: str, html: bool
) -> None:
    began = time.process_time()
    try:
        filled = template("intro", "text", source, html=html).fill(VALUES)
    except (TemplateUnusable, Gap, LetterTooLong):
        filled = ""
    assert len(filled) <= LONGEST_RESULT
    assert time.process_time() - began < SECONDS


@given(st.text())
def test_what_stands_in_a_variable_is_never_a_template(value: str) -> None:
    made = template("intro", "text", "{{ a }}")

    assert made.fill({"a": value}) == value


def test_names_that_python_takes_for_one_are_one() -> None:
    made = template("intro", "text", "{{ \ufb01 }} {{ fi }} {{ FI }}")

    assert made.fill({"fi": "x"}) == "x x x"

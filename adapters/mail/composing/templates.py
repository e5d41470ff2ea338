"""A template that can be filled in: parsed, checked, compiled, and kept within its limits."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, NoReturn

from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from adapters.mail.composing.language import FILTERS, TOO_MUCH, NotAllowed, ValueTooLong, allow
from engine.work.letters import LetterTooLong, TemplateUnusable

LONGEST_TEMPLATE = 100_000
"""Characters."""
LONGEST_RESULT = 200_000
"""Characters in one part of a letter."""


class Gap(Exception):
    """The template uses a variable that has no value."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _NoValue(StrictUndefined):
    """A variable that is absent or empty: false in a condition, refused where its value is used."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def _used(self, *_: object) -> NoReturn:
        raise Gap(self._undefined_name or "")

    __str__ = __eq__ = __ne__ = __hash__ = __iter__ = __len__ = _used


def _environment(*, escapes: bool) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=_NoValue, autoescape=escapes, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.clear()
    made.filters.clear()
    made.filters.update(FILTERS)
    made.tests = {name: made.tests[name] for name in ("defined", "undefined")}
    return made


_PLAIN, _HTML = _environment(escapes=False), _environment(escapes=True)


class Filled(NamedTuple):
    """One template of a step. ``part`` is its name in sentences."""

    step: str
    part: str
    template: Template

    def fill(self, values: Mapping[str, str]) -> str:
        """The text. ``values`` holds no empty value. Raises ``Gap`` and ``LetterTooLong``."""
        context = self.template.new_context(dict(values))
        try:
            return _joined(self.template.root_render_func(context))
        except ValueTooLong:
            raise LetterTooLong(step=self.step, part=self.part, most=LONGEST_RESULT) from None


def template(step: str, part: str, source: str, *, html: bool = False) -> Filled:
    """The template. Raises ``TemplateUnusable``, with the line and what was expected there."""
    if len(source) > LONGEST_TEMPLATE:
        problem = f"it is longer than {LONGEST_TEMPLATE} characters"
        raise TemplateUnusable(step=step, part=part, line=1, problem=problem)
    environment = _HTML if html else _PLAIN
    try:
        tree = environment.parse(source)
        allow(tree)
        code = environment.compile(tree)
    except TemplateSyntaxError as error:
        line, problem = error.lineno, (error.message or "not understood").rstrip(".")
    except NotAllowed as error:
        line, problem = error.line, error.problem
    except (RecursionError, ValueError):
        line, problem = 1, TOO_MUCH
    else:
        made = Template.from_code(environment, code, {})
        return Filled(step, part, made)
    raise TemplateUnusable(step=step, part=part, line=line, problem=problem)


def _joined(pieces: Iterable[str]) -> str:
    found, length = [], 0
    for piece in pieces:
        length += len(piece)
        if length > LONGEST_RESULT:
            raise ValueTooLong
        found.append(piece)
    return "".join(found)

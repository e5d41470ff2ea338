"""A campaign's sequence as a person writes it: zone, window, limits, steps with their texts."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from adapters.yaml_files.durations import duration_text, parse_duration
from adapters.yaml_files.reader import UnreadableYaml, YamlReader
from aggregates.calendar import is_zone
from events.sequence import WEEKDAYS, ClockTime, MailSequence, Step, Weekday, Window

MAX_BYTES = 500_000
"""A sequence is one event, and Kafka's topics take events of a million octets."""


def _existing_zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError("expected a time zone like Europe/Berlin")
    return name


def _duration(told: object) -> object:
    return parse_duration(told) if isinstance(told, str) else told


Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Zone = Annotated[str, AfterValidator(_existing_zone)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
DailyLimit = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WindowGiven(Given):
    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    begins: ClockTime = Field(default="00:00", alias="from")
    ends: ClockTime = Field(default="24:00", alias="to")

    def window(self) -> Window:
        return Window(days=self.days, begins=self.begins, ends=self.ends)


class StepGiven(Given):
    name: Name
    after: Duration = timedelta()
    subject: str = ""
    text: str = ""
    html: str = ""


class SequenceGiven(Given):
    zone: Zone
    window: WindowGiven = WindowGiven()
    daily_limit: DailyLimit | None = None
    exclusive: bool = False
    steps: tuple[StepGiven, ...] = Field(min_length=1)

    def sequence(self, mail_id: str) -> MailSequence:
        return MailSequence(
            mail_id=mail_id,
            zone=self.zone,
            steps=tuple(Step(**each.model_dump()) for each in self.steps),
            window=self.window.window(),
            daily_limit=self.daily_limit,
            exclusive=self.exclusive,
        )


class UnreadableSequence(UnreadableYaml):
    """Nothing was set."""


class _Reader(YamlReader):
    unreadable = UnreadableSequence

    def sequence(self, text: str) -> SequenceGiven:
        about = "a sequence: zone, window, daily_limit, exclusive, steps"
        root = self._parse(text, about)
        self._only(self._mapping(root, about), {*SequenceGiven.model_fields})
        return self._model(SequenceGiven, root)


def read_sequence(path: Path) -> SequenceGiven:
    """Raises ``UnreadableSequence``, also for a file that is not there."""
    return _Reader(str(path)).sequence(_Reader.text_of(path, MAX_BYTES))


def as_given(sequence: MailSequence) -> dict[str, Any]:
    """What ``read_sequence`` reads: plain values, in its order."""
    told: dict[str, Any] = {"zone": sequence.zone}
    window = sequence.window
    told["window"] = {"days": [*window.days], "from": window.begins, "to": window.ends}
    if sequence.daily_limit is not None:
        told["daily_limit"] = sequence.daily_limit
    if sequence.exclusive:
        told["exclusive"] = True
    return told | {"steps": [_step(each) for each in sequence.steps]}


def _step(step: Step) -> dict[str, str]:
    texts = {"subject": step.subject, "text": step.text, "html": step.html}
    told = {name: text for name, text in texts.items() if text}
    return {"name": step.name, "after": duration_text(step.after), **told}

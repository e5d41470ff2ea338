"""What a scenario may contain: one model for each kind of step."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from adapters.yaml_files.sequence import Duration, Given, Name, WindowGiven, Zone
from events.sequence import MailSequence, Step
from events.vocabulary import FailureClass, Mode, SearchResult, Settings

Address = Annotated[
    str, StringConstraints(min_length=1, max_length=320, strip_whitespace=True, to_lower=True)
]
"""An email account's identity: its address, trimmed and in lower case."""


class Arguments(Given):
    pass


Verdict = Literal[
    "passes",
    "still_failing",
    "insufficient_scope",
    "identity_mismatch",
    "configuration_changed",
]


def _passes_is_none(value: object) -> object:
    return None if value == "passes" else value


TestResult = Annotated[FailureClass | None, BeforeValidator(_passes_is_none)]


class SettingsGiven(Arguments):
    """Only those settings that the step names."""

    signature: str | None = None
    sender_name: str | None = None
    sending_speed: Annotated[int, Field(ge=1)] | None = None
    daily_limit: Annotated[int, Field(ge=1)] | None = None
    """Another name for ``sending_speed``."""
    gap: Duration | None = None
    zone: Zone | None = None
    limits: dict[str, int] | None = None
    schedule: dict[str, str] | None = None
    folders: dict[str, str] | None = None

    def over(self, settings: Settings) -> Settings:
        told: dict[str, Any] = self.model_dump(exclude_none=True)
        speed, gap, zone = (told.pop(name, None) for name in ("daily_limit", "gap", "zone"))
        if speed is not None:
            told["sending_speed"] = speed
        if gap is not None:
            limits = told.get("limits", settings.limits)
            told["limits"] = {**limits, "gap": int(gap.total_seconds())}
        if zone is not None:
            told["schedule"] = {**told.get("schedule", settings.schedule), "zone": zone}
        return settings.model_copy(update=told)


class Connect(Arguments):
    slot: Name
    account: Address
    provider: Name = "simulated"
    settings: SettingsGiven = SettingsGiven()
    result: Verdict = "passes"


class StepGiven(Arguments):
    name: Name
    after: Duration = timedelta()


class CreateCampaign(Arguments):
    campaign: Name
    mode: Mode
    senders: tuple[Address, ...] = Field(default=(), alias="from")
    slot: Name | None = None
    recipients: tuple[Name, ...] = ()
    zone: Zone | None = None
    window: WindowGiven | None = None
    daily_limit: Annotated[int, Field(ge=1)] | None = None
    exclusive: bool = False
    steps: tuple[StepGiven, ...] = ()

    @property
    def sends(self) -> bool:
        """Whether it sets something that only a campaign with a sequence needs."""
        return bool({"zone", "window", "daily_limit", "exclusive", "steps"} & self.model_fields_set)

    def sequence(self, mail_id: str) -> MailSequence | None:
        """The sequence; None without steps and a zone: such a campaign sends nothing (M3)."""
        if self.zone is None or not self.steps:
            return None
        return MailSequence(
            mail_id=mail_id,
            zone=self.zone,
            steps=tuple(Step(name=each.name, after=each.after) for each in self.steps),
            window=(self.window or WindowGiven()).window(),
            daily_limit=self.daily_limit,
            exclusive=self.exclusive,
        )


class OfCampaign(Arguments):
    campaign: Name


class Resume(OfCampaign):
    without: tuple[Address, ...] = ()


class OfRecipient(OfCampaign):
    recipient: Name


class OfSender(OfCampaign):
    account: Address


class Email(OfRecipient):
    account: Address


class Assign(OfRecipient):
    account: Address


class AutoReply(OfRecipient):
    until: Name | None = None


class ImportRecipients(OfCampaign):
    recipients: tuple[Name, ...]


class OfAccount(Arguments):
    account: Address


class ConnectionFails(OfAccount):
    failure_class: FailureClass = Field(alias="class")


class TestConnection(OfAccount):
    result: TestResult = None


class OneClickReconnect(OfAccount):
    result: Verdict = "passes"


class UpdateSettings(OfAccount):
    settings: SettingsGiven


class EngineDown(Arguments):
    lasts: Name = Field(alias="for")


class InboxSilent(OfAccount):
    lasts: Name = Field(alias="for")


class Suppress(Arguments):
    recipient: Name


class SentSearched(OfRecipient):
    result: SearchResult


STEPS: dict[str, type[Arguments]] = {
    "connect": Connect,
    "create_campaign": CreateCampaign,
    "start": OfCampaign,
    "pause": OfCampaign,
    "resume": Resume,
    "add_sender": OfSender,
    "remove_sender": OfSender,
    "email_accepted": Email,
    "email_unknown": Email,
    "email_refused": Email,
    "reply": OfRecipient,
    "bounce": OfRecipient,
    "unsubscribe": OfRecipient,
    "finish": OfRecipient,
    "auto_reply": AutoReply,
    "import_recipients": ImportRecipients,
    "assign": Assign,
    "connection_fails": ConnectionFails,
    "connection_passes": OfAccount,
    "test_connection": TestConnection,
    "one_click_reconnect": OneClickReconnect,
    "update_settings": UpdateSettings,
    "disconnect": OfAccount,
    "engine_down": EngineDown,
    "inbox_silent": InboxSilent,
    "suppress": Suppress,
    "complaint": OfRecipient,
    "sent_searched": SentSearched,
}
SENDING = frozenset({"inbox_silent", "suppress", "complaint", "sent_searched"})
"""Steps that need ``sending: auto``."""

"""What a scenario may tell: one model for each kind of step."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from events.vocabulary import FailureClass, Mode, Settings

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Address = Annotated[
    str, StringConstraints(min_length=1, max_length=320, strip_whitespace=True, to_lower=True)
]
"""An email account's identity: its address, trimmed and lower-cased, nothing else."""


class Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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
    """Settings as told: only those named."""

    signature: str | None = None
    sender_name: str | None = None
    sending_speed: Annotated[int, Field(ge=1)] | None = None
    limits: dict[str, int] | None = None
    schedule: dict[str, str] | None = None
    folders: dict[str, str] | None = None

    def over(self, settings: Settings) -> Settings:
        return settings.model_copy(update=self.model_dump(exclude_none=True))


class Connect(Arguments):
    slot: Name
    account: Address
    provider: Name = "simulated"
    settings: SettingsGiven = SettingsGiven()
    result: Verdict = "passes"


class CreateCampaign(Arguments):
    campaign: Name
    mode: Mode
    senders: tuple[Address, ...] = Field(default=(), alias="from")
    slot: Name | None = None
    recipients: tuple[Name, ...] = ()


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
}

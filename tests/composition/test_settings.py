"""Settings come from the file, the environment before it and the command line before both."""

import json
import os
from collections.abc import Iterator
from contextlib import chdir
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.composition.mailboxes import providers
from adapters.mail.oauth.provider import GOOGLE
from adapters.settings.errors import SettingsError
from adapters.settings.loading import load_settings
from adapters.settings.model import EngineSettings
from aggregates.command import DEFAULT_POLICY
from events.vocabulary import OnAccountTrouble


class Machine:
    """A working folder and an environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, text: str, name: str = "sendledger.toml") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def environment(self, **values: object) -> None:
        os.environ.update({f"SENDLEDGER_{name}": str(value) for name, value in values.items()})


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    before = dict(os.environ)
    for name in before:
        if name.startswith("SENDLEDGER_"):
            del os.environ[name]
    with chdir(tmp_path):
        yield Machine(tmp_path)
    os.environ.clear()
    os.environ.update(before)


def complaint() -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value)


def test_without_file_and_environment_the_law_s_own_values_hold(machine: Machine) -> None:
    del machine
    settings = load_settings()

    assert settings.policy == DEFAULT_POLICY
    assert settings.store == "sendledger.db"
    assert settings.workspace == "main"


def test_the_file_in_the_working_folder_is_read(machine: Machine) -> None:
    machine.file(
        """
        store = "campaigns.db"
        grace_period = "PT30M"
        resolution_window = 86400
        on_account_trouble = "hold_sender"
        """
    )
    settings = load_settings()

    assert settings.store == "campaigns.db"
    assert settings.policy.grace_period == timedelta(minutes=30)
    assert settings.policy.resolution_window == timedelta(days=1)
    assert settings.policy.on_account_trouble is OnAccountTrouble.HOLD_SENDER


def test_another_file_can_be_named(machine: Machine) -> None:
    machine.file('workspace = "here"')
    machine.environment(SETTINGS=machine.file('workspace = "there"', "other.toml"))

    assert load_settings().workspace == "there"


def test_a_named_file_that_is_not_there_is_told(machine: Machine) -> None:
    machine.environment(SETTINGS="nowhere.toml")

    assert complaint() == "SENDLEDGER_SETTINGS names nowhere.toml, which is no file."


def test_the_environment_goes_before_the_file_and_the_command_line_before_both(
    machine: Machine,
) -> None:
    machine.file('workspace = "file"\nstore = "file.db"\ncache_size = 7')
    machine.environment(WORKSPACE="environment", STORE="environment.db")

    settings = load_settings(store=Path("given.db"), workspace=None)

    assert settings.store == "given.db"
    assert settings.workspace == "environment"
    assert settings.cache_size == 7


@pytest.mark.parametrize("spelled", ["PT2S", "2", "2.0", "00:00:02"])
def test_a_duration_in_the_environment_is_in_seconds_or_iso_8601(
    machine: Machine, spelled: str
) -> None:
    machine.environment(GRACE_PERIOD=spelled)

    assert load_settings().policy.grace_period == timedelta(seconds=2)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("grace_period", "soon", "duration"),
        ("on_account_trouble", "panic", "'pause_campaign' or 'hold_sender'"),
        ("misses_before_failure", "0", "greater than or equal to 1"),
        ("misses_before_failure", "many", "integer"),
        ("tick_interval", "0", "greater than 0"),
        ("cache_size", "-3", "greater than or equal to 1"),
        ("snapshot_every", "10", "greater than or equal to 100"),
        ("lock_timeout", "1.5", "integer"),
        ("pool_size", "0", "greater than or equal to 1"),
        ("store", "kafka:/x", "expected a path, sqlite:///path or postgresql://"),
        ("store", "sqlite://host/x", "expected a path"),
        ("store", "sqlite:///", "expected a path"),
        ("store", "", "expected a path"),
        ("store", "postgresql:/host/base", "expected a path"),
        ("store", "PostgreSQL://host/base", "expected a path"),
        ("workspace", "Über uns", "match pattern"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_its_setting_and_what_is_expected(
    machine: Machine, name: str, value: str, expected: str
) -> None:
    machine.environment(**{name.upper(): value})

    said = complaint()

    assert said.startswith(f"Setting {name}: ")
    assert expected in said
    assert said.endswith(f"; found {value!r}.")


@pytest.mark.parametrize(
    ("spelled", "expected", "seconds"),
    [
        ("PT0S", "greater than 0 seconds", "0 seconds"),
        ("-PT1H", "greater than", "-3600 seconds"),
        ("P9999D", "less than or equal to 3650 days", "8.63914e+08 seconds"),
    ],
)
def test_a_duration_out_of_bounds_is_told_in_seconds(
    machine: Machine, spelled: str, expected: str, seconds: str
) -> None:
    machine.environment(GRACE_PERIOD=spelled)

    assert expected in complaint()
    assert complaint().endswith(f"; found {seconds}.")


@pytest.mark.parametrize(
    "name",
    [
        *("sendledger.db", "/var/lib/my store.db", "./odd:name.db", "C:x"),
        *("sqlite:///sendledger.db", "sqlite:////var/lib/my store.db"),
        *("postgresql://host/base", "postgres://ann:hush@host:5432/base?sslmode=require"),
        *("postgresql://", "postgresql:///base?host=/run/postgresql&options=-cwork_mem%3D1@"),
    ],
)
def test_a_store_is_named_by_a_path_or_a_url(machine: Machine, name: str) -> None:
    machine.environment(STORE=name)

    assert load_settings().store == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("postgresql://ann:hu@sh@host/base", "postgresql://ann:…@host/base"),
        ("mysql://ann:hush@host/base", "mysql://ann:…@host/base"),
        ("mysql:/ann:hush@host/base", "mysql:/ann:…@host/base"),
        ("mysql://host/base?password=hush&x=y", "mysql://host/base?password=…&x=y"),
        ("mysql://host/base?x=y&sslpassword=hush", "mysql://host/base?x=y&sslpassword=…"),
        ("mysql://:hush@host/base", "mysql://:…@host/base"),
    ],
)
def test_a_password_is_in_no_complaint(machine: Machine, name: str, told: str) -> None:
    machine.environment(STORE=name)

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert str(refused.value).endswith(f"; found {told!r}.")
    assert "hu" not in f"{refused.value}{refused.value.__cause__}"


def test_all_that_is_wrong_is_told_at_once(machine: Machine) -> None:
    machine.file('grace_period = "soon"\ncache_size = 0')

    said = complaint().splitlines()

    assert [line.split(":")[0] for line in said] == ["Setting cache_size", "Setting grace_period"]


def test_a_setting_of_another_name_is_told_with_those_there_are(machine: Machine) -> None:
    machine.file('grace_periode = "PT1H"')

    said = complaint()

    assert said.startswith("Setting grace_periode: there is none of that name. Known are kafka,")
    assert all(name in said for name in EngineSettings.model_fields)


@pytest.mark.parametrize("text", ["grace_period = ", "[grace", "\x00", 'store = "a"\nstore = "b"'])
def test_a_file_that_is_no_toml_is_named(machine: Machine, text: str) -> None:
    machine.file(text)

    assert complaint().startswith("sendledger.toml cannot be read: ")


def test_a_file_that_is_no_text_is_named(machine: Machine) -> None:
    (machine.folder / "sendledger.toml").write_bytes(b'workspace = "\xff\xfe"')

    assert complaint().startswith("sendledger.toml cannot be read: ")


def test_settings_cannot_be_changed_afterwards(machine: Machine) -> None:
    del machine
    with pytest.raises(ValueError, match="frozen"):
        load_settings().workspace = "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["vault_key", "notice_relay_password"])
def test_a_secret_is_taken_from_the_environment_alone_and_shown_nowhere(
    machine: Machine, name: str
) -> None:
    machine.environment(**{name.upper(): "hush-hush"})
    settings = load_settings()

    assert getattr(settings, name).get_secret_value() == "hush-hush"
    for shown in (repr(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert HIDDEN not in shown

    machine.file(f'{name} = "hush-hush"')
    assert complaint().endswith(f"give it as the variable SENDLEDGER_{name.upper()}.")
    assert HIDDEN not in complaint()


def test_a_password_written_into_the_relay_s_name_is_not_repeated(machine: Machine) -> None:
    machine.environment(NOTICE_RELAY="ann:hush-hush@relay.example:587")

    assert complaint().startswith("Setting notice_relay: ")
    assert HIDDEN not in complaint()


@pytest.mark.parametrize(
    ("name", "stated", "expected"),
    [
        ("allowed_networks", '["10.0.0.0/8", "fd00::/64", "127.0.0.1"]', None),
        ("allowed_networks", '["10.0.0.1/8"]', "not a valid IPv4 or IPv6 network"),
        ("allowed_networks", '["everything"]', "not a valid IPv4 or IPv6 network"),
        ("dns_servers", '["9.9.9.9", "127.0.0.1:5353", "2620:fe::fe", "[::1]:53", "[::1]"]', None),
        ("dns_servers", '["ns.example"]', "expected an address, or address:port"),
        ("dns_servers", '["9.9.9.9:"]', "expected an address, or address:port"),
        ("dns_servers", '["9.9.9.9:70000"]', "expected a port of 1 to 65535"),
        ("dns_servers", '[""]', "expected an address, or address:port"),
        ("dkim_selectors", '["default", "s1.acme"]', None),
        ("dkim_selectors", '["a b"]', "pattern"),
    ],
)
def test_networks_name_servers_and_selectors_are_lists(
    machine: Machine, name: str, stated: str, expected: str | None
) -> None:
    machine.environment(**{name.upper(): stated})

    if expected is None:
        assert len(getattr(load_settings(), name)) == len(json.loads(stated))
    else:
        assert complaint().startswith(f"Setting {name}.0: ")
        assert expected in complaint()


def test_owners_and_admins_are_tables_of_the_file(machine: Machine) -> None:
    machine.file(
        """
        owner_zone = "Europe/Berlin"
        owner_zones = {"lee@acme.example" = "Asia/Tokyo"}
        [admins]
        main = ["ops@acme.example"]
        [owners.main]
        "ann@acme.example" = ["dana@acme.example", "lee@acme.example"]
        """
    )
    settings = load_settings()

    assert settings.owner_zones == {"lee@acme.example": "Asia/Tokyo"}
    assert settings.admins == {"main": ["ops@acme.example"]}
    assert settings.owners["main"]["ann@acme.example"] == ["dana@acme.example", "lee@acme.example"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("owner_zone", "Mars/Olympus", "expected the name of a time zone"),
        ("owner_zone", "../../etc/passwd", "expected the name of a time zone"),
        ("owner_zones", '{"a@b.example": "Mars/Olympus"}', "expected the name of a time zone"),
        ("notice_relay", "relay.example", "match pattern"),
        ("notice_relay_tls", "maybe", "'starttls', 'implicit' or 'none'"),
        ("public_url", "ftp://acme.example", "match pattern"),
        ("notice_sender", "nobody", "match pattern"),
    ],
)
def test_what_is_wrong_about_notices_is_told(
    machine: Machine, name: str, value: str, expected: str
) -> None:
    machine.environment(**{name.upper(): value})

    assert complaint().startswith(f"Setting {name}")
    assert expected in complaint()


# Providers.

HIDDEN = "hush"


def test_a_registration_with_a_provider_is_in_the_file_and_its_secret_in_the_environment(
    machine: Machine,
) -> None:
    machine.file('[google]\nclient_id = "us"\nimap = "localhost:993"')
    machine.environment(GOOGLE_CLIENT_SECRET=HIDDEN)

    settings = load_settings()

    assert settings.google is not None
    assert settings.google.client_id == "us"
    assert settings.microsoft is None
    assert settings.google_client_secret is not None
    assert HIDDEN not in repr(settings)
    found = providers(settings)
    assert list(found) == ["google"]
    assert found["google"].token_endpoint == GOOGLE.token_endpoint
    assert str(found["google"].imap) == "localhost:993"
    assert found["google"].smtp == GOOGLE.smtp


@pytest.mark.rule("F1")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('google_client_secret = "hush"', "SENDLEDGER_GOOGLE_CLIENT_SECRET"),
        ('[google]\nclient_id = "us"\nclient_secret = "hush"', "Known are client_id,"),
        ('[microsoft]\nclient_id = "us"\ntoken_endpoint = "http://hush"', "match pattern"),
        ('[microsoft]\nimap = "hush"\nclient_id = "us"', "microsoft.imap"),
        ('google = "hush"', "Setting google"),
    ],
)
def test_a_secret_that_stands_where_it_should_not_is_told_of_and_not_repeated(
    machine: Machine, text: str, expected: str
) -> None:
    machine.file(text)

    told = complaint()

    assert expected in told
    assert HIDDEN not in told

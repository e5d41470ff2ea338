"""Random scenarios that send by themselves, as files: zones, limits, campaigns, troubles."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from adapters.scenario.reader import Scenario, parse_scenario

ACCOUNTS = ("ann@acme.test", "bob@acme.test", "cleo@acme.test")
PEOPLE = tuple(f"r{number}" for number in range(1, 6))
CHANGES = tuple(
    (datetime(2026, month, day, hour, tzinfo=UTC), zone)
    for month, day, hour, zone in (
        *((3, 29, 0, "Europe/Berlin"), (10, 25, 0, "Europe/Berlin")),
        *((3, 8, 6, "America/New_York"), (11, 1, 4, "America/Havana")),
        *((4, 23, 20, "Africa/Cairo"), (10, 29, 20, "Africa/Cairo")),
        *((10, 3, 14, "Australia/Lord_Howe"), (4, 4, 14, "Australia/Lord_Howe")),
    )
)
"""An hour or two before clocks change, both ways, and where."""
BEGINNINGS = tuple(at for at, _ in CHANGES)
LONG = 900
"""Days in which every story that waits for nobody is over."""
zones = st.sampled_from(
    (*dict.fromkeys(zone for _, zone in CHANGES), "UTC", "Pacific/Kiritimati", "Asia/Kathmandu")
)
windows = st.sampled_from(
    (
        None,
        {"from": "09:00", "to": "17:00", "days": ["mon", "tue", "wed", "thu", "fri"]},
        {"from": "22:00", "to": "02:30"},
        {"from": "01:00", "to": "03:00"},
        {"from": "02:00", "to": "04:00"},
        {"from": "00:00", "to": "24:00", "days": ["sun", "mon"]},
        {"from": "23:30", "to": "23:30", "days": ["sat", "thu", "fri"]},
    )
)
delays = st.sampled_from(("0s", "90s", "1h", "23h", "1d", "3d", "5d"))
leaps = st.sampled_from(("1h", "0s", "1s", "90s", "3m", "5h", "10h", "1d", "3d", "9d"))
spans = st.sampled_from(("1m", "2h", "1d", "5d"))


class Story(NamedTuple):
    start: datetime
    policy: dict[str, str]
    script: list[dict[str, Any]]
    last: int
    """Seconds from the start to the last step, and to the end of the last downtime."""

    def until(self, seconds: float) -> Scenario:
        told = {
            "start": self.start.isoformat().replace("+00:00", "Z"),
            "sending": "auto",
            "policy": self.policy,
            "script": self.script,
            "until": f"{int(seconds)}s",
        }
        return parse_scenario(json.dumps(told), "story")

    def silent(self) -> list[tuple[str, datetime, datetime]]:
        """Whose inbox could not be read, from when to when; everybody's in a downtime."""
        found = []
        for step in self.script:
            at = self.start + seconds(step["at"])
            if "inbox_silent" in step:
                told = step["inbox_silent"]
                found.append((told["account"], at, at + seconds(told["for"])))
            if "engine_down" in step:
                found += [(each, at, at + seconds(step["engine_down"]["for"])) for each in ACCOUNTS]
        return found


def seconds(told: str) -> timedelta:
    return timedelta(**{UNITS[told[-1]]: int(told[:-1])})


UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@st.composite
def settings(draw: st.DrawFn, home: st.SearchStrategy[str] = zones) -> dict[str, Any]:
    told: dict[str, Any] = {
        "daily_limit": draw(st.sampled_from((9, 1, 2, 3))),
        "gap": draw(st.sampled_from(("20m", "0s", "90s", "7h"))),
        "zone": draw(home),
    }
    if draw(st.integers(0, 3)) == 0:
        told["limits"] = {"ramp_start": 1, "ramp_step": draw(st.integers(0, 2))}
    return told


@st.composite
def campaigns(draw: st.DrawFn, name: str, home: st.SearchStrategy[str]) -> dict[str, Any]:
    single = draw(st.integers(0, 3)) == 0
    senders = st.lists(st.sampled_from(ACCOUNTS[:2]), min_size=1, max_size=2, unique=True)
    steps = [
        {"name": f"step-{number}", "after": draw(delays)}
        for number in range(draw(st.sampled_from((3, 2, 1))))
    ]
    told = {
        "campaign": name,
        **(
            {"mode": "single", "slot": "s1"}
            if single
            else {"mode": "rotation", "from": draw(senders)}
        ),
        "recipients": draw(st.sampled_from((PEOPLE, PEOPLE[:3], PEOPLE[2:]))),
        "zone": draw(home),
        "window": draw(windows),
        "daily_limit": draw(st.none() | st.integers(1, 4)),
        "exclusive": draw(st.booleans()) or None,
        "steps": steps,
    }
    return {key: each for key, each in told.items() if each is not None}


LATER: dict[str, Any] = {}
"""A day passes between two steps."""
NAMES = ("spring", "summer", "solo")
campaign, account, person = map(st.sampled_from, (NAMES, ACCOUNTS, PEOPLE))
of_recipient = st.fixed_dictionaries({"campaign": campaign, "recipient": person})
of_account = st.fixed_dictionaries({"account": account})
of_sender = st.fixed_dictionaries({"campaign": campaign, "account": account})
fates = st.fixed_dictionaries({"campaign": campaign, "recipient": person, "account": account})
slots = dict(zip(ACCOUNTS, ("s1", "s2", "s3"), strict=True))


def step(
    name: str, told: st.SearchStrategy[dict[str, Any]]
) -> st.SearchStrategy[list[dict[str, Any]]]:
    return told.map(lambda arguments: [{name: arguments}])


def mended(account: str) -> list[dict[str, Any]]:
    """What a user does when an account is back."""
    return [
        {"one_click_reconnect": {"account": account}},
        {"connect": {"slot": slots[account], "account": account}},
        *({"add_sender": {"campaign": each, "account": account}} for each in NAMES),
        *({"resume": {"campaign": each}} for each in NAMES),
    ]


acts = st.one_of(
    st.sampled_from(("reply", "unsubscribe", "bounce", "complaint")).flatmap(
        lambda name: step(name, of_recipient)
    ),
    step(
        "auto_reply", st.builds(lambda about, until: {**about, "until": until}, of_recipient, spans)
    ),
    step("suppress", st.fixed_dictionaries({"recipient": person})),
    step("email_refused", fates),
    step("email_unknown", fates),
    st.builds(
        lambda about, sent, result: [
            {"email_unknown": {**about, "account": sent}},
            {"sent_searched": {**about, "result": "found"}},
            LATER,
            {"sent_searched": {**about, "result": result}},
        ],
        of_recipient,
        account,
        st.sampled_from(("absent", "found", "inconclusive")),
    ),
    step("inbox_silent", st.builds(lambda about, span: {**about, "for": span}, of_account, spans)),
    step("engine_down", st.fixed_dictionaries({"for": spans})),
    step("pause", st.fixed_dictionaries({"campaign": campaign})),
    step("resume", st.fixed_dictionaries({"campaign": campaign})),
    step("connection_fails", of_account.map(lambda about: {**about, "class": "auth_revoked"})),
    step("disconnect", of_account),
    step("assign", fates),
    step("add_sender", of_sender),
    step("remove_sender", of_sender),
    step(
        "update_settings",
        st.builds(lambda about, told: {**about, "settings": told}, of_account, settings()),
    ),
    step(
        "import_recipients",
        st.builds(
            lambda about, more: {"campaign": about, "recipients": more},
            campaign,
            st.lists(person, min_size=1, max_size=2),
        ),
    ),
    account.map(mended),
    account.map(mended),
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    start, zone = draw(st.sampled_from(CHANGES))
    home = st.just(zone) | zones
    script: list[dict[str, Any]] = [
        {
            "at": "0s",
            "connect": {"slot": slots[each], "account": each, "settings": draw(settings(home))},
        }
        for each in ACCOUNTS
    ]
    for name in NAMES:
        script += [
            {"at": "0s", "create_campaign": draw(campaigns(name, home))},
            {"at": "0s", "start": {"campaign": name}},
        ]
    at, down_until = 0, 0
    for leap, told in draw(st.lists(st.tuples(leaps, acts), min_size=4, max_size=24)):
        at += int(seconds(leap).total_seconds())
        if "engine_down" in told[0]:
            if at < down_until:
                continue
            down_until = at + int(seconds(told[0]["engine_down"]["for"]).total_seconds())
        for each in told:
            if each is LATER:
                at += 86_400
            else:
                script.append({"at": f"{at}s", **each})
    policy = draw(st.sampled_from(({}, {"on_account_trouble": "hold_sender"})))
    return Story(start, policy, script, max(at, down_until))

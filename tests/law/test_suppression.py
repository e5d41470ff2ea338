"""Suppression: who does not want to hear from a workspace never does again (M7)."""

from collections.abc import Callable

import pytest

from aggregates.campaign.commands import RecordRefused, RecordSignal
from aggregates.command import Command, Policy
from aggregates.recipient import ForgetRecipient
from aggregates.suppressions import SuppressDomain
from events.campaign import (
    ComplaintReceived,
    LateSignalRecorded,
    RecipientAdded,
    RecipientImportRefused,
    RecipientUnsubscribed,
)
from events.suppression import DomainSuppressed, PersonSuppressed
from events.vocabulary import RefusalFault, Signal, SuppressedBecause
from tests.law.story import (
    ACTIVE,
    ANN,
    BOB,
    BOUNCED,
    DAY,
    FINISHED,
    INTRO,
    NO_GAP,
    NOON,
    NUDGE,
    PENDING,
    R1,
    R2,
    R3,
    R4,
    REPLIED,
    SPRING,
    SUMMER,
    UNSUBSCRIBED,
    World,
    complaint,
    connect,
    create,
    hear_from,
    import_recipients,
    mailing,
    message,
    nobody_suppressed,
    pause,
    refused,
    release,
    reserve,
    reserve_step,
    sent,
    set_sequence,
    signal,
    start,
    suppress,
)


def two_campaigns() -> World:
    """Both write to r1 and r2; the second has not been started."""
    return mailing().given(create(ANN, to=(R1, R2), campaign=SUMMER))


def suppressed(world: World) -> list[tuple[str, SuppressedBecause]]:
    found = (each for each in world.facts(PersonSuppressed) if isinstance(each, PersonSuppressed))
    return [(each.recipient_id, each.because) for each in found]


def unknown_address(recipient: str) -> Command:
    return RecordRefused(
        campaign_id=SPRING,
        recipient_id=recipient,
        send_id=message(recipient),
        fault=RefusalFault.RECIPIENT,
        address_unknown=True,
    )


def bounce_of_an_unknown_address(recipient: str) -> Command:
    return RecordSignal(
        campaign_id=SPRING, recipient_id=recipient, signal=BOUNCED, address_unknown=True
    )


# Who is suppressed.


@pytest.mark.rule("M7")
@pytest.mark.parametrize(
    ("told", "because"),
    [
        (signal(UNSUBSCRIBED, R1), SuppressedBecause.UNSUBSCRIBED),
        ([complaint(R1)], SuppressedBecause.COMPLAINED),
        ([bounce_of_an_unknown_address(R1)], SuppressedBecause.BOUNCED),
        ([reserve_step(ANN, R1), unknown_address(R1)], SuppressedBecause.BOUNCED),
        ([suppress(R1)], SuppressedBecause.OPERATOR),
    ],
)
def test_whoever_is_suppressed_ends_in_every_campaign(
    told: list[Command], because: SuppressedBecause
) -> None:
    world = two_campaigns().given(told)

    assert suppressed(world) == [(R1, because)]
    assert world.statuses(SUMMER) == {R1: UNSUBSCRIBED, R2: PENDING}
    assert world.statuses()[R1] in (UNSUBSCRIBED, BOUNCED)
    world.refuses(reserve_step(ANN, R1), because="recipient_terminal")
    world.given(start(SUMMER))
    world.refuses(reserve(ANN, R1, campaign=SUMMER), because="recipient_terminal")


@pytest.mark.rule("M7")
@pytest.mark.parametrize(
    "told",
    [
        signal(REPLIED, R1),
        signal(FINISHED, R1),
        signal(BOUNCED, R1),
        [reserve_step(ANN, R1), refused(R1, message(R1), RefusalFault.RECIPIENT)],
        [reserve_step(ANN, R1), refused(R1, message(R1), RefusalFault.OTHER)],
    ],
)
def test_no_other_end_suppresses_anybody(told: list[Command]) -> None:
    world = two_campaigns().given(told)

    assert suppressed(world) == []
    assert world.statuses(SUMMER) == {R1: PENDING, R2: PENDING}


@pytest.mark.rule("M7")
def test_that_an_unknown_address_suppresses_is_a_policy() -> None:
    others = frozenset(SuppressedBecause) - {SuppressedBecause.BOUNCED}
    world = mailing(policy=Policy(suppressed_because=others))

    world.given(bounce_of_an_unknown_address(R1), signal(UNSUBSCRIBED, R2))

    assert suppressed(world) == [(R2, SuppressedBecause.UNSUBSCRIBED)]


@pytest.mark.rule("M7")
@pytest.mark.parametrize("told", [*signal(UNSUBSCRIBED, R1), complaint(R1)])
def test_an_unsubscribe_or_complaint_of_a_terminal_recipient_suppresses_too(
    told: Command,
) -> None:
    world = two_campaigns().given(signal(REPLIED, R1), told)

    assert [person for person, _ in suppressed(world)] == [R1]
    assert world.statuses()[R1] is REPLIED
    assert world.statuses(SUMMER)[R1] is UNSUBSCRIBED


@pytest.mark.rule("M7")
def test_a_late_bounce_suppresses_nobody() -> None:
    world = two_campaigns().given(signal(REPLIED, R1), bounce_of_an_unknown_address(R1))

    assert len(world.facts(LateSignalRecorded)) == 1
    assert suppressed(world) == []


@pytest.mark.rule("M7")
def test_a_complaint_is_recorded_and_ends_the_recipient_as_an_unsubscribe_does() -> None:
    world = mailing().given(sent(ANN, R1), complaint(R1), complaint(R1))

    assert len(world.facts(ComplaintReceived)) == 2
    (ended,) = world.facts(RecipientUnsubscribed)
    assert isinstance(ended, RecipientUnsubscribed)
    assert ended.account_id == ANN


@pytest.mark.rule("M7")
def test_who_is_terminal_elsewhere_keeps_that_status() -> None:
    world = two_campaigns().given(signal(REPLIED, R1, campaign=SUMMER), signal(UNSUBSCRIBED, R1))

    assert world.statuses(SUMMER)[R1] is REPLIED


@pytest.mark.rule("M7", "F2")
def test_an_end_by_suppression_leads_back_to_what_caused_it() -> None:
    world = two_campaigns().given(signal(UNSUBSCRIBED, R1))

    ends = [each for each in world.log if isinstance(each.event, RecipientUnsubscribed)]
    first, second = ends
    assert second.envelope.actor == "processor:suppress"
    assert second.envelope.correlation_id == first.envelope.command_id


@pytest.mark.rule("M7")
def test_suppression_does_not_reach_across_workspaces() -> None:
    world = mailing()
    other = World(workspace="globex")
    other.store, other.time, other.engine = world.store, world.time, world.engine
    other.given(connect(ANN, settings=NO_GAP), create(ANN), set_sequence(), start())

    world.given(suppress(R1))

    other.given(reserve_step(ANN, R1))


# Imports.


@pytest.mark.rule("M7")
@pytest.mark.parametrize(
    "take",
    [
        import_recipients(R4, "r5"),
        create(ANN, to=(R4, "r5"), campaign=SUMMER),
    ],
)
def test_imports_report_the_suppressed_and_take_the_others(take: Command) -> None:
    world = mailing().given(suppress(R4))

    told = world.refuses(take, because="suppressed")

    assert told.startswith("r4 is never to be written to again in this workspace.")
    added = [each for each in world.facts(RecipientAdded) if isinstance(each, RecipientAdded)]
    assert added[-1].recipient_id == "r5"
    assert R4 not in {each.recipient_id for each in added}
    (kept_out,) = world.facts(RecipientImportRefused)
    assert isinstance(kept_out, RecipientImportRefused)
    assert (kept_out.recipient_id, kept_out.reason) == (R4, "suppressed")


@pytest.mark.rule("M7")
def test_a_suppressed_one_that_the_campaign_knows_is_skipped_like_any() -> None:
    mailing().given(suppress(R1), import_recipients(R1, R4))


@pytest.mark.rule("M7", "F1")
def test_who_was_forgotten_and_is_imported_anew_stays_suppressed() -> None:
    world = mailing().given(suppress(R4), ForgetRecipient(recipient_id=R4))

    world.refuses(import_recipients(R4), because="suppressed")


# Operators.


@pytest.mark.rule("M7")
def test_a_release_revives_nobody_and_lets_others_write() -> None:
    world = mailing().given(suppress(R1), release(R1))

    assert world.statuses()[R1] is UNSUBSCRIBED
    world.given(import_recipients(R1)).given(create(ANN, to=(R1,), campaign=SUMMER))
    world.given(start(SUMMER), hear_from(ANN, R1, campaign=SUMMER))
    assert world.statuses() | world.statuses(SUMMER) == {R1: ACTIVE, R2: PENDING, R3: PENDING}
    assert world.statuses()[R1] is UNSUBSCRIBED


@pytest.mark.rule("M7")
def test_who_was_released_can_be_suppressed_again() -> None:
    world = mailing().given(suppress(R1), release(R1), suppress(R1))

    world.refuses(create(ANN, to=(R1,), campaign=SUMMER), because="suppressed")


@pytest.mark.rule("M7")
@pytest.mark.parametrize(
    ("domain", "covered"),
    [
        ("acme.test", True),
        ("ACME.test", True),
        ("mail.acme.test", True),
        ("a.b.acme.test", True),
        ("notacme.test", False),
        ("test", False),
        ("acme.test.example", False),
    ],
)
def test_a_domain_is_suppressed_with_all_below_it(domain: str, *, covered: bool) -> None:
    listed = nobody_suppressed.given(DomainSuppressed(domain="acme.test", occurred_at=NOON))

    assert listed.state.covers(domain) is covered


@pytest.mark.rule("M7")
def test_a_suppressed_domain_says_nothing_of_whom_the_events_do_not_name() -> None:
    world = mailing().given(SuppressDomain(domain="acme.test"))

    assert suppressed(world) == []
    assert world.statuses()[R1] is PENDING


# Exclusive campaigns.

EITHER = [
    lambda world: world.given(pause(SUMMER)),
    lambda world: world,
]


def exclusive() -> World:
    """Spring is exclusive and Summer is not; both run and write to r1."""
    world = mailing(exclusive=True).given(create(BOB, to=(R1, R2), campaign=SUMMER))
    return world.given(set_sequence(campaign=SUMMER), start(SUMMER))


@pytest.mark.rule("M7")
@pytest.mark.parametrize("paused", EITHER)
def test_an_exclusive_campaign_begins_with_nobody_whom_another_has_contacted(
    paused: Callable[[World], World],
) -> None:
    world = paused(exclusive().given(sent(BOB, R1, campaign=SUMMER)))

    world.refuses(reserve_step(ANN, R1), because="contacted_elsewhere")
    world.given(reserve_step(ANN, R2))


@pytest.mark.rule("M7")
def test_the_first_reservation_wins() -> None:
    world = exclusive().given(reserve_step(BOB, R1, campaign=SUMMER))
    world.refuses(reserve_step(ANN, R1), because="contacted_elsewhere")

    world.given(refused(R1, message(R1), campaign=SUMMER))

    world.given(reserve_step(ANN, R1))


@pytest.mark.rule("M7")
@pytest.mark.parametrize("status", [REPLIED, FINISHED])
def test_once_the_other_campaign_is_over_for_somebody_an_exclusive_one_may_begin(
    status: Signal,
) -> None:
    world = exclusive().given(sent(BOB, R1, campaign=SUMMER))

    world.given(signal(status, R1, campaign=SUMMER))

    world.given(reserve_step(ANN, R1))


@pytest.mark.rule("M7")
def test_follow_ups_are_never_held_by_exclusiveness() -> None:
    world, due = exclusive().given(sent(ANN, R1)), NOON + 3 * DAY
    world.given(sent(BOB, R1, campaign=SUMMER)).at(due)

    world.given(reserve_step(ANN, R1, NUDGE, read=due))


@pytest.mark.rule("M7")
def test_a_campaign_that_is_not_exclusive_writes_to_whom_others_have_contacted() -> None:
    world = exclusive().given(sent(ANN, R1))

    world.given(reserve_step(BOB, R1, INTRO, campaign=SUMMER))

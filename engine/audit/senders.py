"""S1, S10, T2, T4: the accounts in FROM EMAIL."""

from engine.audit.books import Books, Campaign
from events.campaign import CampaignCreated, SenderAdded, SenderRemoved
from events.vocabulary import CampaignStatus, ConnectionStatus, IncidentKind, Mode


def created(books: Books, event: CampaignCreated) -> None:
    """A campaign is created once; a single-sender campaign has a slot, a rotation campaign none."""
    known = books.campaigns.get(event.campaign_id)
    if known is not None and known.status is not None:
        books.report("words", f"Campaign {event.campaign_id} was created twice.")
    campaign = books.campaigns[event.campaign_id] = Campaign(event.campaign_id)
    campaign.rotates = event.mode is Mode.ROTATION
    campaign.slot_id, campaign.sender = event.slot_id, event.account_id
    campaign.mail_id = event.mail_id
    campaign.status = CampaignStatus.DRAFT
    if campaign.rotates == (event.slot_id is not None):
        books.report("words", f"A {event.mode} campaign has the slot {event.slot_id}.")
    if event.slot_id is not None:
        books.of_slot.setdefault(event.slot_id, {})[campaign.id] = None


def added(books: Books, event: SenderAdded) -> None:
    """S1: FROM EMAIL takes only successful accounts; T4: within the hour this cures."""
    campaign = books.campaign(event.campaign_id)
    lane = campaign.lane(event.account_id)
    if not campaign.rotates:
        books.report("S1", f"{campaign.id} is no rotation campaign and has no FROM EMAIL.")
    if lane.listed:
        books.report("S1", f"{event.account_id} was in FROM EMAIL of {campaign.id} already.")
    if not books.works(event.account_id):
        books.report("S1", f"FROM EMAIL took {event.account_id}, which is not successful.")
    lane.listed = True
    books.of_account.setdefault(event.account_id, {})[campaign.id] = None
    clock = lane.running
    if clock is not None and clock.kind is IncidentKind.DISCONNECT:
        books.owed.cure = event.account_id


def removed(books: Books, event: SenderRemoved) -> None:
    """S10, T2: an account is removed by the user, who was shown how many are held, or by the
    disconnect."""
    campaign = books.campaign(event.campaign_id)
    account, lane = books.account(event.account_id), campaign.lane(event.account_id)
    if not lane.listed:
        books.report("S10", f"{account.id} left FROM EMAIL of {campaign.id}, where it was not.")
    if event.held != lane.at_stake:
        books.report("S10", f"{event.held} are said to be held, but {lane.at_stake} are.")
    lane.listed = False
    if event.incident_id is None:
        books.owed.releases = lane.soft - alive_first_sends(books, event.campaign_id, account.id)
        return
    gone = account.status is ConnectionStatus.DISCONNECTED
    if not gone or event.incident_id not in account.incidents:
        books.report("T2", f"{account.id} was removed for a disconnect that did not happen.")


def alive_first_sends(books: Books, campaign_id: str, account_id: str) -> int:
    """First emails on their way to people who are not terminal."""
    campaign = books.campaigns[campaign_id]
    people = campaign.people
    return sum(not people[name].ended for name in campaign.lane(account_id).first_sends)

"""M6: what a restored store lacks, what must be found again, and what a person confirms."""

from collections.abc import Iterator, Mapping

from engine.audit.books import Books
from engine.batch import derived_id
from events.campaign import GracePeriodExpired
from events.recorded import Recorded
from tests.simulation.disk import Opening
from tests.simulation.mail import Delivery
from tests.simulation.workers import World


class LostPart:
    def __init__(self, world: World) -> None:
        self._world = world
        self._to_find: dict[str, Delivery] = {}
        """By the left part of their ids, messages that the Sent folders show, and that the log told
        of before the backup came. Nobody's sequence was changed in between."""
        self._opened: list[Opening] = []

    def restored(
        self, known: set[str], before: Mapping[str, Books], after: Mapping[str, Books]
    ) -> None:
        """``known``: messages of which the restored log tells. Books are by workspace."""
        self._to_find, self._opened = {}, []
        if self._world.machine.faults["clock set"]:
            return  # nobody knows any more what may have been due
        for sent in self._world.mail.ledger:
            told = sent.workspace in before and sent.workspace in after
            if sent.key in known or not told:
                continue
            if self._must_be_found(sent, before[sent.workspace], after[sent.workspace]):
                self._to_find[sent.key] = sent

    def _must_be_found(self, sent: Delivery, before: Books, after: Books) -> bool:
        campaign_id, recipient_id = self._world.mail.whom[sent.key]
        campaign = after.campaigns.get(campaign_id)
        account = after.accounts.get(sent.account)
        if account is None or not account.connected:
            return False
        if campaign is None or campaign.sequence is None or sent.account not in campaign.lanes:
            return False
        person, later = campaign.people.get(recipient_id), before.campaigns.get(campaign_id)
        if later is None or campaign.sequence != later.sequence:
            return False
        if person is None or person.ended:
            return False
        of_another = person.emails and person.sender != sent.account
        return not of_another and self._world.mail.shows(sent.workspace, sent.account, sent.key)

    def sent_again(self, sent: Delivery) -> str:
        """Empty where nothing has to be known of an earlier copy."""
        found = self._to_find.get(sent.key)
        if found is None or found == sent or not self._opened:
            return ""
        return f"M6: message {sent.key} was sent again, and the Sent folder shows it"

    def opened(self, opening: Opening) -> str:
        """Empty where every answer to these messages was recorded before."""
        self._opened.append(opening)
        for sent, name in self._answers(opening):
            if self._world.disk.store.envelope(sent.workspace, name) is None:
                whom = self._world.mail.whom[sent.key]
                return f"M6: the store was opened before the answer of {whom} was read"
        return ""

    def _answers(self, opening: Opening) -> Iterator[tuple[Delivery, str]]:
        """Those that had come, and the ids under which they are recorded."""
        for key, sent in self._to_find.items():
            if (sent.workspace, sent.account) not in opening.read:
                continue
            for each in self._world.mail.server(sent.workspace, sent.account).inbox:
                if each.key.partition(" ")[0] == key and each.seconds < opening.began:
                    whom = self._world.mail.whom[key]
                    about = sent.workspace, sent.account, each.key
                    yield sent, derived_id("inbox", *about, *whom)

    def unasked(self, recorded: Recorded) -> str:
        """Empty unless a clock ran out that came due in the lost part, and nobody confirmed it."""
        event, began = recorded.event, self._world.disk.store.generations()[-1].first_position
        if not isinstance(event, GracePeriodExpired) or recorded.position < began:
            return ""  # before the fence was closed, the log told of no cure
        asked = [each for each in self._opened if each.since < event.deadline_at < each.at]
        if not asked or any(event.account_id in each.confirmed for each in asked):
            return ""
        return f"M6: {event.account_id} in {event.campaign_id} ran out, and nobody confirmed it"

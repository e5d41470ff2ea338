"""All projections that ship."""

from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.clocks import CLOCKS
from projections.histories import HISTORIES
from projections.notices import NOTICES
from projections.recipient_status import RECIPIENT_STATUS
from projections.slots import SLOTS

SHIPPED = (RECIPIENT_STATUS, CAMPAIGNS, CLOCKS, ACCOUNTS, SLOTS, NOTICES, HISTORIES)

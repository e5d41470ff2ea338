"""Where tokens, staff, looks, saved views and requests are kept."""

from adapters.composition.programs import Opened
from adapters.stores.small_tables.api_tokens import StoredTokens
from adapters.stores.small_tables.http_requests import StoredRequests
from adapters.stores.small_tables.looks import StoredLooks
from adapters.stores.small_tables.saved_filters import StoredFilters
from adapters.stores.small_tables.staff import StoredStaff
from adapters.stores.small_tables.tool_calls import StoredToolCalls
from engine.work.api_tokens import ApiTokens
from engine.work.kept_requests import KeptRequests
from engine.work.looks import Looks
from engine.work.saved_filters import SavedFilters
from engine.work.staff import Staff
from engine.work.tool_calls import ToolCalls


def tokens_of(opened: Opened) -> ApiTokens:
    return StoredTokens(opened.beside)


def staff_of(opened: Opened) -> Staff:
    return StoredStaff(opened.beside)


def looks_of(opened: Opened) -> Looks:
    return StoredLooks(opened.beside, opened.store.now)


def tool_calls_of(opened: Opened) -> ToolCalls:
    return StoredToolCalls(opened.beside, opened.store.now)


def filters_of(opened: Opened) -> SavedFilters:
    return StoredFilters(opened.beside)


def requests_of(opened: Opened) -> KeptRequests:
    return StoredRequests(opened.beside)

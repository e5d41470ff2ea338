"""The digest of an envelope is what the contract says, whatever its texts hold."""

import json
from datetime import UTC, datetime
from hashlib import sha256

from hypothesis import example, given
from hypothesis import strategies as st

from engine.proof.records import digest
from events.recorded import Envelope

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TEXTS = st.text(st.characters(codec=None), max_size=30)


@given(TEXTS, TEXTS, st.none() | TEXTS)
@example("\x00\x1f\x7f\u2028", '"\\/', "\ud800")
@example("é𝄞", "\b\f\n\r\t", None)
def test_a_digest_is_of_the_compact_json_of_the_columns(
    command_id: str, actor: str, rejection: str | None
) -> None:
    made = Envelope(
        *(command_id, "Connect", "acme", AT, actor, "c", None),
        first_position=7,
        event_count=0,
        rejection=rejection,
    )
    columns = [*made]
    columns[3] = int(AT.timestamp()) * 1_000_000

    told = json.dumps(columns, separators=(",", ":"), ensure_ascii=False)
    assert digest(made) == sha256(told.encode("utf-8", "surrogatepass")).digest()

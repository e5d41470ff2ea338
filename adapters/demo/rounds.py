"""Rounds of sending: one message per sender, a gap, and now and then a look into the inboxes."""

from collections import deque
from collections.abc import Mapping

from adapters.demo.cast import GAP, Sender
from adapters.demo.stage import Stage
from events.vocabulary import RecipientId

INBOX_EVERY = 10

Queues = Mapping[Sender, deque[tuple[RecipientId, int]]]
"""For each sender whom to write to next, and which email of the sequence."""


def send_rounds(stage: Stage, queues: Queues, rounds: int, seconds: float) -> None:
    """Raises ``LoginRefusedError``; whom that message was for is next again."""
    for number in range(1, rounds + 1):
        for sender, queue in queues.items():
            _send_next(stage, sender, queue)
        stage.let_pass(GAP, seconds / rounds)
        if number % INBOX_EVERY == 0:
            for sender in queues:
                stage.postman.read_inbox(sender)


def _send_next(stage: Stage, sender: Sender, queue: deque[tuple[RecipientId, int]]) -> None:
    if not queue:
        return
    recipient_id, step = queue[0]
    done = stage.postman.send(recipient_id, sender, step)
    queue.popleft()
    if not done:
        queue.append((recipient_id, step))

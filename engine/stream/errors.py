"""Why the stream cannot go on.

::

    StreamError
    ├── StreamLost         the broker, or our role in it, was lost; begin again
    │   └── TakenOver      another relay writes now
    └── StreamRefused      an operator has to decide
        ├── UnfitTopic     its settings are wrong
        ├── OtherTopic     not the one to which this store was published
        ├── OtherStore     it holds the records of another store
        ├── TopicBehind    it has lost records
        ├── StoreBehind    it holds more than the store
        ├── HistoriesDiffer    its records differ from the store's entries
        └── EntryTooLarge  the topic does not take a record of that size
"""

from events.errors import ExplainedError


class StreamError(ExplainedError):
    """The stream cannot go on; the text says why and what to do next."""


class StreamLost(StreamError):
    """The connection was lost. Whether the last records arrived shows when the relay begins
    again."""

    sentence = "Kafka at {broker} was lost: {said}."


class TakenOver(StreamLost):
    sentence = "Another relay has taken over the topic {topic}; this one ends ({said})."


class StreamRefused(StreamError):
    """Nothing was relayed, and nothing will be until an operator has decided."""


class UnfitTopic(StreamRefused):
    """``lacks``: each wrong setting, with its value and what it must be."""

    sentence = (
        "The topic {topic} is not made as it must be: {lacks}. Correct its settings; for other "
        "partitions, name a new topic."
    )


class OtherTopic(StreamRefused):
    """``found``: what there is instead."""

    sentence = (
        "This store was relayed to the topic {topic} (id {topic_id}) up to entry {entry}, and "
        "{found}. Name the topic it was relayed to; or, if that one is gone for good, have "
        "the relay begin anew: consumers then start over."
    )


class OtherStore(StreamRefused):
    sentence = (
        "The topic {topic} holds records of another store, {found}; this one is {own}. "
        "Name another topic: each store has its own."
    )


class TopicBehind(StreamRefused):
    sentence = (
        "The topic {topic} ends at entry {found}, but the store was relayed up to entry "
        "{entry}: Kafka has lost records. Restore them, or have the relay begin anew in a new "
        "topic."
    )


class StoreBehind(StreamRefused):
    sentence = (
        "The topic {topic} holds entries up to {found}, but the store ends at entry {entry}: it "
        "was brought back from a backup. Recover the store from the topic before anything is "
        "written."
    )


class HistoriesDiffer(StreamRefused):
    sentence = (
        "Entry {entry} is another one in the topic {topic} than in the store: after it was brought "
        "back from a backup, it went on without what the topic holds. Recover it from the topic, "
        "or give this copy an id and a topic of its own."
    )


class EntryTooLarge(StreamRefused):
    sentence = (
        "Entry {entry} of workspace {workspace} has {size} octets as a record; the topic {topic} "
        "takes {most} at most. Raise the topic's max.message.bytes."
    )

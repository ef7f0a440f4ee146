"""What a DCI registry notifies: `notify` of the DCI API 1.0.0 (NotifyEventRequest), from an opened message
to the happenings in it.

Each `notify_event` is one happening, and where `reg_records` is a list (the standard has an object here, a
list elsewhere) each record is. Its name is the message's and its reference: a message that is repeated
brings nothing new. A message counts as a whole or not at all. Pure: who sent it was verified before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from adapters.kinds.dci.envelope import member
from adapters.kinds.webhook.document import Happening, UnfitEvent, moment_at, text_at

MAX_EVENTS: Final = 256
"""Records in one message."""
_KEPT: Final = ("version", "reg_type", "reg_event_type", "reg_record_type")


def notified(document: Any) -> list[Happening]:
    """The happenings in a plain `{header, message}`.

    Their documents are `{reference_id, timestamp, data: {reg_event_type, …, reg_records}}`, with names in
    snake case and one object under `reg_records`; the record itself is left as it came.

    Raises:
        UnfitEvent: it is no `notify` of DCI, tells a reference twice, or holds more than MAX_EVENTS records.
    """
    header, entries = member(document, "header"), member(document, "message", "notify_event")
    if member(header, "action") != "notify":
        raise UnfitEvent("the message is no notify")
    message_id = text_at({"id": member(header, "message_id")}, ("id",), "which message it is")
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_EVENTS:
        raise UnfitEvent(f"a message tells 1 to {MAX_EVENTS} events")
    found = [one for entry in entries for one in _happenings(message_id, entry)]
    if len(found) > MAX_EVENTS:
        raise UnfitEvent(f"a message tells 1 to {MAX_EVENTS} events")
    if len({one.name for one in found}) < len(found):
        raise UnfitEvent("the message tells a reference twice")
    return found


def _happenings(message_id: str, entry: Any) -> Iterator[Happening]:
    plain = {name: member(entry, name) for name in ("reference_id", "timestamp")}
    data = {name: member(entry, "data", name) for name in _KEPT}
    reference = text_at(plain, ("reference_id",), "its reference")
    at, kind = moment_at(plain, ("timestamp",)), data["reg_event_type"]
    records = member(entry, "data", "reg_records")
    records = records if isinstance(records, list) else [records]
    if not records or not all(isinstance(record, Mapping) for record in records):
        raise UnfitEvent("the event has no record")
    for number, record in enumerate(records):
        name = orjson.dumps([message_id, reference, number])
        document = {**plain, "data": {**data, "reg_records": record}}
        yield Happening(name, at, kind if isinstance(kind, str) else None, document)

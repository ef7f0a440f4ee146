"""Events that sources pushed to their owner's gateway (kind `webhook`), sealed, until they are over.

`name` is a keyed hash of the event's own name, `subject_tag` one of its subject; both keys are of the
source alone. What is sealed holds only what the source's file maps.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text

metadata = MetaData()

source_event = Table(
    "source_event",
    metadata,
    Column("source", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("subject_tag", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
Index("source_event_subject", source_event.c.source, source_event.c.service, source_event.c.subject_tag)
Index("source_event_received", source_event.c.source, source_event.c.received_at)
Index("source_event_expires", source_event.c.expires)

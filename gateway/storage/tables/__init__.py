"""The gateway's own tables, declared once for both databases (SQLAlchemy; used by Alembic and by tests).

What the gateway keeps beside the audit log (`audit.tables`). Everything here is written by
`AuditLog.act`, in one transaction with the entry that says so, as plain SQL with `$1`, `$2` as
parameters, and read by `Store.rows`: a serving gateway does not carry SQLAlchemy.
"""

from __future__ import annotations

from gateway.storage.tables.agreements import metadata as agreements
from gateway.storage.tables.archive import metadata as archive
from gateway.storage.tables.consents import metadata as consents
from gateway.storage.tables.people import metadata as people
from gateway.storage.tables.representations import metadata as representations
from gateway.storage.tables.source_events import metadata as source_events
from gateway.storage.tables.usage import metadata as usage

ALL = (people, agreements, consents, usage, archive, representations, source_events)
"""In the order of their migrations."""

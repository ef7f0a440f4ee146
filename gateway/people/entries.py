"""Acts of people as entries of the audit log: one transaction for the act and the entry that says so.

The clear entry says what was done; who did it, to whom and for which member stands in its encrypted case.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from audit.case import Case
from audit.entry import Entry
from audit.errors import AuditError
from audit.log import AuditLog
from audit.pending import PendingEntry
from audit.store import Write
from schemas.errors import AuditUnavailable
from schemas.exchange_id import new_exchange_id


async def act(
    log: AuditLog,
    action: str,
    by: str,
    particulars: Mapping[str, str],
    writes: Sequence[Write],
    *,
    identifier: str | None = None,
) -> None:
    """Do `writes` and log them as `action` of the person `by` (a pseudonym).

    Raises:
        AuditUnavailable: nothing was done, as far as is known.
    """
    entry = Entry(kind="admin", id=identifier or new_exchange_id(), ts=int(time.time()), action=action)
    try:
        await log.act(PendingEntry(entry, Case(user=by, acts=dict(particulars))), writes)
    except AuditError:
        raise AuditUnavailable from None

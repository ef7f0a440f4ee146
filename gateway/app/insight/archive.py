"""The policy archive: every policy that decided here, kept under its version.

Decisions carry only their policy's version. So that one can be made again (`replay`), the policy itself
is kept, in one transaction with an entry `policy.loaded` that says since when.
"""

from __future__ import annotations

import time
from typing import Final

from audit.case import Case
from audit.entry import Entry
from audit.log import AuditLog
from audit.pending import PendingEntry
from audit.store import Store
from policies.archive import read_policy, write_policy
from policies.sources import PolicySources
from schemas.exchange_id import new_exchange_id

_FIND: Final = "SELECT document FROM policy_archive WHERE version = $1"
_KEEP: Final = (
    "INSERT INTO policy_archive (version, since, document) VALUES ($1, $2, $3)"
    " ON CONFLICT (version) DO NOTHING"
)


class PolicyArchive:
    """Keeps the policies of one gateway's log."""

    def __init__(self, store: Store, log: AuditLog) -> None:
        self._store = store
        self._log = log
        self._kept = ""

    async def keep(self, sources: PolicySources) -> None:
        """Keep the policy in force, unless it is kept; call it as often as one likes.

        Raises:
            AuditUnavailable: it could not be kept. The next call tries again.
        """
        version = sources.version
        if version == self._kept:
            return
        if not await self._store.rows(_FIND, version):
            now = int(time.time())
            entry = Entry(
                kind="admin", id=new_exchange_id(), ts=now, action="policy.loaded", policy_version=version
            )
            write = (_KEEP, (version, now, write_policy(sources)))
            await self._log.act(PendingEntry(entry, Case()), [write])
        self._kept = version


async def find_policy(store: Store, version: str) -> PolicySources | None:
    """The policy of a version, None if it never decided here.

    Raises:
        ConfigurationError: what is kept is not the policy of that version.
    """
    rows = await store.rows(_FIND, version)
    return read_policy(bytes(rows[0][0]), version) if rows else None

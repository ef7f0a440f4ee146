"""Who acts, and the log's entry of an act about an agreement."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from audit.case import Case
from audit.entry import Entry
from audit.pending import PendingEntry
from gateway.agreements.documents import Revocation, digest
from gateway.trust.jws import StatementSigner
from schemas.agreement import Agreement
from schemas.exchange_id import new_exchange_id
from schemas.identifiers import MemberId, SubsystemId

PROPOSE: Final = "agreement.propose"
ACCEPT: Final = "agreement.accept"
"""What a second officer approves (`gateway.people.four_eyes`)."""


@dataclass(frozen=True, slots=True)
class HostedMember:
    """A member hosted here: its subsystems, and what it signs with (`certificate` is DER)."""

    id: MemberId
    subsystems: frozenset[SubsystemId]
    signer: StatementSigner
    certificate: bytes


def act_entry(
    action: str,
    about: Agreement | Revocation,
    document: str,
    *,
    by: str | None = None,
    more: Mapping[str, str] | None = None,
) -> PendingEntry:
    """An `admin` entry: client and action in clear; id, version, digest and who did it in the case."""
    entry = Entry(
        kind="admin", id=new_exchange_id(), ts=int(time.time()), action=action, client=str(about.client)
    )
    acts = {
        "agreement": about.id,
        "version": str(about.version),
        "provider": str(about.provider),
        "digest": digest(document),
        **(more or {}),
    }
    return PendingEntry(entry, Case(user=by, acts=acts))

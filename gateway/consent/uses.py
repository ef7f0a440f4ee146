"""Uses of consents that may not be used at will: `once`, and so many times in a period.

They are counted where the data is, at the provider, and not by the issuer's status answers. Only the
provider knows whether a request came to anything; its answers about one consent may be shared among
exchanges for a second; and an issuer that counted would learn how often a person is asked about. The
provider's nodes share one database, in which a use is a row: two exchanges at the same moment, on
whatever nodes, cannot both take the last one.

A use is one enquiry: a conversation may ask again, and ask several services, for `ENQUIRY_S` seconds,
so that a retry costs nothing. A use is taken before the source is asked, and stays taken if the source
then fails for longer than that: whoever errs, errs for the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from audit.store import Store
from gateway.consent.record import Frequency, Often
from gateway.consent.status import Status
from schemas.identifiers import MemberId

ENQUIRY_S: Final = 300
"""How long one conversation may go on with one use."""

_TAKEN: Final = (
    "SELECT slot, conversation, at FROM consent_use "
    "WHERE issuer = $1 AND consent = $2 AND slot >= $3 AND slot < $4 ORDER BY slot"
)
_TAKE: Final = (
    "INSERT INTO consent_use (issuer, consent, slot, conversation, at, expires) "
    "VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT DO NOTHING"
)
_PURGE: Final = "DELETE FROM consent_use WHERE expires < $1"


@dataclass(frozen=True, slots=True)
class Uses:
    """Takes uses. All nodes of a gateway share the store."""

    store: Store

    async def take(self, issuer: MemberId, status: Status, conversation: str, now: int) -> bool:
        """Take a use of a version of a consent; False when there is none left."""
        if status.frequency.often is Often.CONTINUOUS:
            return True
        first, end = _slots(status.frequency, status.valid_from, now)
        while True:
            rows = await self.store.rows(_TAKEN, str(issuer), status.consent, first, end)
            if any(talk == conversation and now - at < ENQUIRY_S for _, talk, at in rows):
                return True
            taken = {slot for slot, _, _ in rows}
            free = next((slot for slot in range(first, end) if slot not in taken), None)
            if free is None:
                return False
            # Nobody may have taken it meanwhile: then look again.
            use = (str(issuer), status.consent, free, conversation, now, status.valid_until)
            if await self.store.execute(_TAKE, *use):
                return True

    async def forget(self, now: int) -> int:
        """Forget the uses of consents that ran out; return how many."""
        return await self.store.execute(_PURGE, now)


def _slots(frequency: Frequency, begun: int, now: int) -> tuple[int, int]:
    """The places for uses that the moment belongs to: first, and one past the last."""
    if frequency.often is Often.ONCE or frequency.times is None or frequency.period_s is None:
        return 0, 1
    window = max(0, now - begun) // frequency.period_s
    return window * frequency.times, (window + 1) * frequency.times

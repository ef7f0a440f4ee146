"""Carrying what officers signed to the other member: an exchange with its reserved service `agreement`.

Whatever waits is tried by whichever node comes first, again and again until the other side answers; what it
refuses stays, with its reason, for the officers to see. A message that arrives twice does no harm.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any, Final

from audit.errors import AuditError
from audit.log import AuditLog
from audit.pending import PendingEntry
from audit.store import Store, Write
from gateway.agreements.acts import act_entry
from gateway.agreements.arrival import CODE
from gateway.agreements.documents import Message, Revocation, read_document
from gateway.exchange.reserved import Ask, ask_reserved
from gateway.trust.failures import describe
from schemas.errors import ExchangeError, GatewayError, RequestError
from schemas.identifiers import MemberId
from schemas.strict_json import parse_object

ROUND: Final = 20
"""Deliveries in one round."""
TIMEOUT_S: Final = 10.0
LONGEST_PAUSE_S: Final = 300
MAX_OVERTAKING: Final = 5
_DUE: Final = (
    "SELECT delivery, holder, counterpart, id, version, client, typ, body, next_at, attempts"
    " FROM agreement_delivery WHERE next_at <= $1 AND refused IS NULL ORDER BY next_at LIMIT $2"
)
_CLAIM: Final = (
    "UPDATE agreement_delivery SET next_at = $1, attempts = attempts + 1 WHERE delivery = $2 AND next_at = $3"
)
_DONE: Final = "DELETE FROM agreement_delivery WHERE delivery = $1"
_REFUSED: Final = "UPDATE agreement_delivery SET refused = $1 WHERE delivery = $2"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Delivers for the members hosted here; `ask` is the asking side's."""

    store: Store
    log: AuditLog
    ask: Ask

    async def round(self, now: int) -> int:
        """Try everything that is due; how many were taken. Raises AuditUnavailable."""
        taken = 0
        for row in await self.store.rows(_DUE, now, ROUND):
            delivery, next_at, attempts = row[0], row[8], row[9]
            pause = min(LONGEST_PAUSE_S, 2 ** min(attempts, 8) + int(TIMEOUT_S))
            if await self.store.execute(_CLAIM, now + pause, delivery, next_at):
                taken += await self._deliver(row)
        return taken

    async def _deliver(self, row: tuple[Any, ...]) -> bool:
        delivery, holder, counterpart, name, _, _, typ, body, _, attempts = row
        question = parse_object(body.encode(), max_bytes=1024 * 1024, what="a delivery")
        try:
            answer = await ask_reserved(
                self.ask, MemberId.parse(holder), MemberId.parse(counterpart), CODE, question,
                deadline=time.monotonic() + TIMEOUT_S,
            )  # fmt: skip
        except RequestError as error:
            if typ == "revocation" and "agreement.unknown" in error.reasons and attempts < MAX_OVERTAKING:
                return False  # it overtook the proposal that it takes back
            reason = error.reasons[0] if error.reasons else error.slug
            _logger.warning("agreement %s: %s refused the %s: %s", name, counterpart, typ, reason)
            return await self._end(row, "refused", f"{reason}: {error.detail}"[:500], delivery)
        except ExchangeError as error:
            _logger.info("agreement %s waits for %s: %s", name, counterpart, error.slug)
            return False
        return await self._end(row, "delivered", str(answer.get("state", ""))[:50], delivery)

    async def _end(self, row: tuple[Any, ...], how: str, said: str, delivery: str) -> bool:
        write: Write = (_DONE, (delivery,)) if how == "delivered" else (_REFUSED, (said, delivery))
        try:
            await self.log.act(_entry(row, how, said), [write])
        except (AuditError, GatewayError) as error:  # it will be tried again; the other side knows it by then
            _logger.warning("a delivery could not be logged: %s", describe(error))
            return False
        return how == "delivered"


def _entry(row: tuple[Any, ...], how: str, said: str) -> PendingEntry:
    """`agreement.proposal_delivered`, `agreement.acceptance_refused`, and so on."""
    message = Message.read(parse_object(row[7].encode(), max_bytes=1024 * 1024, what="a delivery"))
    more = {"to": row[2], "said": said}
    document = message.document
    about = Revocation.read(document) if message.typ == "revocation" else read_document(document)
    return act_entry(f"agreement.{message.typ}_{how}", about, document, more=more)

"""Checking a consent for the provider: the facts that policy decides upon (DESIGN section 7).

In this order: the statement names this token; it is well-formed and signed by its issuer, whom the
federation lists; it is for this client, provider, purpose and moment; its tag is the subject's; the issuer
says that it still stands, for this service; and a use is left. The issuer is asked for every exchange: the
own database where it is hosted here, its reserved service elsewhere (`remote`). So the facts are new each
time, and a remembered decision, whose key they are part of, cannot outlive a withdrawal.

Whatever is wrong, missing or late gives `{"verified": false, "why": CODE}`. `why` is for the owner's own
log: for the asker every such exchange looks like a person who is not there.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from audit.errors import AuditError
from gateway.consent.status import AskStatus, Status
from gateway.consent.token import Token, Unverified, read, sub_tag, verify
from gateway.consent.uses import Uses
from schemas.encoding import b64url
from schemas.errors import ExchangeError
from schemas.identifiers import MemberId, ServiceId
from schemas.record import Subject
from schemas.statement import RequestStatement

BASIS: Final = "consent"
"""The legal basis that needs one. On any other ground a token is not looked at, nor used up."""
MAX_REMEMBERED: Final = 4_096

_logger = logging.getLogger(__name__)


class Why(StrEnum):
    """Why a consent does not count."""

    NOT_NEEDED = "not_needed"
    MALFORMED = "malformed"
    NOT_THE_SIGNED_ONE = "not_the_signed_one"
    ISSUER_NOT_LISTED = "issuer_not_listed"
    FORGED = "forged"
    OTHER_CLIENT = "other_client"
    OTHER_PROVIDER = "other_provider"
    OTHER_SERVICE = "other_service"
    OTHER_PURPOSE = "other_purpose"
    OTHER_SUBJECT = "other_subject"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"
    USED_UP = "used_up"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


class Directory(Protocol):
    """What is asked of the federation as it is now. Each raises ExchangeError when it is too old."""

    def listed(self, issuer: MemberId) -> bool:
        """Whether the federation lists this member as an issuer of consents."""

    def key(self, issuer: MemberId, thumbprint: str) -> EllipticCurvePublicKey | None:
        """The key of that member and certificate, None unless it counts now."""


class _DoesNotCount(Exception):
    """Ends the check. Never leaves this module."""

    def __init__(self, why: Why) -> None:
        self.why = why


@dataclass(slots=True)
class ConsentChecker:
    """Implements `gateway.exchange.ports.CheckConsent`. `own` are the members whose consents are
    kept here."""

    directory: Directory
    own: frozenset[MemberId]
    local: AskStatus
    remote: AskStatus
    uses: Uses
    clock: Callable[[], float] = time.time
    _read: OrderedDict[str, tuple[Unverified, EllipticCurvePublicKey]] = field(default_factory=OrderedDict)

    async def facts(
        self, token: str | None, statement: RequestStatement, subject: Subject | None, *, deadline: float
    ) -> dict[str, Any] | None:
        """As `CheckConsent.facts`, with `why` where a consent is not verified."""
        if token is None:
            return None
        try:
            checked = await self._check(token, statement, subject, deadline)
        except _DoesNotCount as reason:
            return {"verified": False, "why": reason.why.value}
        except (ExchangeError, AuditError):
            return {"verified": False, "why": Why.UNREACHABLE.value}
        except Exception as error:  # noqa: BLE001  a check that breaks is a consent that does not count
            _logger.error("checking a consent broke: %s", type(error).__name__)  # noqa: TRY400  may quote data
            return {"verified": False, "why": Why.FAILED.value}
        return {
            "verified": True,
            "id": checked.consent,
            "issuer": str(checked.issuer),
            "client": str(checked.client),
            "provider": str(checked.provider),
            "purpose": checked.purpose,
            "fields": list(checked.fields),
            "valid_from": checked.valid_from,
            "valid_until": checked.valid_until,
        }

    async def _check(
        self, text: str, statement: RequestStatement, subject: Subject | None, deadline: float
    ) -> Token:
        _expect(statement.basis == BASIS, Why.NOT_NEEDED)
        token = self._verified(text, statement)
        _check_scope(token, statement, int(self.clock()))
        issuer, service = token.issuer, ServiceId.parse(statement.aud)
        asked = self.local if issuer in self.own else self.remote
        # Before the status: a token for somebody else's data is none of its issuer's business.
        key = await asked.key(issuer, service.member, deadline=deadline)
        _expect(subject is not None and sub_tag(key, subject) == token.sub_tag, Why.OTHER_SUBJECT)
        status = await asked.status(issuer, service.member, token.consent, deadline=deadline)
        _check_status(status, statement)
        _expect(await self.uses.take(issuer, status, statement.cid, int(self.clock())), Why.USED_UP)
        return token

    def _verified(self, text: str, statement: RequestStatement) -> Token:
        """The token, if the statement names it and its issuer signed it."""
        digest = b64url(sha256(text.encode("utf-8", "surrogatepass")).digest())
        named = statement.consent
        _expect(named is not None and named["digest"] == digest, Why.NOT_THE_SIGNED_ONE)
        known = self._read.get(digest)
        try:
            unverified = known[0] if known else read(text)
        except ExchangeError:
            raise _DoesNotCount(Why.MALFORMED) from None
        token = unverified.token
        matches = named is not None and (named["id"], named["issuer"]) == (token.consent, str(token.issuer))
        _expect(matches, Why.NOT_THE_SIGNED_ONE)
        _expect(self.directory.listed(token.issuer), Why.ISSUER_NOT_LISTED)
        key = self.directory.key(token.issuer, unverified.thumbprint)
        if known is None or known[1] is not key:
            try:
                verify(unverified, lambda _: key)
            except ExchangeError:
                raise _DoesNotCount(Why.FORGED) from None
            if key is not None:
                self._remember(digest, unverified, key)
        return token

    def _remember(self, digest: str, unverified: Unverified, key: EllipticCurvePublicKey) -> None:
        """Keep what a signature was found to hold for; whether the key counts is asked each time."""
        self._read[digest] = (unverified, key)
        if len(self._read) > MAX_REMEMBERED:
            self._read.popitem(last=False)


def _check_scope(token: Token, statement: RequestStatement, now: int) -> None:
    """The token is for this exchange, and for this moment."""
    _expect(str(token.client) == statement.iss, Why.OTHER_CLIENT)
    _expect(token.provider == ServiceId.parse(statement.aud).provider, Why.OTHER_PROVIDER)
    _expect(token.purpose == statement.purpose, Why.OTHER_PURPOSE)
    _expect(token.valid_from <= now, Why.NOT_YET_VALID)
    _expect(now < token.valid_until, Why.EXPIRED)


def _check_status(status: Status, statement: RequestStatement) -> None:
    """The issuer says that it stands, for this service."""
    if status.state != "granted":
        raise _DoesNotCount(Why(status.state))
    _expect(status.service in (None, statement.aud), Why.OTHER_SERVICE)


def _expect(holds: bool, why: Why) -> None:
    if not holds:
        raise _DoesNotCount(why)

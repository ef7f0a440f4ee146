"""`gateway.consent.checking`: whatever breaks, a consent does not count, and nothing is believed for long."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)

from audit.errors import AuditUnavailable
from gateway.consent.checking import ConsentChecker
from gateway.consent.record import Frequency, Often
from gateway.consent.status import Status
from gateway.consent.token import Token, make, sub_tag
from gateway.consent.uses import Uses
from gateway.exchange.consent import consent_reference
from gateway.trust.jws import StatementSigner
from schemas.errors import FederationUnavailable, PeerUnavailable
from schemas.identifiers import MemberId
from schemas.statement import BodyDigest, HeadDigest, RequestStatement
from tests.unit.gateway.consent.wishes import CLIENT, ISSUER, NOW, PERSON, PROVIDER, PURPOSE, SERVICE

KEY = generate_private_key(SECP256R1())
SIGNER = StatementSigner(KEY, b"a certificate")
SHARED = bytes(range(32))
TOKEN = Token(
    "id.1", ISSUER, sub_tag(SHARED, PERSON), CLIENT, PROVIDER, PURPOSE, ("full_name",), NOW - 60, NOW + 60
)


@dataclass
class Parts:
    """Directory, issuer and uses at once; each can be told to fail."""

    failure: Exception | None = None
    fails: str = ""
    is_listed: bool = True
    keys: dict[str, EllipticCurvePublicKey] = field(
        default_factory=lambda: {SIGNER.thumbprint: KEY.public_key()}
    )
    state: str = "granted"
    frequency: Frequency = field(default_factory=Frequency)
    asked: int = 0

    def _fail(self, what: str) -> None:
        if self.failure is not None and self.fails == what:
            raise self.failure

    def listed(self, issuer: MemberId) -> bool:
        """As `Directory.listed`."""
        self._fail("directory")
        return self.is_listed and issuer == ISSUER

    def key_of(self, issuer: MemberId, thumbprint: str) -> EllipticCurvePublicKey | None:
        """As `Directory.key`."""
        return self.keys.get(thumbprint) if issuer == ISSUER else None

    async def status(self, issuer: MemberId, provider: MemberId, consent: str, *, deadline: float) -> Status:
        """As `AskStatus.status`."""
        del issuer, provider, deadline
        self.asked += 1
        self._fail("status")
        return Status(consent, self.state, None, self.frequency, NOW - 60, NOW + 60)

    async def key(self, issuer: MemberId, provider: MemberId, *, deadline: float) -> bytes:
        """As `AskStatus.key`."""
        del issuer, provider, deadline
        self._fail("key")
        return SHARED

    async def rows(self, *_: object) -> list[Any]:
        """As `Store.rows`."""
        self._fail("uses")
        return []

    async def execute(self, *_: object) -> int:
        """As `Store.execute`."""
        return 1


@dataclass(frozen=True)
class _Directory:
    parts: Parts

    def listed(self, issuer: MemberId) -> bool:
        return self.parts.listed(issuer)

    def key(self, issuer: MemberId, thumbprint: str) -> EllipticCurvePublicKey | None:
        return self.parts.key_of(issuer, thumbprint)


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
def checker(parts: Parts) -> ConsentChecker:
    store: Any = parts
    own = frozenset({ISSUER})
    return ConsentChecker(_Directory(parts), own, parts, parts, Uses(store), clock=lambda: NOW)


def _statement(token: str, **members: Any) -> RequestStatement:
    statement = RequestStatement(
        id="i", cid="c", retry_of=None, iss=str(CLIENT), gw="LM/NGO/RELIEF/gw1", aud=str(SERVICE),
        to="LM/GOV/NIA/gw1", purpose=PURPOSE, purpose_source="client", basis="consent",
        consent=consent_reference(token), user=None, represents=None, issue=None,
        head=HeadDigest.of(b""), body=BodyDigest.of(b"", ""), iat=NOW, exp=NOW + 60, snapshot=1,
    )  # fmt: skip
    return replace(statement, **members)


async def _facts(checker: ConsentChecker, token: Token = TOKEN, **members: Any) -> dict[str, Any] | None:
    text = make(token, SIGNER)
    statement = _statement(text, **members)
    return await checker.facts(text, statement, PERSON, deadline=time.monotonic() + 1)


async def test_facts__good__all_that_policy_needs(checker: ConsentChecker) -> None:
    """The contract's members, from the token."""
    assert await _facts(checker) == {
        "verified": True, "id": "id.1", "issuer": str(ISSUER), "client": str(CLIENT),
        "provider": str(PROVIDER), "purpose": PURPOSE, "fields": ["full_name"],
        "valid_from": NOW - 60, "valid_until": NOW + 60,
    }  # fmt: skip


async def test_facts__no_token__none(checker: ConsentChecker) -> None:
    """Nothing was presented, which is not the same as something wrong."""
    assert await checker.facts(None, _statement(make(TOKEN, SIGNER)), PERSON, deadline=0) is None


@pytest.mark.parametrize(
    ("fails", "failure", "why"),
    [
        ("directory", FederationUnavailable(), "unreachable"),
        ("key", PeerUnavailable(), "unreachable"),
        ("status", PeerUnavailable(), "unreachable"),
        ("status", AuditUnavailable(), "unreachable"),
        ("uses", AuditUnavailable(), "unreachable"),
        ("status", ZeroDivisionError(), "failed"),
        ("directory", KeyError(), "failed"),
    ],
)
async def test_facts__a_part_fails__does_not_count(
    checker: ConsentChecker, parts: Parts, fails: str, failure: Exception, why: str
) -> None:
    """Never raises: what cannot be checked does not count, also after it counted."""
    parts.frequency = Frequency(Often.ONCE)
    assert (await _facts(checker) or {})["verified"] is True
    parts.fails, parts.failure = fails, failure
    assert await _facts(checker) == {"verified": False, "why": why}


async def test_facts__key_revoked_after_it_was_believed__forged(
    checker: ConsentChecker, parts: Parts
) -> None:
    """A signature is remembered, the right of its key is not."""
    assert (await _facts(checker) or {})["verified"] is True
    parts.keys.clear()
    assert await _facts(checker) == {"verified": False, "why": "forged"}


async def test_facts__another_key_under_the_same_certificate__is_verified_anew(
    checker: ConsentChecker, parts: Parts
) -> None:
    """What held under one key says nothing about another."""
    assert (await _facts(checker) or {})["verified"] is True
    parts.keys[SIGNER.thumbprint] = generate_private_key(SECP256R1()).public_key()
    assert await _facts(checker) == {"verified": False, "why": "forged"}


async def test_facts__status_is_asked_each_time(checker: ConsentChecker, parts: Parts) -> None:
    """Nothing about its standing is remembered here."""
    for _ in range(3):
        await _facts(checker)
    assert parts.asked == 3
    parts.state = "withdrawn"
    assert await _facts(checker) == {"verified": False, "why": "withdrawn"}


async def test_facts__another_person_or_nobody__issuer_is_not_asked(
    checker: ConsentChecker, parts: Parts
) -> None:
    """A token for somebody else's data is none of its issuer's business."""
    text = make(TOKEN, SIGNER)
    for subject in (replace(PERSON, value="7310000002"), None):
        facts = await checker.facts(text, _statement(text), subject, deadline=time.monotonic() + 1)
        assert facts == {"verified": False, "why": "other_subject"}
    assert parts.asked == 0


@pytest.mark.parametrize(
    "named", [None, {"id": "id.2"}, {"issuer": "LM/GOV/NIA"}, {"digest": "A" * 43}], ids=str
)
async def test_facts__statement_names_another_token__does_not_count(
    checker: ConsentChecker, named: dict[str, str] | None
) -> None:
    """What was signed is what counts."""
    text = make(TOKEN, SIGNER)
    reference = consent_reference(text)
    statement = _statement(text, consent=None if named is None else {**reference, **named})
    facts = await checker.facts(text, statement, PERSON, deadline=time.monotonic() + 1)
    assert facts == {"verified": False, "why": "not_the_signed_one"}


@pytest.mark.parametrize(
    ("begins", "ends", "counts"), [(NOW, NOW + 1, True), (NOW + 1, NOW + 2, False), (NOW - 1, NOW, False)]
)
async def test_facts__first_second_counts_and_last_does_not(
    checker: ConsentChecker, begins: int, ends: int, counts: bool
) -> None:
    """Periods include their first second and exclude their last."""
    facts = await _facts(checker, replace(TOKEN, valid_from=begins, valid_until=ends))
    assert (facts or {})["verified"] is counts

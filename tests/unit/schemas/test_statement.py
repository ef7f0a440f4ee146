"""Statements: every member present, known and well-formed, or none of it is read."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64url
from schemas.errors import ExchangeError, MalformedRequest
from schemas.exchange_id import new_exchange_id
from schemas.statement import (
    AnswerStatement,
    BodyDigest,
    HeadDigest,
    RequestStatement,
    check_freshness,
    jws_digest,
)

CODES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}", fullmatch=True)
TEXT = st.text(min_size=1, max_size=100).filter(lambda text: text.isprintable())
IDS = st.builds(new_exchange_id)
CODE = st.text("abcXYZ019-", min_size=1, max_size=12)


def _path(parts: int) -> st.SearchStrategy[str]:
    return st.lists(CODE, min_size=parts, max_size=parts).map("/".join)


SHARED = {
    "id": IDS, "cid": IDS, "purpose": CODES, "purpose_source": st.sampled_from(["client", "agreement"]), "basis": CODES,
    "head": st.builds(HeadDigest.of, st.binary(max_size=20)),
    "body": st.builds(BodyDigest.of, st.binary(max_size=20), st.just("") | TEXT),
    "snapshot": st.integers(0, 2**53 - 1),
}  # fmt: skip
TIMES = st.tuples(st.integers(0, 2**40), st.integers(1, 60))
REQUESTS = st.builds(
    lambda times, **members: RequestStatement(iat=times[0], exp=sum(times), **members),
    times=TIMES, iss=_path(4), gw=_path(4), aud=_path(5) | _path(6), to=_path(4), retry_of=st.none() | IDS,
    consent=st.none() | st.fixed_dictionaries({"id": TEXT, "issuer": TEXT, "digest": TEXT}),
    user=st.none()
    | st.fixed_dictionaries({name: st.none() | TEXT for name in ("pseudonym", "role", "area", "assurance")}),
    represents=st.none() | _path(3), issue=st.none() | TEXT, **SHARED,
)  # fmt: skip
ANSWERS = st.builds(
    lambda times, **members: AnswerStatement(iat=times[0], exp=sum(times), **members),
    times=TIMES, typ=st.sampled_from(["answer", "refusal"]), iss=_path(5), gw=_path(4), aud=_path(4), to=_path(4),
    req=st.text(max_size=5).map(lambda text: b64url(text.encode().ljust(32)[:32])), status=st.integers(100, 599),
    decision=TEXT, fields=st.lists(st.text("abc_", min_size=1, max_size=8)).map(tuple), **SHARED,
)  # fmt: skip


@given(REQUESTS)
def test_request__of_what_was_written__the_same(statement):
    """Writing and reading are inverse."""
    assert RequestStatement.from_payload(statement.to_payload()) == statement


@given(ANSWERS)
def test_answer__of_what_was_written__the_same(statement):
    """Writing and reading are inverse."""
    assert AnswerStatement.from_payload(statement.to_payload()) == statement


@given(st.binary(max_size=40))
def test_digest__matches__its_own_bytes_only(data):
    """And a fresh nonce makes equal bytes unlike."""
    head, body = HeadDigest.of(data), BodyDigest.of(data, "")
    assert head.matches(data)
    assert body.matches(data)
    assert not head.matches(data + b"x")
    assert not body.matches(data + b"x")
    assert HeadDigest.of(data).digest != head.digest


def _request() -> dict[str, Any]:
    identifier = new_exchange_id()
    statement = RequestStatement(
        identifier, identifier, None, "LM/GOV/MSW/c", "LM/GOV/MSW/g", "LM/GOV/NIA/i/p", "LM/GOV/NIA/g", "p", "client",
        "b", None, None, None, None, HeadDigest.of(b""), BodyDigest.of(b"", ""), 1000, 1060, 1,
    )  # fmt: skip
    return orjson.loads(statement.to_payload())


def _answer() -> dict[str, Any]:
    identifier = new_exchange_id()
    statement = AnswerStatement(
        "answer", identifier, identifier, "LM/GOV/NIA/i/p", "LM/GOV/NIA/g", "LM/GOV/MSW/c", "LM/GOV/MSW/g", "p", "client",
        "b", HeadDigest.of(b""), BodyDigest.of(b"", ""), jws_digest("a.b.c"), 200, "d", ("f",), 1000, 1060, 1,
    )  # fmt: skip
    return orjson.loads(statement.to_payload())


@pytest.mark.parametrize("member", sorted(_request()))
def test_request__member_missing__refused(member):
    """None has a default."""
    claims = _request()
    del claims[member]
    with pytest.raises(MalformedRequest):
        RequestStatement.from_payload(orjson.dumps(claims))


@pytest.mark.parametrize("member", sorted(_answer()))
def test_answer__member_missing__refused(member):
    """None has a default."""
    claims = _answer()
    del claims[member]
    with pytest.raises(MalformedRequest):
        AnswerStatement.from_payload(orjson.dumps(claims))


@pytest.mark.parametrize("member", sorted(_request()))
@pytest.mark.parametrize("value", [[], {}, 1.5, True, "", "\n", "\u0000", -1, 2**53], ids=repr)
def test_request__member_ill_typed__refused(member, value):
    """Each member has one type, and no member takes any of these."""
    with pytest.raises(ExchangeError):
        RequestStatement.from_payload(orjson.dumps({**_request(), member: value}))


@pytest.mark.parametrize("member", sorted(set(_answer()) - {"purpose_source"}))
@pytest.mark.parametrize("value", [{}, 1.5, True, "", "\n", -1, 2**53, None], ids=repr)
def test_answer__member_ill_typed__refused(member, value):
    """Each member has one type; `purpose_source` is compared with the request's."""
    with pytest.raises(ExchangeError):
        AnswerStatement.from_payload(orjson.dumps({**_answer(), member: value}))


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": 1}, {"exp": 1061}, {"exp": 1000}, {"exp": 999}, {"v": 2}, {"v": 1.0}, {"typ": "answer"},
        {"typ": "stream"}, {"iss": "LM/GOV/MSW/%63"}, {"iss": "LM/GOV/MSW"}, {"aud": "LM/GOV/NIA/i"},
        {"gw": "LM/GOV/../g"}, {"purpose": "x" * 129}, {"purpose": "for Canary Ofsubject"}, {"basis": "a person"}, {"issue": "x" * 256}, {"represents": "LM/GOV"},
        {"user": {"pseudonym": "x"}}, {"user": {"pseudonym": "x", "role": 1, "area": None, "assurance": None}},
        {"consent": {"id": "x", "issuer": None, "digest": "y"}}, {"retry_of": "1"}, {"purpose_source": "both"},
        {"head": {"nonce": "AAAA", "digest": "A" * 43}}, {"head": {"nonce": "A" * 22}}, {"fed": {}},
        {"fed": {"snapshot": 1, "x": 1}}, {"fed": {"snapshot": -1}}, {"fed": {"snapshot": True}},
        {"body": {"nonce": "A" * 22, "digest": "A" * 43, "length": True, "type": ""}},
        {"body": {"nonce": "A" * 22, "digest": "A" * 43, "length": 1, "type": "\n"}},
    ],
    ids=repr,
)  # fmt: skip
def test_request__against_a_rule__refused(changes):
    """Lifetime, identifiers in canonical form, bounded texts, exact inner members."""
    with pytest.raises(MalformedRequest):
        RequestStatement.from_payload(orjson.dumps({**_request(), **changes}))


def test_request__no_change__read():
    """The row that proves the others can fail."""
    RequestStatement.from_payload(orjson.dumps(_request()))
    AnswerStatement.from_payload(orjson.dumps(_answer()))


@pytest.mark.parametrize(
    ("now", "fresh"), [(989, False), (990, True), (1030, True), (1070, True), (1071, False)]
)
def test_freshness__ten_seconds_of_grace__on_both_sides(now, fresh):
    """`iat - 10 <= now <= exp + 10`."""
    if fresh:
        check_freshness(1000, 1060, now)
    else:
        with pytest.raises(MalformedRequest):
            check_freshness(1000, 1060, now)

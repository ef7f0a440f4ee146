"""Kind `mosip-ida`: what IDA's answers mean, and what never leaves."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.kinds.mosip_ida.errors import MEANINGS
from adapters.kinds.mosip_ida.replay import opened, party
from adapters.kinds.mosip_ida.sealing import Unsealable, seal, unseal
from schemas.errors import ConfigurationError
from schemas.outcome import DeniedBySource, Match, Misbehaving, NotFound, Unavailable
from schemas.record import Subject
from tests.unit.adapters.kinds.mosip_ida.ida_source import SECRETS, TOLD, fetch, source_in

YES = {"response": {"authStatus": True, "authToken": "CANARY-psut"}, "errors": None}
ONE_TIME = Subject("one_time_password", "1000000017;111111;tx12345678")


def errors(*codes: str) -> dict[str, Any]:
    """A refusal of IDA."""
    told = [{"errorCode": code, "errorMessage": "CANARY"} for code in codes]
    return {"response": {"authStatus": False, "authToken": None}, "errors": told}


async def test_fetch__it_fits__yes_and_nothing_else(tmp_path: Path):
    """What was told travels sealed; the token that links a person's visits is dropped."""
    outcome, (request,) = await fetch(source_in(tmp_path), lambda _: (200, YES))

    assert isinstance(outcome, Match)
    assert outcome.record == {
        "national_id": "1000000017", "verified": True, "reason": None, "method": "demographic",
    }  # fmt: skip
    body = json.loads(request.content)
    assert b"Ilva" not in request.content
    assert len(body["transactionID"]) <= 10
    told = opened(request.content)["request"]
    assert told["demographics"] == {
        "name": [{"language": "eng", "value": "Ilva Maren Toss"}], "dob": "1987/03/14",
    }  # fmt: skip
    head, between, tail = request.headers["Signature"].split(".")
    assert (bool(head), between, bool(tail)) == (True, "", True)


CASES = [
    (200, errors("IDA-DEA-001"), {"verified": False, "reason": "mismatch"}),
    (200, errors("IDA-DEA-001", "IDA-DEA-003"), {"verified": None, "reason": "not_held"}),
    (200, errors("IDA-MLC-022"), {"verified": False, "reason": "inactive"}),
    (200, errors("IDA-MLC-018"), NotFound),
    (200, errors("IDA-MLC-018", "IDA-MPA-007"), DeniedBySource),
    (200, errors("IDA-MPA-016"), DeniedBySource),
    (200, errors("IDA-MLC-007"), Unavailable),
    (200, errors("IDA-DEA-001", "IDA-NEW-001"), Misbehaving),
    (200, {"response": {"authStatus": True}, "errors": [{"errorCode": "IDA-NEW-001"}]}, Misbehaving),
    (200, {"response": {"authStatus": True}, "errors": "CANARY"}, Misbehaving),
    (200, {"response": {"authStatus": False}, "errors": []}, Misbehaving),
    (200, {"response": {"authStatus": "true"}, "errors": None}, Misbehaving),
    (200, {"response": {"kycStatus": True}, "errors": None}, Misbehaving),
    (200, {**YES, "transactionID": "9999999999"}, Misbehaving),
    (200, [YES], Misbehaving),
    (401, errors("IDA-MLC-018"), DeniedBySource),
    (500, errors("IDA-MLC-018"), Unavailable),
    (404, {}, Misbehaving),
]


@pytest.mark.parametrize(("status", "body", "expected"), CASES)
async def test_fetch__every_answer__its_own_outcome(tmp_path: Path, status: int, body: Any, expected: Any):
    """A "no" is an answer; nothing to compare with is neither; an unknown code is never guessed."""
    outcome, _ = await fetch(source_in(tmp_path), lambda _: (status, body))

    if isinstance(expected, dict):
        assert isinstance(outcome, Match)
        assert expected.items() <= outcome.record.items()
    else:
        assert isinstance(outcome, expected)
        assert "CANARY" not in getattr(outcome, "cause", "")


async def test_kyc__one_time_password__only_the_attributes_asked(tmp_path: Path):
    """The password's transaction is sent, and the answer is opened with our key."""
    identity = {"fullName": [{"language": "eng", "value": "Ilva Maren Toss"}], "dateOfBirth": "1987/03/14"}
    body = {"response": {"kycStatus": True, "identity": identity}, "errors": None}
    outcome, (request,) = await fetch(source_in(tmp_path), lambda _: (200, body), "person", ONE_TIME)

    assert isinstance(outcome, Match)
    assert outcome.record["full_name"] == "Ilva Maren Toss"
    question = opened(request.content)
    assert question["allowedKycAttributes"] == ["fullName", "dateOfBirth", "gender"]
    assert (question["transactionID"], question["request"]["otp"]) == ("tx12345678", "111111")


@pytest.mark.parametrize("code", ["IDA-OTA-004", "IDA-DEA-003", "IDA-MLC-003", "IDA-OTA-003"])
async def test_kyc__it_does_not_fit__denied_not_absent(tmp_path: Path, code: str):
    """No attributes are told, and nobody is declared absent."""
    outcome, _ = await fetch(source_in(tmp_path), lambda _: (200, errors(code)), "person", ONE_TIME)

    assert isinstance(outcome, DeniedBySource)


@pytest.mark.parametrize("identity", ["AAAA", "", 17, None])
async def test_kyc__not_sealed_for_us__misbehaving(tmp_path: Path, identity: Any):
    """An answer that cannot be opened is no record."""
    body = {"response": {"kycStatus": True, "identity": identity, "sessionKey": "AAAA"}, "errors": None}
    outcome, _ = await fetch(source_in(tmp_path), lambda _: (200, body), "person", ONE_TIME)

    assert isinstance(outcome, Misbehaving)


@pytest.mark.parametrize("transaction", ["12345678901", "a b", "a/b", "ü"])
async def test_kyc__transaction_is_none__is_not_sent(tmp_path: Path, transaction: str):
    """IDA takes ten characters."""
    source = source_in(tmp_path)
    outcome, asked = await fetch(
        source, lambda _: (200, YES), "person", Subject("one_time_password", f"1000000017;1111;{transaction}")
    )

    assert not isinstance(outcome, Match)
    assert asked == []


async def test_fetch__secrets_of_the_address__are_told_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """Three secrets stand in the path: no log line of any library, no cause, no text of the connection."""
    caplog.set_level(logging.DEBUG)
    source = source_in(tmp_path)
    outcome, (request,) = await fetch(source, lambda _: (500, errors("CANARY")))

    assert all(secret in str(request.url) for secret in SECRETS)
    seen = "\n".join([caplog.text, repr(outcome), repr(source), repr(source.connection)])
    assert not any(word in seen for word in (*SECRETS, "BEGIN PRIVATE", *TOLD.split(";")))


async def test_open__kyc_without_our_key__says_so(tmp_path: Path):
    """The file is wrong before anybody is asked."""
    source = source_in(tmp_path)
    for change, words in (
        ({"decryption_key": None}, "decryption_key"),
        ({"signing_key": "CANARY"}, "signing_key"),
    ):
        wrong = replace(source, connection=replace(source.connection, **change))  # type: ignore[type-var]
        with pytest.raises(ConfigurationError) as error:
            await fetch(wrong, lambda _: (200, YES))
        assert words in error.value.detail
        assert "CANARY" not in error.value.detail


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.integers(0, 10_000))
def test_seal__any_text__opens_again_and_not_when_changed(data: bytes, where: int):
    """Sealing and unsealing are inverse; one changed character is noticed."""
    sealed, key = seal(data, party("ida").certificate), party("ida").key
    assert unseal(sealed.text, sealed.session_key, key) == data
    at = where % len(sealed.text.rstrip("="))
    changed = sealed.text[:at] + ("A" if sealed.text[at] != "A" else "Q") + sealed.text[at + 1 :]
    if changed[:-4] != sealed.text[:-4]:  # the last characters hold unused bits
        with pytest.raises(Unsealable):
            unseal(changed, sealed.session_key, key)
    with pytest.raises(Unsealable):
        unseal(sealed.text, sealed.session_key, party("partner").key)


def test_codes__every_meaning__once():
    """No code has two meanings."""
    assert len(MEANINGS) == len(set(MEANINGS))
    assert {"IDA-MLC-018", "IDA-DEA-001", "IDA-MPA-007"} <= MEANINGS.keys()

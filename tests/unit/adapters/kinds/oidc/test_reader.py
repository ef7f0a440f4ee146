"""Kind `oidc`: whose token it is, what is believed, and what every refusal means."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from schemas.errors import ConfigurationError
from schemas.outcome import DeniedBySource, Match, Misbehaving, Unavailable
from tests.unit.adapters.kinds.oidc.oidc_source import (
    CLAIMS,
    ISSUER,
    KEY,
    TOKEN,
    access_token,
    discovery,
    fetch,
    fetch_all,
    signed,
    source_at,
)

SIGNED = "answers: jwt\nclient_id: portal"
TOLD: dict[str, Any] = {**CLAIMS, "iss": ISSUER, "aud": "portal"}


async def test_fetch__citizen_is_present__their_own_claims(tmp_path: Path):
    """The token stands in one header, of one request, and a language-tagged claim is a member."""
    outcome, asked = await fetch(source_at(tmp_path), {"/me": CLAIMS})

    assert isinstance(outcome, Match)
    assert outcome.record == {"national_id": "1000000017", "full_name": "Ilva Toss"}
    shown = [
        request.url.path for request in asked if request.headers.get("Authorization") == f"Bearer {TOKEN}"
    ]
    assert shown == ["/me"]
    assert not any(TOKEN in str(request.url) for request in asked)


async def test_fetch__asked_twice__discovery_once_userinfo_each_time(tmp_path: Path):
    """Nothing about a person is cached."""
    _, asked = await fetch_all(source_at(tmp_path), {"/me": CLAIMS}, [TOKEN, TOKEN])

    assert [request.url.path for request in asked] == ["/.well-known/openid-configuration", "/me", "/me"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((401, {}, {"WWW-Authenticate": 'Bearer error="invalid_token"'}), DeniedBySource),
        ((401, {}, {"WWW-Authenticate": 'DPoP error="use_dpop_nonce"'}), DeniedBySource),
        ((403, {"error": "insufficient_scope"}), DeniedBySource),
        ((503, {}), Unavailable),
        ((404, {}), Misbehaving),
        ((302, {}, {"Location": "https://elsewhere.example/me"}), Misbehaving),
        ({"national_id": "1000000017"}, Misbehaving),
        ({**CLAIMS, "sub": 17}, Misbehaving),
        ([CLAIMS], Misbehaving),
        (signed(TOLD), Misbehaving),  # signed, where the file says it is not
    ],
)
async def test_fetch__provider_says_no__the_outcome_that_says_so(tmp_path: Path, answer: Any, outcome: type):
    """An expired token is a refusal: asking again does not help, and nobody is absent."""
    found, asked = await fetch(source_at(tmp_path), {"/me": answer})

    assert isinstance(found, outcome)
    assert all(request.url.host == "id.example" for request in asked)


@pytest.mark.parametrize(
    "words",
    [{"iss": "https://other.example"}, {"exp": 1}, {"cnf": {"jkt": "x"}}],
    ids=["another issuer", "expired", "bound to a key"],
)
async def test_fetch__token_refuses_itself__is_shown_to_nobody(tmp_path: Path, words: dict[str, Any]):
    """Another provider's token never reaches this one."""
    outcome, asked = await fetch(source_at(tmp_path), {"/me": CLAIMS}, access_token(**words))

    assert isinstance(outcome, DeniedBySource)
    assert asked == []


async def test_fetch__userinfo_of_somebody_else__is_misbehaving(tmp_path: Path):
    """OpenID Connect Core 5.3.2: `sub` is that of the token, or the answer is not used."""
    token = access_token(exp=int(time.time()) + 60)
    same, _ = await fetch(source_at(tmp_path), {"/me": CLAIMS}, token)
    other, _ = await fetch(source_at(tmp_path), {"/me": {**CLAIMS, "sub": "u-18"}}, token)

    assert isinstance(same, Match)
    assert isinstance(other, Misbehaving)


@pytest.mark.parametrize("token", ["x y", "a\r\nX-Injected: 1", "a,b", "Bearer x", "ü", "=", "{token}"])
async def test_fetch__no_bearer_token__is_asked_of_nobody(tmp_path: Path, token: str):
    """Nothing that could leave its header gets there."""
    outcome, asked = await fetch(source_at(tmp_path), {"/me": CLAIMS}, token)

    assert isinstance(outcome, DeniedBySource)
    assert asked == []
    assert token not in outcome.cause


@pytest.mark.parametrize(
    "document",
    [
        discovery(issuer="https://other.example"),
        discovery(userinfo_endpoint=None),
        discovery(userinfo_endpoint="https://other.example/me"),
        discovery(userinfo_endpoint="http://id.example/me"),
        [],
    ],
    ids=["another issuer", "no userinfo", "another host", "not encrypted", "no object"],
)
async def test_fetch__discovery_leads_elsewhere__token_is_not_sent(tmp_path: Path, document: Any):
    """Who can change the document cannot collect tokens."""
    _, asked = await fetch(
        source_at(tmp_path), {"/.well-known/openid-configuration": document, "/me": CLAIMS}
    )

    assert [request.url.path for request in asked] == ["/.well-known/openid-configuration"]


async def test_signed__right_in_all__match(tmp_path: Path):
    """A JWS by a key of the provider's set."""
    outcome, _ = await fetch(source_at(tmp_path, more=SIGNED), {"/me": signed(TOLD)})

    assert isinstance(outcome, Match)


FOREIGN = ECKey.generate_key("P-256", {"kid": "one"})
SHARED = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
UNSIGNED = ".".join(
    base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
    for part in ({"alg": "none"}, TOLD)
)


@pytest.mark.parametrize(
    "answer",
    [
        TOLD,
        f"{UNSIGNED}.",
        signed(TOLD, FOREIGN),
        signed(TOLD, ECKey.generate_key("P-256", {"kid": "two"}), jwk=FOREIGN.as_dict(private=False)),
        jws.serialize_compact({"alg": "HS256", "kid": "one"}, json.dumps(TOLD), SHARED, ["HS256"]),
        signed({**TOLD, "iss": "https://other.example"}),
        signed({**TOLD, "aud": "another-client"}),
        signed({**TOLD, "aud": ["another-client"]}),
        signed({name: value for name, value in TOLD.items() if name != "iss"}),
        signed({**TOLD, "exp": 1}),
        signed({**TOLD, "exp": "CANARY"}),
        signed({**TOLD, "nbf": int(time.time()) + 3600}),
        signed(TOLD)[:-4] + "AAAA",
        "a.b.c",
        "CANARY",
    ],
)
async def test_signed__anything_wrong__misbehaving_and_not_quoted(tmp_path: Path, answer: Any):
    """No algorithm but the listed ones, no key but the provider's, nobody else's answer."""
    outcome, _ = await fetch(source_at(tmp_path, more=SIGNED), {"/me": answer})

    assert isinstance(outcome, Misbehaving)
    assert "CANARY" not in outcome.cause


async def test_signed__provider_changes_its_keys__fetched_once_more_then_not(tmp_path: Path):
    """A new key is found; a forger's does not make us fetch all day."""
    fresh = ECKey.generate_key("P-256", {"kid": "two"})
    sets = iter([[KEY]])
    given = lambda _: {"keys": [key.as_dict(private=False) for key in next(sets)]}  # noqa: E731
    source = source_at(tmp_path, more=SIGNED)
    outcomes, asked = await fetch_all(
        source, {"/keys": given, "/me": lambda _: signed(TOLD, fresh)}, [TOKEN, TOKEN, TOKEN]
    )

    assert all(isinstance(outcome, Misbehaving) for outcome in outcomes)
    assert [request.url.path for request in asked].count("/keys") == 1


async def test_encrypted__for_us__opened_and_only_then_verified(tmp_path: Path):
    """A JWE around the JWS; the bare JWS is no longer taken, a compressed JWE never."""
    ours = RSAKey.generate_key(2048)
    pem = ours.as_pem(private=True).decode()
    source = source_at(tmp_path, more=SIGNED + "\ndecryption_key: ${secret:OURS}", OURS=pem)
    header = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "JWT"}
    words = ["RSA-OAEP-256", "A256GCM", "DEF"]
    sealed = jwe.encrypt_compact(header, signed(TOLD), ours, words)
    packed = jwe.encrypt_compact({**header, "zip": "DEF"}, signed(TOLD), ours, words)
    foreign = jwe.encrypt_compact(header, signed(TOLD), RSAKey.generate_key(2048), words)
    unsigned = jwe.encrypt_compact(header, json.dumps(TOLD), ours, words)

    outcome, _ = await fetch(source, {"/me": sealed})
    assert isinstance(outcome, Match)
    for answer in (packed, foreign, unsigned, signed(TOLD)):
        outcome, _ = await fetch(source, {"/me": answer})
        assert isinstance(outcome, Misbehaving)


async def test_open__secret_is_no_key__says_so_without_it(tmp_path: Path):
    """The secret is not in the error."""
    source = source_at(tmp_path, more=SIGNED + "\ndecryption_key: ${secret:OURS}", OURS="CANARY")

    with pytest.raises(ConfigurationError) as error:
        await fetch(source, {"/me": CLAIMS})
    assert "CANARY" not in error.value.detail


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"active": True, "client_id": "portal", "sub": "u-17"}, Match),
        ({"active": True, "client_id": "portal", "sub": "u-18"}, Misbehaving),
        ({"active": True, "client_id": "rogue", "sub": "u-17"}, DeniedBySource),
        ({"active": False}, DeniedBySource),
        ({"active": "true", "client_id": "portal"}, DeniedBySource),
        ({"active": True, "client_id": "portal", "cnf": {"jkt": "x"}}, DeniedBySource),
        ((401, {}), DeniedBySource),
        ((500, {}), Unavailable),
    ],
)
async def test_introspection__named_clients__only_their_tokens(tmp_path: Path, told: Any, outcome: type):
    """A token that some other client collected is not exchanged for data here."""
    source = source_at(
        tmp_path, more="clients: [portal]", auth="{kind: basic, user: us, password: '${secret:P}'}", P="pw"
    )
    found, asked = await fetch(source, {"/introspect": told, "/me": CLAIMS})

    assert isinstance(found, outcome)
    introspection = next(request for request in asked if request.url.path == "/introspect")
    assert introspection.headers["Authorization"].startswith("Basic ")
    assert TOKEN in introspection.content.decode()

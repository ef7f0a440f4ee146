"""Kind `oidc` on a certified provider, live: a citizen signs in with code and PKCE, then we ask userinfo."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from adapters.contract import Query
from adapters.http.loopback_certificates import certificates
from adapters.opening import open_source
from adapters.source import Source
from gateway.cli.demo.country import free_ports
from schemas.outcome import DeniedBySource, Match, Outcome
from schemas.record import Subject
from tests.oidc import SECRET, openid_provider
from tests.unit.adapters.kinds.oidc.oidc_source import source_at

CALLBACK = "https://portal.example/callback"
NATIONAL_ID = "1000000017"
OURS = RSAKey.generate_key(2048, {"kid": "ours", "use": "enc"})
ENCRYPTED = {
    "userinfo_signed_response_alg": "ES256",
    "userinfo_encrypted_response_alg": "RSA-OAEP-256",
    "userinfo_encrypted_response_enc": "A256GCM",
    "jwks": {"keys": [OURS.as_dict(private=False)]},
}


def access_token(issuer: str, trust: ssl.SSLContext) -> str:
    """What a portal gets when the citizen signs in on the provider's own pages."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "client_id": "isthmus", "response_type": "code", "scope": "openid", "redirect_uri": CALLBACK,
        "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    with httpx.Client(verify=trust) as browser:
        answer = browser.get(f"{issuer}/auth?{urlencode(asked)}")
        while not (answer.is_redirect and answer.headers["location"].startswith(CALLBACK)):
            if answer.is_redirect:
                answer = browser.get(urljoin(str(answer.url), answer.headers["location"]))
                continue
            (action,) = re.findall(r'action="([^"]+)"', answer.text)
            (prompt,) = re.findall(r'name="prompt" value="([^"]+)"', answer.text)
            form = {"prompt": prompt, "login": NATIONAL_ID, "password": "any"}
            answer = browser.post(urljoin(str(answer.url), action), data=form)
        (code,) = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier,
        }  # fmt: skip
        token = browser.post(f"{issuer}/token", data=form, auth=("isthmus", "for%20tests%20only")).json()
        return str(token["access_token"])


async def ask(source: Source, token: str) -> Outcome:
    """One question, over the network."""
    adapter = open_source(source)
    await adapter.open()
    try:
        assert await adapter.health() is None
        return await adapter.fetch(Query("person", Subject("access_token", token), ("national_id",)))
    finally:
        await adapter.close()


@pytest.mark.system
@pytest.mark.parametrize(
    ("client", "more", "auth"),
    [
        ({}, "", "{kind: none}"),
        ({}, "clients: [isthmus]", "{kind: basic, user: isthmus, password: '${secret:PASSWORD}'}"),
        ({"userinfo_signed_response_alg": "PS256"}, "answers: jwt\nclient_id: isthmus", "{kind: none}"),
        (ENCRYPTED, "answers: jwt\nclient_id: isthmus\ndecryption_key: ${secret:OURS}", "{kind: none}"),
    ],
    ids=["JSON", "JSON, introspected", "signed", "signed and encrypted"],
)
async def test_certified_provider__citizen_signs_in__their_claims_and_no_others(
    tmp_path: Path, client: dict[str, Any], more: str, auth: str
) -> None:
    """`oidc-provider` issues, signs, encrypts and introspects by its own code; a token it did not issue is
    refused, and so is one that it revoked."""
    found = certificates()
    trusted, authority = tmp_path / "provider.pem", tmp_path / "ca.pem"
    trusted.write_bytes(found.trusted)
    authority.write_bytes(found.authority)
    (port,) = free_ports(1)
    algorithm = "PS256" if client.get("userinfo_signed_response_alg") == "PS256" else "ES256"
    with openid_provider(
        port, CALLBACK, trusted, trusted, alg=algorithm, method="client_secret_basic", client=client
    ) as provider:
        trust = ssl.create_default_context(cafile=str(authority))
        token = access_token(provider.issuer, trust)
        source = source_at(
            tmp_path, provider.issuer, more=f"ca_file: ca.pem\n{more}", auth=auth,
            PASSWORD="for%20tests%20only", OURS=OURS.as_pem(private=True).decode(),
        )  # fmt: skip
        outcome = await ask(source, token)
        assert isinstance(outcome, Match), outcome
        assert outcome.record == {"national_id": NATIONAL_ID}
        assert isinstance(await ask(source, "x" * 43), DeniedBySource)
        assert SECRET not in json.dumps(repr(source.connection))

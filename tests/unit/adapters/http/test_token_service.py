"""Client credentials on a certified OAuth provider: its tokens are valid, its refusals are ours."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from adapters.http.client import HttpClient
from adapters.http.form import connection
from adapters.http.loopback_certificates import certificates
from adapters.http.outgoing import Outgoing
from adapters.source import Limits
from gateway.cli.demo.country import free_ports
from schemas.outcome import DeniedBySource, Unanswered
from tests.oidc import SECRET, openid_provider

pytestmark = pytest.mark.system

EC, RSA = ECKey.generate_key("P-256", {"kid": "ec"}), RSAKey.generate_key(2048, {"kid": "rsa"})
MACHINE = {"redirect_uris": [], "response_types": [], "grant_types": ["client_credentials"]}


def secret(place: str) -> Callable[[str], dict[str, Any]]:
    """`auth:` with a secret, by the secret."""
    auth = {"kind": "oauth2_cc", "token_url": "/token", "client_id": "isthmus", "place": place}
    return lambda given: {**auth, "client_secret": given}


def assertion(key: ECKey | RSAKey, algorithm: str) -> Callable[[str], dict[str, Any]]:
    """`auth:` with a key, which is a stranger's of the same name when the secret is wrong."""

    def auth(given: str) -> dict[str, Any]:
        used = key if given == SECRET else type(key).generate_key("P-256" if key is EC else 2048)  # type: ignore[arg-type]
        told = {"kind": "private_key_jwt", "token_url": "/token", "client_id": "isthmus"}
        return {
            **told,
            "key": json.dumps(used.as_dict(private=True)),
            "algorithm": algorithm,
            "key_id": str(key.as_dict()["kid"]),
        }

    return auth


async def shown(url: str, ca: Path, auth: Mapping[str, Any]) -> str | Unanswered:
    """The token that would be shown to the source, or why there is none."""
    client = HttpClient(connection({"base_url": url, "auth": auth, "ca_file": str(ca)}, Path()), Limits())
    client.open()
    try:
        authenticator = client._authenticator
        assert authenticator is not None
        signed = await authenticator.sign(Outgoing("GET", f"{url}/x"))
        return signed.headers["Authorization"] if isinstance(signed, Outgoing) else signed
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("method", "auth", "metadata"),
    [
        ("client_secret_basic", secret("basic"), {}),
        ("client_secret_post", secret("form"), {}),
        ("private_key_jwt", assertion(EC, "ES256"), {"jwks": {"keys": [EC.as_dict(private=False)]}}),
        ("private_key_jwt", assertion(RSA, "RS256"), {"jwks": {"keys": [RSA.as_dict(private=False)]}}),
    ],
)
async def test_client_credentials__certified_provider__token_is_active_and_a_stranger_is_denied(
    tmp_path: Path, method: str, auth: Callable[[str], dict[str, Any]], metadata: dict[str, Any]
) -> None:
    """Basic (form-encoded: the secret holds spaces), form and signed assertion: RFC 6749, RFC 7523."""
    (port,) = free_ports(1)
    made = certificates()
    ca, key = tmp_path / "ca.pem", tmp_path / "server.pem"
    ca.write_bytes(made.authority)
    key.write_bytes(made.trusted)
    with openid_provider(
        port, "https://a.example/", key, key, alg="ES256", method=method, client={**MACHINE, **metadata}
    ) as provider:
        found = await shown(provider.issuer, ca, auth(SECRET))
        assert isinstance(found, str), found
        scheme, _, token = found.partition(" ")
        assert scheme == "Bearer"
        async with httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=ca), auth=("resource", "for%20tests%20only")
        ) as resource:
            asked = await resource.post(f"{provider.issuer}/token/introspection", data={"token": token})
        told = asked.json()
        assert (told["active"], told["client_id"]) == (True, "isthmus")
        assert isinstance(await shown(provider.issuer, ca, auth("wrong")), DeniedBySource)

"""WS-Security against Apache WSS4J: it accepts what we send, we accept what it signs, and nothing less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.contract import Query
from adapters.http.form import HttpConnection
from adapters.kinds.soap.form import SoapConnection
from adapters.kinds.soap.security import Security, Signing, Username
from adapters.opening import open_source
from adapters.source import Source
from schemas.outcome import DeniedBySource, Match, Misbehaving, NotFound, Outcome
from schemas.record import Subject
from tests.soap import PASSWORD, USER, Keys, make_keys, soap_server
from tests.unit.adapters.kinds.soap.tax_source import tax_source

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Keys of both sides."""
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def by_username(keys: Keys) -> Iterator[str]:
    """A service that demands a UsernameToken."""
    with soap_server(keys, "username") as url:
        yield url


@pytest.fixture(scope="module")
def by_signature(keys: Keys) -> Iterator[str]:
    """A service that demands a signature over Body and Timestamp, SOAP 1.2."""
    with soap_server(keys, "signature", "1.2") as url:
        yield url


async def asked(url: str, security: Security, version: str = "1.1", person: str = "A0000017") -> Outcome:
    """What the service says of a person."""
    source: Source = tax_source(SoapConnection(HttpConnection(url), security=security))
    assert isinstance(source.connection, SoapConnection)
    connection = replace(source.connection, version=version)
    adapter = open_source(replace(source, connection=connection))
    await adapter.open()
    try:
        return await adapter.fetch(Query("income-band", Subject("national_id", person), ("income_band",)))
    finally:
        await adapter.close()


@pytest.mark.parametrize("form", ["text", "digest"])
async def test_fetch__username_token__wss4j_takes_it(by_username: str, keys: Keys, form: str) -> None:
    """Text and digest, with nonce and moment, beside a Timestamp; its signed answer is verified."""
    security = Security(Username(USER, PASSWORD, form), 300, None, keys.folder / "server.pem")
    assert isinstance(await asked(by_username, security), Match)
    assert isinstance(await asked(by_username, security, person="A0000018"), NotFound)


@pytest.mark.parametrize("form", ["text", "digest"])
async def test_fetch__wrong_password__denied_by_source(by_username: str, form: str) -> None:
    """WSS4J's fault is one of credentials, in HTTP 500."""
    assert isinstance(await asked(by_username, Security(Username(USER, "wrong", form), 300)), DeniedBySource)


async def test_fetch__signature__wss4j_takes_it_and_we_take_its(by_signature: str, keys: Keys) -> None:
    """Body and Timestamp are signed both ways, in SOAP 1.2."""
    signing = Signing(keys.client_key, keys.folder / "client.pem")
    security = Security(None, 300, signing, keys.folder / "server.pem")
    assert isinstance(await asked(by_signature, security, "1.2"), Match)
    assert isinstance(await asked(by_signature, security, "1.2", "A0000018"), NotFound)


async def test_fetch__signed_by_a_key_nobody_knows__denied_by_source(by_signature: str, keys: Keys) -> None:
    """The server's key is none of its clients'."""
    signing = Signing(keys.server_key, keys.folder / "server.pem")
    assert isinstance(await asked(by_signature, Security(None, 300, signing), "1.2"), DeniedBySource)


async def test_fetch__answer_signed_by_another_than_the_pinned__misbehaving(
    by_signature: str, keys: Keys, tmp_path: Path
) -> None:
    """A certificate inside the message proves nothing."""
    signing = Signing(keys.client_key, keys.folder / "client.pem")
    other = make_keys(tmp_path)
    security = Security(None, 300, signing, other.folder / "server.pem")
    assert isinstance(await asked(by_signature, security, "1.2"), Misbehaving)

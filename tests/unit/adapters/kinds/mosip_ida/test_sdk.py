"""Kind `mosip-ida` and MOSIP's own package: each opens what the other sealed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from adapters.kinds.mosip_ida.replay import party
from adapters.kinds.mosip_ida.sealing import unseal
from tests.mosip import Sdk, mosip_sdk
from tests.unit.adapters.kinds.mosip_ida.ida_source import fetch, source_in
from tests.unit.adapters.kinds.mosip_ida.test_reader import YES

pytestmark = pytest.mark.system


@pytest.fixture
def sdk(tmp_path: Path) -> Iterator[Sdk]:
    """The package with the keys of both sides."""
    source_in(tmp_path)
    for name in ("partner", "ida"):
        one = party(name)
        data = pkcs12.serialize_key_and_certificates(
            name.encode(), one.key, one.certificate, None, BestAvailableEncryption(b"test")
        )
        (tmp_path / f"{name}.p12").write_bytes(data)
    with mosip_sdk(tmp_path) as do:
        yield do


async def test_request__opened_by_the_package__says_what_was_told(tmp_path: Path, sdk: Sdk):
    """Session key, ciphertext, digest, signature and the certificate's name, by the package's own code."""
    _, (request,) = await fetch(source_in(tmp_path), lambda _: (200, YES))
    body = request.content.decode()
    found = sdk("opened", body=body, signature=request.headers["Signature"])

    assert found["told"]["demographics"]["dob"] == "1987/03/14"
    assert found["told"]["timestamp"] == json.loads(body)["requestTime"]
    assert found["digest"] == hashlib.sha256(found["plain"].encode()).hexdigest().upper()
    assert found["header"]["alg"] == "RS256"
    assert json.loads(body)["thumbprint"] == found["thumbprint"]


async def test_request__of_the_package__has_the_same_members_and_address(tmp_path: Path, sdk: Sdk):
    """What the package sends and we do not is the flags that IDA 1.2 no longer reads."""
    _, (request,) = await fetch(source_in(tmp_path), lambda _: (200, YES))
    theirs, ours = sdk("request"), json.loads(request.content)

    assert theirs["path"] == "auth/misp/partner/api"
    assert theirs["body"].keys() - ours.keys() == {"requestedAuth"}
    assert not ours.keys() - theirs["body"].keys()
    for name in ("id", "version", "specVersion", "env", "individualId", "individualIdType", "thumbprint"):
        assert theirs["body"][name] == ours[name]
    assert len(theirs["body"]["requestTime"]) == len(ours["requestTime"])


def test_identity__sealed_by_the_package__is_read(sdk: Sdk):
    """Also without padding, as some releases of IDA write it."""
    text = json.dumps({"fullName": "Ilva Maren Toss"})
    sealed = sdk("sealed", text=text)

    assert unseal(sealed["identity"], sealed["sessionKey"], party("partner").key).decode() == text

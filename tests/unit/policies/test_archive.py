"""An archived policy comes back as it was, and only as the version that it says it is."""

from __future__ import annotations

import orjson
import pytest

from policies.archive import read_policy, write_policy
from policies.regorus_engine import RegorusEngine
from policies.sources import load_sources
from schemas.errors import ConfigurationError
from tests.unit.policies.questions import question


async def test_read_policy__undoes_write_policy__and_decides_alike() -> None:
    """Files, data and version survive; the archived policy decides as the original."""
    sources = load_sources()
    again = read_policy(write_policy(sources), sources.version)
    assert (again.files, again.version, again.release()) == (
        sources.files,
        sources.version,
        sources.release(),
    )
    for facts in (question(), question(purpose="marketing")):
        assert await RegorusEngine(again).decide(facts) == await RegorusEngine(sources).decide(facts)


@pytest.mark.parametrize("member", ["files", "national", "provider"])
def test_read_policy__anything_altered__is_refused(member: str) -> None:
    """A rule or a datum that is not what decided has another version."""
    sources = load_sources()
    document = orjson.loads(write_policy(sources))
    document[member]["added.rego" if member == "files" else "added"] = ""
    with pytest.raises(ConfigurationError, match="another one"):
        read_policy(orjson.dumps(document), sources.version)


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"files": 3, "national": {}, "provider": {}}'])
def test_read_policy__no_policy__is_refused(document: bytes) -> None:
    """What cannot be read is said to be so."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_policy(document, "0" * 16)

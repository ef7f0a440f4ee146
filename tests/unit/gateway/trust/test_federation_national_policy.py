"""The country's policy data come with the federation: by digest, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.app.instance import publish_national_policy
from gateway.trust.federation.errors import MalformedDocument
from gateway.trust.federation.national import Policy
from policies.national_file import SHIPPED, parse_national, read_national
from schemas.errors import ConfigurationError
from tests.unit.gateway.trust.federation_world import World, reading

DOCUMENT = b'{"legal_bases":{"public_task":{"title":"A task"}}}'


async def test_current__none_published__there_is_none(world: World, url: str) -> None:
    """Until the country publishes its policy data, the snapshot says so."""
    async with reading(world, url) as reader:
        assert reader.current().national_policy is None


async def test_refresh__published__arrives_whole_and_survives_a_restart(world: World, url: str) -> None:
    """What officers publish is in the next snapshot, and in the copy on disk without a network."""
    with world.registrar() as registrar:
        registrar.publish_national(DOCUMENT)
    async with reading(world, url) as reader:
        assert reader.current().national_policy == DOCUMENT
    world.offline = True
    async with reading(world, url) as reader:
        assert reader.current().national_policy == DOCUMENT


async def test_refresh__blob_was_changed__the_former_one_stays_and_the_poll_fails(
    world: World, url: str
) -> None:
    """Content that is not what its digest says is as good as missing."""
    with world.registrar() as registrar:
        registrar.publish_national(DOCUMENT)
    async with reading(world, url) as reader:
        with world.registrar() as registrar:
            registrar.publish_national(DOCUMENT + b" ")
            name = registrar.policy.national_policy
        (world.folder / "registrar" / "public" / "b" / str(name)).write_bytes(b"{}")
        assert not await reader.refresh()
        assert reader.current().national_policy == DOCUMENT


def test_parse__digest_is_none__is_refused() -> None:
    """A digest enters an address, so it is one, or the document is refused."""
    policy = Policy("LM", (), (), ("key",), national_policy="../revoked.json")
    with pytest.raises(MalformedDocument, match="SHA-256"):
        Policy.parse(policy.format())
    assert Policy.parse(replace(policy, national_policy=None).format()).national_policy is None


def test_publish_national_policy__shipped_file__is_what_gateways_read(world: World) -> None:
    """The registrar publishes a YAML file as JSON that reads the same."""
    publish_national_policy(world.folder / "registrar", SHIPPED)
    with world.registrar() as registrar:
        name = registrar.policy.national_policy
    content = (world.folder / "registrar" / "public" / "b" / str(name)).read_bytes()
    assert parse_national(content).as_data() == read_national().as_data()


def test_publish_national_policy__lists_purposes__is_refused(world: World, tmp_path: Path) -> None:
    """The federation lists purposes; a second list could contradict it."""
    file = tmp_path / "national.yaml"
    file.write_text("purposes: [{code: a, title: A}]\nlegal_bases: {public_task: {title: t}}\n")
    with pytest.raises(ConfigurationError, match="purposes"):
        publish_national_policy(world.folder / "registrar", file)

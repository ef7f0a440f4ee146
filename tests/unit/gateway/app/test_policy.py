"""A node's policy follows files and federation while it serves, and says what it does not take up."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.app.policy import NodePolicy, open_policy
from gateway.settings import Policy
from gateway.trust.federation.national import Purpose
from policies.sources import PolicySources
from schemas.errors import FederationUnavailable
from tests.unit.policies.questions import question

RULES = "member: LM/GOV/TAX\nservices:\n  LM/GOV/TAX/income/band:\n    {}\n"
PUBLISHED = b'{"legal_bases":{"public_task":{"title":"t"}},"max_records":7}'


@dataclass
class Federation:
    """Says what it is told to say; nothing while `published` is None."""

    published: Any = None

    def current(self) -> Any:
        """The snapshot, as a reader gives it."""
        if self.published is None:
            raise FederationUnavailable("no copy")
        return self.published


def say(*purposes: str, national: bytes | None = None) -> Any:
    listed = {code: Purpose(code, code) for code in purposes}
    return SimpleNamespace(purposes=listed, national_policy=national)


async def opened(federation: Federation, **chosen: Any) -> NodePolicy:
    settings = SimpleNamespace(policy=Policy(**chosen))
    return await open_policy(settings, federation)  # type: ignore[arg-type]


def write(path: Path, text: str) -> None:
    path.write_text(text)
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


async def test_look__federation_lists_purposes__others_are_refused_from_then_on():
    """The cache forgets at that moment: no remembered decision outlives its policy."""
    federation = Federation()
    policy = await opened(federation)
    assert (await policy.engine.decide(question())).allow
    federation.published = say("another")
    await policy.look()
    assert (await policy.engine.decide(question())).reasons == ("purpose.not_listed",)
    federation.published = say("eligibility")
    await policy.look()
    assert (await policy.engine.decide(question())).allow


async def test_look__federation_publishes_its_policy__its_duties_are_on_every_answer():
    """What the country says arrives with the federation, and stays while the federation is away."""
    federation = Federation()
    policy = await opened(federation)
    federation.published = say("eligibility", national=PUBLISHED)
    await policy.look()
    assert (await policy.engine.decide(question())).obligations == {"max_records": 7}
    federation.published = None
    await policy.look()
    assert (await policy.engine.decide(question())).obligations == {"max_records": 7}


async def test_look__bad_rules__good_ones_stay_and_health_and_log_say_why_once(tmp_path, caplog):
    """A bad policy never replaces a good one, and nobody has to guess."""
    file = tmp_path / "rules.yaml"
    write(file, RULES.format("max_records: 3"))
    policy = await opened(Federation(), provider=file)
    write(file, RULES.format("max_records: -1"))
    with caplog.at_level(logging.ERROR):
        await policy.look()
        await policy.look()
    health = await policy.health()
    assert health.ready
    assert "rules.yaml:4" in str(health.facts["failure"])
    assert len([record for record in caplog.records if "stays as it was" in record.message]) == 1
    assert (await policy.engine.decide(question())).obligations == {"max_records": 3}


async def test_keep__each_policy__is_kept_before_it_decides(tmp_path):
    """What decides can be replayed: the archive has it first."""
    file = tmp_path / "rules.yaml"
    write(file, RULES.format("max_records: 3"))
    policy = await opened(Federation(), provider=file)
    kept: list[tuple[str, str]] = []

    async def archive(sources: PolicySources) -> None:
        kept.append((sources.version, policy.engine.policy_version))

    first = policy.sources.version
    await policy.keep(archive)
    write(file, RULES.format("max_records: 4"))
    await policy.look()
    assert kept == [(first, first), (policy.sources.version, first)]


async def test_bundle__policy_changes__so_does_its_etag():
    """The bundle that OPA polls is that of the policy in force, packed once."""
    federation = Federation()
    policy = await opened(federation)
    first = policy.bundle()
    assert policy.bundle() is first
    federation.published = say("eligibility")
    await policy.look()
    assert policy.bundle().revision == policy.sources.version != first.revision


async def test_health__opa_does_not_answer__is_not_ready():
    """Without its engine a gateway can decide nothing, and says so."""
    policy = await opened(Federation(), engine="opa", url="http://127.0.0.1:9")
    try:
        health = await policy.health()
    finally:
        await policy.engine.close()
    assert (health.ready, health.facts["in_step"]) == (False, False)


@pytest.mark.parametrize("cached", [0, 100])
async def test_open_policy__without_cache__decides_the_same(cached):
    """The cache is a matter of speed only."""
    policy = await opened(Federation(), cached_decisions=cached)
    assert (await policy.engine.decide(question())).allow

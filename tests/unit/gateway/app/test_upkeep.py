"""What a node does beside serving: agreements are followed, and no failure of a round ends the work."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.app import upkeep
from policies.agreements import Agreements
from policies.cache import CachingEngine
from schemas.identifiers import ServiceId, SubsystemId

CLIENT = SubsystemId.parse("LM/GOV/MSW/cash-transfer")
BAND = ServiceId.parse("LM/GOV/TAX/income/band")
CANARY = "canary-7310000001"
TEXT = f"""\
id: msw-tax
version: 1
client: {CLIENT}
provider: {BAND.provider}
status: active
valid_from: 2026-01-01
valid_until: 2027-01-01
services:
  - service: {BAND}
    purposes: [eligibility]
    legal_bases: [public_task]
    fields: [income_band]
"""


@dataclass
class Forgetful:
    """A cache of decisions, as far as the upkeep looks at it."""

    forgotten: int = 0

    def forget(self) -> None:
        """As the real one."""
        self.forgotten += 1


@dataclass
class Following:
    """A running round of work, over one folder of agreements."""

    folder: Path
    agreements: Agreements
    policy: Any = field(default_factory=Forgetful)

    @property
    def status(self) -> str | None:
        """Of the one agreement, as it is in force now."""
        found = self.agreements.find(CLIENT, BAND)
        return found.status if found else None

    def write(self, text: str, name: str = "msw-tax.yaml") -> None:
        """Replace a file, as an operator would."""
        new = self.folder / "new"
        new.write_text(text)
        new.rename(self.folder / name)


@asynccontextmanager
async def _follow(folder: Path):
    """Agreements that a node follows."""
    (folder / "msw-tax.yaml").write_text(TEXT)
    followed = Following(folder, Agreements.load(folder))
    node = SimpleNamespace(agreements=SimpleNamespace(files=followed.agreements), policy=followed.policy)
    work = asyncio.create_task(upkeep._follow_agreement_files(node))
    await asyncio.sleep(0)
    yield followed
    assert not work.done()
    work.cancel()


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch):
    monkeypatch.setattr(upkeep, "CachingEngine", Forgetful)


@pytest.fixture
async def following(tmp_path, monkeypatch):
    """Agreements that are followed, fifty times faster than by a node."""
    monkeypatch.setattr(upkeep, "FOLLOW_EVERY_S", 0.02)
    async with _follow(tmp_path) as followed:
        yield followed


async def _within(seconds: float, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in time"
        await asyncio.sleep(0.02)


async def test_agreements__file_changed__in_force_within_two_seconds(tmp_path):
    """A suspended agreement ends access without a restart, at a node's own pace; decisions cached before are void."""
    async with _follow(tmp_path) as following:
        following.write(TEXT.replace("status: active", "status: suspended"))
        await _within(2, lambda: following.status == "suspended")
        assert following.policy.forgotten == 1


async def test_agreements__file_added_and_removed__followed(tmp_path, following):
    """A withdrawn file is a withdrawn agreement."""
    (tmp_path / "msw-tax.yaml").unlink()
    await _within(2, lambda: following.status is None)
    following.write(TEXT)
    await _within(2, lambda: following.status == "active")
    assert following.policy.forgotten == 2


@pytest.mark.parametrize(
    "broken",
    [
        TEXT.replace("status: active", f"status: {CANARY}"), TEXT.replace("version: 1", f"version: [{CANARY}]"),
        TEXT.replace("2027-01-01", CANARY), TEXT + f"    fields: [{CANARY}\n", TEXT + f"{CANARY}: : x\n",
        TEXT.replace(str(CLIENT), f"LM/{CANARY}"),
        TEXT.replace("[income_band]", f"{{a: {CANARY}}}"), f"{CANARY}\x00", "",
    ],
    ids=["value", "type", "date", "bracket", "colons", "identifier", "mapping", "nul", "empty"],
)  # fmt: skip
async def test_agreements__file_broken__last_good_set_and_no_content_in_the_log(caplog, following, broken):
    """The log names the file and not what stands in it; once it is mended, it counts again."""
    with caplog.at_level(logging.DEBUG):
        following.write(broken)
        await _within(2, lambda: bool(caplog.records))
    assert (following.status, following.policy.forgotten) == ("active", 0)
    assert "msw-tax.yaml" in caplog.text
    assert CANARY not in caplog.text
    assert len(caplog.records) == 1
    following.write(TEXT.replace("version: 1", "version: 2"))
    await _within(2, lambda: following.agreements.find(CLIENT, BAND).version == 2)


async def test_agreements__nothing_changed__nothing_forgotten(following):
    """A file that was only touched empties no cache."""
    following.write(TEXT)
    await asyncio.sleep(0.2)
    assert following.policy.forgotten == 0


async def test_quietly__failure__named_by_its_class_only(caplog):
    """What a database says about a failure may quote a row."""

    async def fails() -> None:
        raise ValueError(CANARY)

    await upkeep._quietly(fails(), "publishing a checkpoint")
    assert "publishing a checkpoint failed: ValueError" in caplog.text
    assert CANARY not in caplog.text


async def test_purge__one_part_fails__the_other_is_still_done(monkeypatch):
    """A round goes on, and so do the rounds after it."""
    monkeypatch.setattr(upkeep, "PURGE_EVERY_S", 0.01)
    rounds: list[int] = []

    class Log:
        async def purge_replays(self, now: int) -> None:
            raise OSError

    async def close(log: Log) -> int:
        rounds.append(1)
        raise OSError

    monkeypatch.setattr(upkeep, "close_unfinished", close)
    work = asyncio.create_task(upkeep._purge(SimpleNamespace(log=Log())))
    await _within(2, lambda: len(rounds) >= 3)
    work.cancel()


def test_forget__is_what_the_caching_engine_has():
    """The stand-in above has the real one's only word."""
    assert callable(CachingEngine.forget)

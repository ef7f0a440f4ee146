"""`/health/ready` says why a source cannot be asked, so that an operator sees it without asking the source."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from adapters.opening import open_source
from gateway.app.hosting import HostedSources
from schemas.outcome import Match
from tests.unit.adapters.kinds.file.dropping import DAY, GOOD, Dropped
from tests.unit.adapters.small_source import ask, sql_source


async def test_health__view_drifted__the_cause_is_told(tmp_path: Path) -> None:
    """Which column is gone, and no value of any."""
    source = sql_source(tmp_path)
    adapter = open_source(source)
    await adapter.open()
    hosted = HostedSources({source.id: adapter}, {}, {})
    well = (await hosted.health())[source.id]
    with closing(sqlite3.connect(tmp_path / "register.db")) as database:
        database.execute("DROP VIEW v_status")
        database.execute("CREATE VIEW v_status AS SELECT nid, status FROM t_status")
        database.commit()
    ill = (await hosted.health())[source.id]
    await adapter.close()

    assert (well.ready, well.state, well.facts) == (True, "available", {})
    assert (ill.ready, ill.state) == (False, "misbehaving")
    assert "has no column" in ill.facts["cause"]


async def test_health__file_under_quarantine__told_while_the_older_one_answers(tmp_path: Path) -> None:
    """A gateway that goes on with old data says so."""
    dropped = Dropped(tmp_path)
    dropped.drop(GOOD)
    await dropped.open()
    dropped.drop("NID,STATUS,NAME\nCANARY\n", "people_20260201.csv")
    await dropped.look()
    adapter = open_source(dropped.source, kind=dropped.kind)
    told = (await HostedSources({"attendance": adapter}, {}, {}).health())["attendance"]
    answered = await adapter.fetch(ask("status", "1000000017", "status"))
    await dropped.kind.close()

    assert answered == Match({"status": "approved"}, DAY)
    assert not told.ready
    assert "line 2" in told.facts["cause"]
    assert "CANARY" not in str(told)


async def test_health__several_sources_slow__asked_at_once(tmp_path: Path) -> None:
    """Twenty sources that are down must not keep the page for twenty deadlines."""
    met = asyncio.Barrier(3)

    async def slow() -> None:
        async with asyncio.timeout(5):
            await met.wait()

    source = sql_source(tmp_path)
    adapters = {}
    for name in ("a", "b", "c"):
        adapters[name] = open_source(source)
        adapters[name].health = slow  # type: ignore[method-assign]
    assert {one.ready for one in (await HostedSources(adapters, {}, {}).health()).values()} == {True}

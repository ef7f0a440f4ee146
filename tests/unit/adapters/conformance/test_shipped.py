"""Every starter file keeps all twenty rules, or says why one does not apply."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.conformance.running import examine_file
from adapters.conformance.verdict import Report
from adapters.shipped import shipped_sources

PATHS = list(shipped_sources())

pytestmark = pytest.mark.timeout(600)  # the first test waits for all reports


@pytest.fixture(scope="module")
def reports() -> Mapping[Path, Report]:
    """The reports of all files, made a few at a time."""

    async def all_of_them() -> dict[Path, Report]:
        places = asyncio.Semaphore(4)

        async def one(path: Path) -> tuple[Path, Report]:
            async with places:
                return path, await examine_file(path)

        return dict(await asyncio.gather(*map(one, PATHS)))

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_starter_file__is_gold(path: Path, reports: Mapping[Path, Report]) -> None:
    """No check fails, and no exemption is claimed for a rule that is kept."""
    report = reports[path]
    assert [f"{one.check.number} {one.check.name}: {one.why}" for one in report.failed] == []
    assert [one.check.number for one in report.verdicts if one.unfounded] == []

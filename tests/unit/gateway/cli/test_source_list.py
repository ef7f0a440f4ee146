"""`isthmus source list`: last test, staged files, health."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from adapters.kinds.file.reader import File
from gateway.app.hosting import load_sources, room_of
from gateway.settings import Settings, load
from tests.unit.gateway.cli.conftest import SOURCE, Isthmus

PUPILS = """id: pupils
title: Pupils
kind: file
owner: {contact: office}
subsystem: LM/GOV/MSW/cash-transfer
connection:
  drop: {folder: "%s"}
  every_s: 60
  files:
    pupils:
      name: "pupils_{date:%%Y%%m%%d}.csv"
      format: {kind: csv, encoding: utf-8, delimiter: ","}
      finished: renamed
      as_of: name
      max_age_h: 87600
services:
  pupils:
    title: Pupils
    canonical: person/1
    subject: {national_id: {pattern: "[0-9]{10}"}}
    from: pupils
    where: {nid: $national_id}
    map: {national_id: nid}
tests:
  - {service: pupils, given: {national_id: "0000000000"}, expect: not_found}
"""


def only(said: object) -> dict[str, object]:
    """The one source of a list."""
    (source,) = said.json["sources"]  # type: ignore[attr-defined]
    found: dict[str, object] = source
    return found


async def staged(settings: Settings) -> None:
    """Let the gateway look at its drop folder until it has used one file and refused another."""
    (source,) = load_sources(settings)
    room = room_of(source, settings)
    assert room is not None
    kind = File(source, room)
    await kind.open()
    for _ in range(400):
        about, bad = kind.staged(room)["pupils"]
        if about is not None and bad:
            break
        await asyncio.sleep(0.05)
    await kind.close()


def test_list__registered__tier_of_its_test_until_the_file_changes(
    isthmus: Isthmus, copied: Path, tmp_path: Path
) -> None:
    """A tier is of the file that was tested, and of no other."""
    (copied.parent / "sources" / "programme_mis.yaml").unlink()
    assert isthmus("source", "register", SOURCE, copied).code == 0
    tested = only(isthmus("source", "list", copied, "--json"))["tested"]
    assert isinstance(tested, dict)
    assert tested["tier"] == "gold"
    with (copied.parent / "sources" / "cash-transfer.yaml").open("a") as file:
        file.write("# changed\n")
    assert only(isthmus("source", "list", copied, "--json"))["tested"] is None
    assert "untested" in isthmus("source", "list", copied).out
    assert isthmus("source", "test", "--all", "--settings", copied).code == 0
    assert "gold" in isthmus("source", "list", copied).out


def test_list__health__asked_only_when_wanted(
    isthmus: Isthmus, copied: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A list never waits for a system; with --health it says which one is down."""
    assert only(isthmus("source", "list", copied, "--json"))["health"] is None
    assert only(isthmus("source", "list", copied, "--health", "--json"))["health"] == "ok"
    monkeypatch.setenv("LUMERIA_CASH_TRANSFER_DSN", f"sqlite:///{tmp_path / 'gone.db'}")
    assert str(only(isthmus("source", "list", copied, "--health", "--json"))["health"]).startswith(
        "unavailable"
    )


def test_list__dropped_files__day_and_rows_of_what_is_staged(
    isthmus: Isthmus, copied: Path, tmp_path: Path
) -> None:
    """What the gateway staged is told: which file, of which day, and which one it does not use."""
    (copied.parent / "sources" / "programme_mis.yaml").unlink()
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "pupils_20261001.csv").write_text("nid\n1000000017\n1000000025\n")
    (drop / "pupils_20261101.csv").write_text("other\n1000000017\n")
    (copied.parent / "sources" / "pupils.yaml").write_text(PUPILS % drop)
    settings = yaml.safe_load(copied.read_text())
    copied.write_text(yaml.safe_dump(settings | {"staging": str(tmp_path / "staging")}))
    asyncio.run(staged(load(copied)))
    (file,) = only(isthmus("source", "list", copied, "--json"))["staged"]  # type: ignore[misc]
    assert (file["name"], file["rows"]) == ("pupils_20261001.csv", 2)
    assert "pupils_20261101.csv" in file["bad"]
    assert "of 2026-10-01" in isthmus("source", "list", copied).out

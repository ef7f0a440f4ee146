"""Answers from dropped files: whole ones only, of their own day, and never a guess."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from pathlib import Path

from adapters.kinds.file.staging import Layout, Staged
from adapters.kinds.file.watching import Watcher
from adapters.room import Room
from schemas.outcome import Ambiguous, Match, Misbehaving, NotFound, Unavailable
from tests.unit.adapters.kinds.file.conftest import Opening
from tests.unit.adapters.kinds.file.dropping import DAY, DELTAS, GOOD, KEY, NAME


async def test_fetch__staged__match_of_the_files_day(dropped: Opening):
    """An answer vouches for the day of the file, not for today."""
    source = await dropped(**{NAME: GOOD})

    assert await source.ask("1000000017") == Match({"status": "approved"}, DAY)
    assert await source.ask("9999999999") == NotFound(DAY)
    assert await source.kind.health() is None


async def test_fetch__nothing_dropped__unavailable_and_not_absent(dropped: Opening):
    """No file says nothing about a person."""
    source = await dropped()

    assert isinstance(await source.ask("1000000017"), Unavailable)
    assert isinstance(await source.kind.health(), Unavailable)


async def test_fetch__two_rows__ambiguous(dropped: Opening):
    """The first of several rows is never chosen."""
    source = await dropped(**{NAME: GOOD + "1000000017,P,Ilva\n"})

    assert await source.ask("1000000017") == Ambiguous(2, DAY)


async def test_fetch__injection_in_the_selector__finds_nobody(dropped: Opening):
    """A value is only ever compared by its tag."""
    source = await dropped(**{NAME: GOOD})

    for value in ("' OR 1=1 --", "1000000017\0", "%", "*", "NID\x001000000017", "é" * 10):
        assert await source.ask(value) == NotFound(DAY)


async def test_fetch__file_too_old__unavailable(dropped: Opening):
    """Beyond `max_age_h` old data is not given out as an answer."""
    changes = ("as_of: name", "as_of: name\n      max_age_h: 24")
    source = await dropped(changes, **{NAME: GOOD})

    assert await source.ask("1000000017") == Unavailable(
        "the newest file is older than its `max_age_h` allows"
    )
    assert isinstance(await source.kind.health(), Unavailable)
    source.drop(GOOD, time.strftime("people_%Y%m%d.csv", time.gmtime()))
    await source.look()
    assert isinstance(await source.ask("1000000017"), Match)


async def test_look__newer_file__takes_the_place_of_the_old_one(dropped: Opening):
    """The newest whole file is the one that is read; an older one dropped late changes nothing."""
    source = await dropped(**{NAME: GOOD})
    source.drop(GOOD.replace(",A,", ",P,"), "people_20260301.csv")
    await source.look()
    assert await source.ask("1000000017") == Match({"status": "pending"}, 1772323200)

    source.drop(GOOD, "people_20260201.csv")
    await source.look()

    assert await source.ask("1000000017") == Match({"status": "pending"}, 1772323200)


async def test_look__bad_file__never_replaces_a_good_one(dropped: Opening):
    """A newer file with a fault is named with its line, and the good one stays."""
    source = await dropped(**{NAME: GOOD})
    source.drop(GOOD + "CANARY,A\n", "people_20260201.csv")
    await source.look()

    assert await source.ask("1000000017") == Match({"status": "approved"}, DAY)
    assert source.reasons == {"people_20260201.csv": "line 4: 2 fields where the header has 3"}
    health = await source.kind.health()
    assert health == Misbehaving(
        "the file 'people_20260201.csv' is not used: line 4: 2 fields where the header has 3"
    )


async def test_look__bad_file_dropped_anew__is_taken(dropped: Opening):
    """The owner cures a bad file by dropping it again."""
    source = await dropped(**{NAME: GOOD + "x\n"})
    assert source.reasons
    source.drop(GOOD)
    await source.look()

    assert source.reasons == {}
    assert isinstance(await source.ask("1000000017"), Match)


async def test_look__column_went_away__refused(dropped: Opening):
    """A file without a mapped column is not the file that was agreed."""
    source = await dropped(**{NAME: "NID,NAME\n1000000017,Ilva\n"})

    assert source.reasons == {NAME: "line 1: the header has no column STATUS"}
    assert isinstance(await source.ask("1000000017"), Misbehaving)


async def test_look__file_of_a_day_to_come__refused(dropped: Opening):
    """A wrong year would keep an old file fresh for ever."""
    source = await dropped(**{"people_21260101.csv": GOOD})

    assert source.reasons == {"people_21260101.csv": "it says that it is of a day to come"}


async def test_look__link_in_the_folder__is_not_followed(dropped: Opening, tmp_path: Path):
    """A link in the drop folder could lead to any file of the gateway."""
    outside = tmp_path / "outside.csv"
    outside.write_text(GOOD)
    source = await dropped()
    (source.folder / NAME).symlink_to(outside)
    os.mkfifo(source.folder / "people_20260102.csv")
    (source.folder / "people_20260103.csv").mkdir()
    await source.look()

    assert isinstance(await source.ask("1000000017"), Unavailable)
    assert source.reasons == {}


async def test_look__file_without_its_mark__is_not_read(dropped: Opening):
    """`done`: a file is whole when its mark lies beside it."""
    source = await dropped(("finished: renamed", "finished: done"), **{NAME: GOOD})
    assert isinstance(await source.ask("1000000017"), Unavailable)
    source.drop("", NAME + ".done")
    await source.look()

    assert isinstance(await source.ask("1000000017"), Match)


async def test_look__file_still_growing__is_not_read(dropped: Opening):
    """`stable`: a file that changed between two looks is not whole."""
    source = await dropped(("finished: renamed", "finished: stable\n      stable_s: 2"))
    for end in (20, 30, None):
        source.drop(GOOD[:end])
        await source.look()
        assert isinstance(await source.ask("1000000017"), Unavailable)
    await asyncio.sleep(2.1)
    await source.look()

    assert isinstance(await source.ask("1000000017"), Match)


async def test_look__manifest_says_another_digest__refused(dropped: Opening):
    """A checksum is looked at before a byte is used."""
    source = await dropped(
        ("finished: renamed", "finished: manifest"),
        **{NAME: GOOD, NAME + ".sha256": "0" * 64 + "  " + NAME + "\n"},
    )

    assert source.reasons == {NAME: "its SHA-256 is not the one of its manifest"}


async def test_staging__rows_on_disk__hold_no_value_in_clear(dropped: Opening):
    """What is staged is sealed, also the identifiers; columns that nobody maps are not there at all."""
    source = await dropped(**{NAME: GOOD})
    kept = b"".join(path.read_bytes() for path in source.room.folder.rglob("*") if path.is_file())

    assert isinstance(await source.ask("1000000017"), Match)
    for value in (b"1000000017", b"Ilva", b"NID", b"approved"):
        assert value not in kept
    assert all(path.stat().st_mode & 0o077 == 0 for path in (source.room.folder / "attendance").rglob("*"))


async def test_staging__another_key__is_imported_again(dropped: Opening, tmp_path: Path):
    """Without the key, staged rows are noise."""
    await dropped(**{NAME: GOOD})
    layout = Layout(("NID", "STATUS"), ("NID",))
    room = Room(tmp_path / "staging", b"z" * 32).below("attendance")

    assert Staged(room, "people", layout).find({"NID": "1000000017"}, 2) is None
    assert Staged(Room(tmp_path / "staging", KEY).below("attendance"), "people", layout).about()


async def test_staging__reader_in_flight__goes_on_with_its_version(dropped: Opening):
    """A version never changes under who reads it, and the next question sees the new one."""
    source = await dropped(**{NAME: GOOD})
    connection = sqlite3.connect(source.room.folder / "attendance" / "people.staged")
    rows = connection.execute("SELECT count(*) FROM rows")
    source.drop("NID,STATUS\n1000000017,P\n", "people_20260201.csv")
    await source.look()

    assert rows.fetchone() == (2,)
    assert connection.execute("SELECT count(*) FROM rows").fetchone() == (2,)
    connection.close()
    assert await source.ask("1000000017", "status") == Match({"status": "pending"}, 1769904000)


async def test_look__another_worker_is_looking__passes(dropped: Opening):
    """Of all workers one imports; the others read what it staged."""
    source = await dropped(**{NAME: GOOD})
    watcher = source.kind._watcher
    assert isinstance(watcher, Watcher)
    second = type(source)(source.folder.parent)
    await second.kind.open()
    try:
        assert isinstance(await second.ask("1000000017"), Match)
    finally:
        await second.close()


async def test_delta__changes_and_tombstones__in_their_order(dropped: Opening):
    """Deltas change rows by key, one after the other; a deleted row is not found."""
    source = await dropped(
        DELTAS,
        **{
            "full_1_20260101.csv": "NID,STATUS,ACTION\n1,A,\n2,A,\n3,A,\n",
            "delta_3_20260103.csv": "NID,STATUS,ACTION\n2,P,U\n4,P,U\n",
            "delta_2_20260102.csv": "NID,STATUS,ACTION\n1,P,U\n2,A,D\n",
        },
    )

    day = 1767398400
    assert await source.ask("1") == Match({"status": "pending"}, day)
    assert await source.ask("2") == Match({"status": "pending"}, day)
    assert await source.ask("4") == Match({"status": "pending"}, day)
    source.drop("NID,STATUS,ACTION\n3,,D\n", "delta_4_20260104.csv")
    await source.look()
    assert await source.ask("3") == NotFound(1767484800)


async def test_delta__one_is_missing__the_later_ones_wait(dropped: Opening):
    """A gap in the numbers stops everything behind it."""
    source = await dropped(
        DELTAS,
        **{
            "full_1_20260101.csv": "NID,STATUS,ACTION\n1,A,\n",
            "delta_3_20260103.csv": "NID,STATUS,ACTION\n1,P,U\n",
        },
    )
    assert await source.ask("1") == Match({"status": "approved"}, DAY)
    source.drop("NID,STATUS,ACTION\n5,A,U\n", "delta_2_20260102.csv")
    await source.look()

    assert await source.ask("1") == Match({"status": "pending"}, 1767398400)


async def test_delta__a_bad_one__holds_up_the_next(dropped: Opening):
    """What follows a bad file was written on top of it."""
    dates = DELTAS[1].replace("{sequence}_", "")
    source = await dropped(
        (DELTAS[0], dates),
        **{
            "full_20260101.csv": "NID,STATUS,ACTION\n1,A,\n",
            "delta_20260102.csv": "NID,STATUS,ACTION\n1,P\n",
            "delta_20260103.csv": "NID,STATUS,ACTION\n1,P,U\n",
        },
    )

    assert await source.ask("1") == Match({"status": "approved"}, DAY)
    assert list(source.reasons) == ["delta_20260102.csv"]


async def test_delta__content_of_an_earlier_one__is_taken(dropped: Opening):
    """Small deltas repeat themselves: who was suspended in between is approved again."""
    first = "NID,STATUS,ACTION\n1,P,U\n"
    source = await dropped(
        DELTAS,
        **{
            "full_1_20260101.csv": "NID,STATUS,ACTION\n1,A,\n",
            "delta_2_20260102.csv": first,
            "delta_3_20260103.csv": "NID,STATUS,ACTION\n1,A,U\n",
            "delta_4_20260104.csv": first,
        },
    )

    assert await source.ask("1") == Match({"status": "pending"}, 1767484800)


async def test_delta__key_twice__refused(dropped: Opening):
    """Which of two rows would count is not guessed."""
    source = await dropped(
        DELTAS,
        **{
            "full_1_20260101.csv": "NID,STATUS,ACTION\n1,A,\n",
            "delta_2_20260102.csv": "NID,STATUS,ACTION\n1,P,U\n1,A,U\n",
        },
    )

    assert source.reasons == {"delta_2_20260102.csv": "line 3: the key stands twice in one delta"}
    assert await source.ask("1") == Match({"status": "approved"}, DAY)

"""The sector systems' data: each in its own shape, with its own codes, and what is labelled."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
from hijridate import Hijri

from examples.lumeria.country import ATTENDANCE_THRESHOLD, DISTRICTS, SYSTEMS, data_of
from examples.lumeria.geography import bounds, outline, plot
from examples.lumeria.names import in_second_script
from tests.unit.examples.sandbox import Sandbox

System = Callable[[str], httpx.Client]


def _csv(sandbox: Sandbox, name: str) -> list[dict[str, str]]:
    text = (sandbox.folder / "education" / name).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def _labelled(sandbox: Sandbox, kind: str, registry: str) -> set[str]:
    labels = (label for label in sandbox.labels if (label["kind"], label["registry"]) == (kind, registry))
    return {label["national_id"] for label in labels}


def test_generate__every_system__has_data(sandbox: Sandbox) -> None:
    """What a system serves is there, under the name that `serve` looks for."""
    assert all(data_of(system, sandbox.folder).exists() for system in SYSTEMS)


def test_pension__dates__are_hijri_and_mean_the_true_day(sandbox: Sandbox) -> None:
    """The pensioner's start date, read back from the Hijri calendar, is the true one; an amount is in hundredths."""
    national_id = sandbox.story["pensioner"]["national_id"]
    (row,) = sandbox.rows("pension", "SELECT * FROM V_SP_PENSIONS WHERE NAT_NO = ?", national_id)
    year, month, day = map(int, row["FROM_H"].split("/"))
    pensions = sandbox.lumeria.country.sectors.pensions
    truth = next(pension for pension in pensions if pension.national_id == national_id)
    assert Hijri(year, month, day).to_gregorian() == truth.started_on
    assert Decimal(row["AMT_CENTS"]) / 100 == truth.amount
    assert (row["STAT"], row["TO_H"]) == ("A", "0000/00/00")
    assert row["FAM_NAME"].isascii()
    assert row["FAM_NAME"].isupper()


def test_pension__numbers__keep_their_leading_zeros_and_may_be_empty(sandbox: Sandbox) -> None:
    """Seven digits each; who has no national ID has an empty text, as labelled."""
    rows = sandbox.rows("pension", "SELECT PENS_NO, NAT_NO FROM PENSIONERS")
    assert all(len(row["PENS_NO"]) == 7 and row["PENS_NO"].startswith("0") for row in rows)
    assert sum(not row["NAT_NO"] for row in rows) == len(_labelled(sandbox, "national_id_missing", "pension"))


def test_education__manifest__names_every_file_with_its_checksum(sandbox: Sandbox) -> None:
    """`sha256sum -c` holds, and a comment says of which day the drop is."""
    folder = sandbox.folder / "education"
    first, *lines = (folder / "SHA256SUMS").read_text().splitlines()
    assert first == "# as_of: 2026-06-30"
    named = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert set(named) == {path.name for path in folder.glob("*.csv")}
    for name, digest in named.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_education__labels__are_what_the_files_show(sandbox: Sandbox) -> None:
    """Spoiled school codes lack their zeros and are withdrawn; unreported pupils have no row for June."""
    spoiled = _labelled(sandbox, "leading_zeros_lost", "education")
    shown = {row["national_id"]: row["school_code"] for row in _csv(sandbox, "pupils_20260630.csv")}
    assert spoiled
    assert {nid for nid, code in shown.items() if len(code) < 6} == spoiled
    changes = _csv(sandbox, "attendance_changes_20260630.csv")
    assert {row["national_id"] for row in changes if row["action"] == "D"} == spoiled
    reported = {row["national_id"] for row in changes if row["action"] == "U"}
    unreported = _labelled(sandbox, "attendance_not_reported", "education")
    assert unreported
    assert not unreported & reported
    assert unreported <= shown.keys()


def test_story__pupils__lie_on_both_sides_of_the_threshold(sandbox: Sandbox) -> None:
    """One fulfils the condition of the grant in every month, the other in none."""
    assert min(sandbox.story["pupil"]["attendance"].values()) >= ATTENDANCE_THRESHOLD
    assert max(sandbox.story["truant"]["attendance"].values()) < ATTENDANCE_THRESHOLD


def test_insurance__policies__are_held_by_heads_alone(sandbox: Sandbox) -> None:
    """A dependant shares a family with the policy's head and holds none."""
    insurance = sandbox.story["insurance"]
    query = """
        SELECT i.national_id, i.is_head, (SELECT COUNT(*) FROM policies p WHERE p.head = i.chf_id) AS policies
        FROM insurees i WHERE i.family = (SELECT family FROM insurees WHERE national_id = ?)
    """
    rows = {row["national_id"]: row for row in sandbox.rows("insurance", query, insurance["head"])}
    assert set(rows) == {insurance["head"], *insurance["dependants"]}
    assert {nid for nid, row in rows.items() if row["policies"]} == {insurance["head"]}
    assert {nid for nid, row in rows.items() if row["is_head"]} == {insurance["head"]}


def test_cadastre__parcels__lie_in_their_district_and_apart(sandbox: Sandbox) -> None:
    """No outline leaves its district, and no two have the same place."""
    rows = sandbox.rows("cadastre", "SELECT * FROM parcels")
    for row in rows:
        west, south, east, north = bounds(row["district"])
        assert west <= row["west"] < row["east"] <= east
        assert south <= row["south"] < row["north"] <= north
    assert len({(row["west"], row["south"]) for row in rows}) == len(rows)
    shares: dict[str, list[str]] = {}
    for right in sandbox.rows("cadastre", "SELECT parcel_no, share FROM rights"):
        shares.setdefault(right["parcel_no"], []).append(right["share"])
    assert all(each == [f"1/{len(each)}"] * len(each) for each in shares.values())


def test_geography__rings__are_closed_and_counter_clockwise() -> None:
    """As GeoJSON has outer rings."""
    for ring in (outline(DISTRICTS[4].code), plot(DISTRICTS[4].code, 7)):
        assert ring[0] == ring[-1]
        assert sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in itertools.pairwise(ring)) < 0


def test_payments__undelivered__is_booked_as_paid_by_the_programme(sandbox: Sandbox) -> None:
    """The label's contradiction: failed at the platform, listed as the last payment at the MIS."""
    paid = {
        row["national_id"]: row["last_payment_on"]
        for row in sandbox.rows("cash-transfer", "SELECT national_id, last_payment_on FROM v_sp_benefits")
    }
    failed = sandbox.rows("payments", "SELECT * FROM transfers WHERE error_code = '3204'")
    undelivered = _labelled(sandbox, "payment_undelivered", "cash-transfer")
    assert failed
    assert {row["payee_id"] for row in failed} <= undelivered
    assert all(paid[row["payee_id"]] == row["started_at"][:10] for row in failed)


def test_payments__story__is_sent_failed_and_reconciled(sandbox: Sandbox) -> None:
    """One transfer of each state; what is reconciled stands on a later bank statement."""
    story: dict[str, Any] = sandbox.story["payments"]
    assert [story[word]["status"] for word in ("sent", "failed", "reconciled")] == [
        "IN_PROGRESS",
        "FAILED",
        "COMPLETED",
    ]
    assert story["reconciled"]["reconciled_on"] > story["reconciled"]["completed_at"][:10]
    assert story["failed"]["error"]


def test_names__second_script__runs_from_right_to_left(sandbox: Sandbox) -> None:
    """Registries that keep it write every name in it; two spellings of a name become one."""
    rows = sandbox.rows("national-id", "SELECT full_name, native_name FROM persons LIMIT 200")
    assert all(row["native_name"] == in_second_script(row["full_name"]) for row in rows)
    assert not any(letter.isascii() and letter.isalpha() for row in rows for letter in row["native_name"])
    assert in_second_script("Élira") == in_second_script("Elira")


def test_response__codes__are_its_own(sandbox: Sandbox) -> None:
    """Districts are p-codes, items two words, and a first of January is marked as estimated."""
    rows = sandbox.rows("response", "SELECT * FROM registrations")
    assert {row["p_code"][:3] for row in rows} == {"LUM"}
    assert all(row["birth_estimated"] == row["birth_date"].endswith("-01-01") for row in rows)
    items = sandbox.rows("response", "SELECT DISTINCT item FROM v_sp_assistance")
    assert {row["item"] for row in items} == {"KIT", "CASH"}

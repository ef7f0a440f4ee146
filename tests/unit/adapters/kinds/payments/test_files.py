"""Kind `payments` over a bank's files: believed as a whole or not at all, and compared with what was sent."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.kinds.file.bad import BadFile
from adapters.kinds.payments.iso20022 import rows_of
from adapters.kinds.payments.reconciling import Staged, reconciliation
from adapters.room import Room
from adapters.yaml_lines import load
from schemas.outcome import Match, Misbehaving, NotFound, Unavailable
from tests.unit.adapters.kinds.payments.payments_source import FOLDER, dropped, look_up

CASES = load(FOLDER / "fixtures" / "iso20022_files.yaml").value["cases"]
FILES: dict[str, str] = CASES[0]["drop"]
STATEMENT = "camt053_20261005_1.xml"
ONE = "CCT-2026-10-000412"


def statement(*entries: tuple[str, str, str, str], summary: str = "") -> str:
    """A statement: reference, amount, direction, status of each entry."""
    listed = "".join(
        f'<Ntry><Amt Ccy="LMD">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>'
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
        for reference, amount, way, status in entries
    )
    space = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
    return (
        f'<Document xmlns="{space}"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>'
        f"<Stmt><Id>S</Id>{summary}{listed}</Stmt></BkToCstmrStmt></Document>"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<NbOfTxs>4</NbOfTxs>", "<NbOfTxs>5</NbOfTxs>"),
        ("<CtrlSum>180.00</CtrlSum>", "<CtrlSum>180.01</CtrlSum>"),
        ("<CtrlSum>180.00</CtrlSum>", "<CtrlSum>1.8e2</CtrlSum>"),
        ('<InstdAmt Ccy="LMD">45.00', '<InstdAmt Ccy="LMD">45,00'),
        ('<InstdAmt Ccy="LMD">45.00', "<InstdAmt>45.00"),
        (ONE, "CCT-2026-10-000413"),
        (ONE, "NOTPROVIDED"),
        ("pain.001.001.09", "pain.001.001.99"),
        ("pain.001.001.09", "pain.008.001.02"),
        ("<GrpHdr>", "<GrpHdr/><GrpHdr>"),
        ("CstmrCdtTrfInitn", "CstmrPmtStsRpt"),
        ("<Document", "<!DOCTYPE d [<!ENTITY x 'y'>]><Document"),
        ("</Document>", ""),
    ],
)
def test_orders__anything_wrong__the_whole_file_is_refused(old: str, new: str):
    """No half of a batch, no guess at an amount, no version that nobody has read."""
    text = FILES["pain001_20261004_1.xml"]
    assert old in text
    changed = text.replace(old, new, -1 if old == "CstmrCdtTrfInitn" else 1)
    with pytest.raises(BadFile) as error:
        rows_of(changed.split("?>", 1)[-1].encode(), "pain.001")
    assert not any(value in str(error.value) for value in (ONE, "45.00", "CANARY"))


@pytest.mark.parametrize(
    "summary",
    [
        "<TtlNtries><NbOfNtries>3</NbOfNtries></TtlNtries>",
        "<TtlNtries><Sum>11.00</Sum></TtlNtries>",
        "<TtlDbtNtries><NbOfNtries>2</NbOfNtries><Sum>10.00</Sum></TtlDbtNtries>",
        "<TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>4.01</Sum></TtlCdtNtries>",
    ],
)
def test_statement__summary_of_other_entries__refused(summary: str):
    """All entries, credits and debits each have their own totals."""
    entries = [("A", "6.00", "DBIT", "BOOK"), ("B", "4.00", "CRDT", "BOOK")]
    right = "<TtlNtries><NbOfNtries>2</NbOfNtries><Sum>10.00</Sum></TtlNtries>"
    assert (
        len(rows_of(statement(*entries, summary=f"<TxsSummry>{right}</TxsSummry>").encode(), "camt.053")) == 2
    )
    with pytest.raises(BadFile):
        rows_of(statement(*entries, summary=f"<TxsSummry>{summary}</TxsSummry>").encode(), "camt.053")


@pytest.mark.parametrize(
    "bad", [("A", "6.00", "DBIT", "ABCD"), ("A", "6.00", "BOTH", "BOOK"), ("A", "", "DBIT", "BOOK")]
)
def test_statement__entry_nobody_understands__refused(bad: Any):
    """A status or direction of another kind is never taken for a payment."""
    with pytest.raises(BadFile):
        rows_of(statement(bad).encode(), "camt.053")


def test_statement__paid_twice_or_returned__one_row_that_says_so():
    """Bookings add up, a return outweighs them, information is no booking."""
    rows = rows_of(
        statement(
            ("A", "6.00", "DBIT", "BOOK"), ("A", "6.00", "DBIT", "BOOK"), ("B", "1.00", "DBIT", "BOOK"),
            ("B", "1.00", "CRDT", "BOOK"), ("C", "2.00", "DBIT", "PDNG"), ("D", "3.00", "DBIT", "INFO"),
        ).encode(),
        "camt.053",
    )  # fmt: skip
    assert {row["end_to_end_id"]: (row["status"], row["amount"], row["entries"]) for row in rows} == {
        "A": ("BOOKED", "12.00", 2),
        "B": ("RETURNED", "1.00", 1),
        "C": ("PENDING", "2.00", 1),
    }


@pytest.mark.parametrize(
    ("order", "word", "expected"),
    [
        (
            {"amount": "45.00", "currency": "LMD"},
            {"amount": "45", "currency": "LMD", "entries": 1},
            "matched",
        ),
        (
            {"amount": "45.00", "currency": "LMD"},
            {"amount": "45.01", "currency": "LMD", "entries": 1},
            "differing",
        ),
        (
            {"amount": "45.00", "currency": "LMD"},
            {"amount": "45.00", "currency": "USD", "entries": 1},
            "differing",
        ),
        (
            {"amount": "45.00", "currency": "LMD"},
            {"amount": "45.00", "currency": "LMD", "entries": 2},
            "differing",
        ),
        (
            {"amount": "45.00", "currency": "LMD"},
            {"amount": None, "currency": None, "entries": None},
            "matched",
        ),
        ({"amount": "45.00", "currency": "LMD"}, None, "missing"),
        (None, {"amount": "45.00", "currency": "LMD", "entries": 1}, "unexpected"),
    ],
)
def test_reconciliation__every_pair__one_word(order: Any, word: Any, expected: str):
    """Amounts are compared as decimals."""
    assert reconciliation(order, word) == expected
    assert Decimal(45) == Decimal("45.00")


async def test_statements__of_two_days__add_up(tmp_path: Path):
    """A later file adds to the earlier ones, and replaces what it says again."""
    drop, rooms = tmp_path / "drop", tmp_path / "rooms"
    drop.mkdir()
    rooms.mkdir()
    second = statement((ONE, "45.00", "CRDT", "BOOK"), ("CCT-2026-10-000414", "45.00", "DBIT", "BOOK"))
    source = dropped(drop, {**FILES, "camt053_20261006_1.xml": second})

    first_day = await look_up(source, "reconciliation", payment_id="CCT-2026-10-000413")
    returned = await look_up(source, "reconciliation", payment_id=ONE)
    late = await look_up(source, "reconciliation", payment_id="CCT-2026-10-000414")

    assert isinstance(first_day, Match)
    assert first_day.record["reconciliation"] == "differing"
    assert isinstance(returned, Match)
    assert returned.record["status"] == "returned"
    assert isinstance(late, Match)
    assert late.record["reconciliation"] == "matched"


async def test_statements__a_bad_one_between__holds_later_ones_up(tmp_path: Path):
    """Nothing is built on top of a day that is not known: what was booked before is still told, and
    nobody says that a payment is missing."""
    drop = tmp_path / "drop"
    drop.mkdir()
    wrong = "<TxsSummry><TtlNtries><Sum>1.00</Sum></TtlNtries></TxsSummry>"
    bad = statement((ONE, "45.00", "CRDT", "BOOK"), summary=wrong)
    late = statement(("CCT-2026-10-000414", "45.00", "DBIT", "BOOK"))
    source = dropped(drop, {**FILES, "camt053_20261006_1.xml": bad, "camt053_20261007_1.xml": late})

    before = await look_up(source, "reconciliation", payment_id=ONE)
    after = await look_up(source, "reconciliation", payment_id="CCT-2026-10-000414")

    assert isinstance(before, Match)
    assert before.record["reconciliation"] == "matched"
    assert before.as_of == 1_791_158_400  # of the last good day, and says so
    assert isinstance(after, Unavailable)


async def test_statement__wrong_control_sum__quarantined_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """The bad file says nothing, also not that a payment is missing; health names it, no log quotes it."""
    caplog.set_level(logging.DEBUG)
    bad = FILES[STATEMENT].replace("<Sum>159.00</Sum>", "<Sum>159.01</Sum>")
    assert bad != FILES[STATEMENT]
    drop = tmp_path / "drop"
    drop.mkdir()
    source = dropped(drop, {**FILES, STATEMENT: bad})
    kind = Staged(source)
    await kind.open()
    try:
        health = await kind.health()
    finally:
        await kind.close()

    assert isinstance(health, Misbehaving)
    assert STATEMENT in health.cause
    assert isinstance(await look_up(source, "reconciliation", payment_id=ONE), Misbehaving)
    assert ONE not in caplog.text
    assert "159.01" not in caplog.text


async def test_staged__on_disk__names_nobody_and_no_reference(tmp_path: Path):
    """Rows are sealed, and payees are not in them."""
    drop, rooms = tmp_path / "drop", tmp_path / "rooms"
    drop.mkdir()
    rooms.mkdir(mode=0o700)
    room = Room(rooms, b"k" * 32)
    kind = Staged(dropped(drop, FILES), room)
    await kind.open()
    for _ in range(100):
        if len(list(rooms.rglob("*.staged"))) == 3:
            break
        await asyncio.sleep(0.05)
    await kind.close()
    kept = b"".join(path.read_bytes() for path in rooms.rglob("*") if path.is_file())

    assert len(list(rooms.rglob("*.staged"))) == 3
    assert not any(word in kept for word in (b"CCT-2026", b"CANARY", b"LMD"))


async def test_payment__that_the_bank_did_not_list__not_found(tmp_path: Path):
    """A group's word is not every payment's."""
    drop = tmp_path / "drop"
    drop.mkdir()
    source = dropped(drop, FILES)

    assert isinstance(await look_up(source, "payment-status", payment_id="CCT-2026-10-000414"), NotFound)

"""ISO 20022 files that an independent implementation writes, in old and new versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.kinds.file.bad import BadFile
from adapters.kinds.payments.iso20022 import rows_of
from tests.iso20022 import Bank, bank

pytestmark = pytest.mark.system

MOMENT = "2026-10-04T08:00:00"
AGENT: dict[str, Any] = {"FinInstnId": {}}
ACCOUNT = {"Id": {"Othr": {"Id": "LM-17"}}}


@pytest.fixture(scope="module")
def write() -> Iterator[Bank]:
    """The package."""
    with bank() as made:
        yield made


def money(amount: str) -> dict[str, Any]:
    """An amount as the classes have it."""
    return {"value": amount, "Ccy": "LMD"}


def orders(day: Any, total: str = "90.10") -> dict[str, Any]:
    """Two orders; how the day is written depends on the version."""
    listed = [
        {
            "PmtId": {"EndToEndId": f"CCT-{number}"},
            "Amt": {"InstdAmt": money("45.05")},
            "Cdtr": {"Nm": "CANARY"},
        }
        for number in (1, 2)
    ]
    payment = {
        "PmtInfId": "P1", "PmtMtd": "TRF", "ReqdExctnDt": day, "Dbtr": {"Nm": "Treasury"},
        "DbtrAcct": ACCOUNT, "DbtrAgt": AGENT, "CdtTrfTxInf": listed,
    }  # fmt: skip
    head = {
        "MsgId": "CCT-2026-10",
        "CreDtTm": MOMENT,
        "NbOfTxs": "2",
        "CtrlSum": total,
        "InitgPty": {},
    }
    return {"CstmrCdtTrfInitn": {"GrpHdr": head, "PmtInf": [payment]}}


@pytest.mark.parametrize(("version", "day"), [("03", "2026-10-05"), ("09", {"Dt": "2026-10-05"})])
def test_orders__of_both_versions__the_same_rows(write: Bank, version: str, day: Any):
    """The day moved one step deeper; amounts keep their digits, and no payee is in a row."""
    rows = rows_of(write(f"pain.001.001.{version}", orders(day)), "pain.001")

    first = rows[0]
    assert (first["end_to_end_id"], first["amount"], first["currency"]) == ("CCT-1", "45.05", "LMD")
    assert first["requested_at"] == "2026-10-05T00:00:00Z"
    assert (rows[-1]["batch_id"], rows[-1]["total"], rows[-1]["amount"]) == ("CCT-2026-10", 2, "90.10")
    assert "CANARY" not in repr(rows)


def test_orders__wrong_control_sum__refused(write: Bank):
    """To the hundredth."""
    with pytest.raises(BadFile, match="control sum"):
        rows_of(write("pain.001.001.09", orders({"Dt": "2026-10-05"}, "90.11")), "pain.001")


@pytest.mark.parametrize("version", ["03", "10"])
def test_statuses__of_both_versions__the_same_rows(write: Bank, version: str):
    """A rejected order with its reason, and the group's own word."""
    told = [
        {"OrgnlEndToEndId": "CCT-1", "TxSts": "ACSC" if version == "10" else "ACSP"},
        {
            "OrgnlEndToEndId": "CCT-2", "TxSts": "RJCT",
            "StsRsnInf": [{"Rsn": {"Cd": "AC04"}}],
            "OrgnlTxRef": {"Amt": {"InstdAmt": money("45.05")}},
        },
    ]  # fmt: skip
    group = {
        "OrgnlMsgId": "CCT-2026-10", "OrgnlMsgNmId": "pain.001.001.09", "OrgnlNbOfTxs": "2",
        "OrgnlCtrlSum": "90.10", "GrpSts": "PART",
    }  # fmt: skip
    report = {
        "GrpHdr": {"MsgId": "S1", "CreDtTm": MOMENT},
        "OrgnlGrpInfAndSts": group,
        "OrgnlPmtInfAndSts": [{"OrgnlPmtInfId": "P1", "TxInfAndSts": told}],
    }
    rows = rows_of(write(f"pain.002.001.{version}", {"CstmrPmtStsRpt": report}), "pain.002")

    rejected = rows[1]
    assert (rejected["status"], rejected["reason"], rejected["amount"]) == ("RJCT", "AC04", "45.05")
    assert (rows[-1]["status"], rows[-1]["amount"], rows[-1]["total"]) == ("PART", "90.10", 2)


@pytest.mark.parametrize(
    ("version", "booked", "amount"),
    [
        ("02", "BOOK", {"AmtDtls": {"TxAmt": {"Amt": money("45.05")}}}),
        ("08", {"Cd": "BOOK"}, {"Amt": money("45.05"), "CdtDbtInd": "DBIT"}),
    ],
)
def test_statement__of_both_versions__the_same_rows(write: Bank, version: str, booked: Any, amount: Any):
    """One entry that holds two payments, as banks book batches."""
    details = [{"Refs": {"EndToEndId": f"CCT-{number}"}, **amount} for number in (1, 2)]
    entry = {
        "Amt": money("90.10"), "CdtDbtInd": "DBIT", "Sts": booked, "BookgDt": {"Dt": "2026-10-05"},
        "BkTxCd": {}, "NtryDtls": [{"Btch": {"NbOfTxs": "2"}, "TxDtls": details}],
    }  # fmt: skip
    statement = {
        "Id": "ST1", "CreDtTm": MOMENT, "Acct": ACCOUNT,
        "Bal": [{"Tp": {"CdOrPrtry": {"Cd": "CLBD"}}, "Amt": money("1.00"), "CdtDbtInd": "CRDT", "Dt": {"Dt": "2026-10-05"}}],
        "TxsSummry": {"TtlNtries": {"NbOfNtries": "1", "Sum": "90.10"}}, "Ntry": [entry],
    }  # fmt: skip
    whole = {"BkToCstmrStmt": {"GrpHdr": {"MsgId": "M1", "CreDtTm": MOMENT}, "Stmt": [statement]}}
    rows = rows_of(write(f"camt.053.001.{version}", whole), "camt.053")

    assert [(row["end_to_end_id"], row["status"], row["amount"]) for row in rows] == [
        ("CCT-1", "BOOKED", "45.05"),
        ("CCT-2", "BOOKED", "45.05"),
    ]
    assert rows[0]["settled_at"] == "2026-10-05T00:00:00Z"

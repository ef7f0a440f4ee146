"""The books of the payments platform: batches, transfers, accounts, and the statement of a day."""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from xml.etree import ElementTree as ET

_CAMT: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,2})?")
_MOST: Final = 1000
_COLUMNS: Final = {
    "batchId": "batch_id",
    "payeePartyId": "payee_id",
    "payeePartyIdType": "payee_id_type",
    "status": "status",
    "transactionId": "transaction_id",
    "requestId": "request_id",
}


class InvalidBatchError(ValueError):
    """A batch or a list of beneficiaries is not of the agreed form."""


def parse_instructions(body: Any) -> list[tuple[str, str, str, str, str]]:
    """Read a raw batch: request id, payee's type and id, amount, currency. Raises InvalidBatchError."""
    if not isinstance(body, list) or not 0 < len(body) <= _MOST:
        raise InvalidBatchError
    instructions = []
    for item in body:
        try:
            party = item["creditParty"][0]
            values = (item["requestId"], party["key"], party["value"], str(item["amount"]), item["currency"])
        except (KeyError, TypeError, IndexError) as error:
            raise InvalidBatchError from error
        if not all(isinstance(value, str) and 0 < len(value) <= 64 for value in values):
            raise InvalidBatchError
        if not _AMOUNT.fullmatch(values[3]):
            raise InvalidBatchError
        instructions.append(values)
    return instructions


class Books:
    """The platform's database as its interfaces see it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def check(self) -> None:
        """Touch the books. Raises sqlite3.Error where they cannot be read."""
        self._database.execute("SELECT 1 FROM batches LIMIT 1")

    def accept(
        self, correlation: str, institution: str, program: str, instructions: Sequence[tuple[str, ...]]
    ) -> tuple[str, bool]:
        """Book a batch, or find the one with this correlation id; says which."""
        query = "SELECT batch_id FROM batches WHERE correlation_id = ?"
        known = self._database.execute(query, (correlation,)).fetchone()
        if known:
            return str(known[0]), False
        batch, now = secrets.token_hex(8), _now()
        row = (batch, correlation, correlation, institution, program, now, None)
        transfers = [
            (
                secrets.token_hex(8), request, batch, kind, payee, amount, currency,
                "IN_PROGRESS", None, None, now, None, None,
            )
            for request, kind, payee, amount, currency in instructions
        ]  # fmt: skip
        with self._database:
            self._database.execute(f"INSERT INTO batches VALUES ({_marks(row)})", row)  # noqa: S608 our own words
            insert = f"INSERT INTO transfers VALUES ({_marks(transfers[0])})"  # noqa: S608 our own words
            self._database.executemany(insert, transfers)
        return batch, True

    def pay(self, batch: str) -> None:
        """Complete the transfers of a batch whose payees have an account, and fail the others."""
        with self._database:
            self._database.execute(
                "UPDATE transfers SET status = 'COMPLETED', completed_at = ? WHERE batch_id = ? "
                "AND status = 'IN_PROGRESS' AND payee_id IN (SELECT payee_id FROM accounts)",
                (_now(), batch),
            )
            self._database.execute(
                "UPDATE transfers SET status = 'FAILED', error_code = '3203', "
                "error = 'Payee account not found', completed_at = ? "
                "WHERE batch_id = ? AND status = 'IN_PROGRESS'",
                (_now(), batch),
            )
            self._database.execute("UPDATE batches SET completed_at = ? WHERE batch_id = ?", (_now(), batch))

    def summary(self, batch: str) -> dict[str, Any] | None:
        """A batch's totals as Payment Hub EE's operations API gives them."""
        row = self._database.execute("SELECT * FROM batches WHERE batch_id = ?", (batch,)).fetchone()
        if row is None:
            return None
        counts, sums = self._totals(batch)
        total, amount = sum(counts.values()), sum(sums.values(), Decimal(0))
        return {
            "batch_id": batch,
            "request_id": row["request_id"],
            "total": total,
            "ongoing": counts["IN_PROGRESS"],
            "failed": counts["FAILED"],
            "successful": counts["COMPLETED"],
            "total_amount": float(amount),
            "pending_amount": float(sums["IN_PROGRESS"]),
            "failed_amount": float(sums["FAILED"]),
            "successful_amount": float(sums["COMPLETED"]),
            "correlation_id": row["correlation_id"],
            "registering_institution_id": row["institution_id"],
            "program_id": row["program_id"],
            "result_generated_at": row["completed_at"],
            "status": "COMPLETED" if counts["IN_PROGRESS"] == 0 else "IN_PROGRESS",
        }

    def callback(self, batch: str) -> dict[str, Any]:
        """A batch's totals as GovStack's callback gives them."""
        counts, sums = self._totals(batch)
        row = self._database.execute("SELECT * FROM batches WHERE batch_id = ?", (batch,)).fetchone()
        return {
            "requestId": row["request_id"],
            "batchId": batch,
            "correlationId": row["correlation_id"],
            "TotalTransactions": sum(counts.values()),
            "ongoing": counts["IN_PROGRESS"],
            "failed": counts["FAILED"],
            "completed": counts["COMPLETED"],
            "totalAmount": float(sum(sums.values(), Decimal(0))),
            "completed_amount": float(sums["COMPLETED"]),
            "failed_amount": float(sums["FAILED"]),
            "resultGeneratedAt": row["completed_at"],
        }

    def transfers(self, asked: Mapping[str, str], page: int, size: int) -> dict[str, Any]:
        """A page of transfers, newest first, in the shape of a Spring page."""
        where = " AND ".join(f"{_COLUMNS[name]} = ?" for name in asked)
        values = list(asked.values())
        (total,) = self._database.execute(f"SELECT COUNT(*) FROM transfers WHERE {where}", values).fetchone()  # noqa: S608 our own words
        query = (
            f"SELECT * FROM transfers WHERE {where} ORDER BY started_at DESC, transaction_id LIMIT ? OFFSET ?"  # noqa: S608 our own words
        )
        rows = self._database.execute(query, (*values, size, size * page)).fetchall()
        return {
            "content": [_transfer(row) for row in rows],
            "totalElements": total,
            "totalPages": -(-total // size),
            "number": page,
            "size": size,
            "last": size * (page + 1) >= total,
        }

    def register(self, beneficiaries: Any) -> None:
        """Enter accounts by functional identity. Raises InvalidBatchError."""
        if not isinstance(beneficiaries, list) or len(beneficiaries) > _MOST:
            raise InvalidBatchError
        rows = [
            (str(each["payeeIdentity"]), str(each["PaymentModality"])[:2], str(each["FinancialAddress"])[:30])
            for each in beneficiaries
        ]
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)", rows)

    def statement(self, day: str) -> bytes:
        """The bank's statement of a day, camt.053: one entry per transfer that it shows."""
        rows = self._database.execute(
            "SELECT * FROM transfers WHERE reconciled_on = ? ORDER BY transaction_id", (day,)
        ).fetchall()
        document = ET.Element("Document", xmlns=_CAMT)
        body = ET.SubElement(document, "BkToCstmrStmt")
        head = ET.SubElement(body, "GrpHdr")
        ET.SubElement(head, "MsgId").text = f"STMT{day.replace('-', '')}"
        ET.SubElement(head, "CreDtTm").text = f"{day}T23:00:00Z"
        statement = ET.SubElement(body, "Stmt")
        ET.SubElement(statement, "Id").text = f"LM-GOV-{day}"
        for row in rows:
            entry = ET.SubElement(statement, "Ntry")
            ET.SubElement(entry, "Amt", Ccy=row["currency"]).text = row["amount"]
            ET.SubElement(entry, "CdtDbtInd").text = "DBIT"
            ET.SubElement(ET.SubElement(entry, "Sts"), "Cd").text = "BOOK"
            ET.SubElement(ET.SubElement(entry, "BookgDt"), "Dt").text = day
            details = ET.SubElement(ET.SubElement(entry, "NtryDtls"), "TxDtls")
            references = ET.SubElement(details, "Refs")
            ET.SubElement(references, "EndToEndId").text = row["transaction_id"]
        return ET.tostring(document, encoding="utf-8", xml_declaration=True)

    def _totals(self, batch: str) -> tuple[dict[str, int], dict[str, Decimal]]:
        counts = dict.fromkeys(("IN_PROGRESS", "COMPLETED", "FAILED"), 0)
        sums = dict.fromkeys(counts, Decimal(0))
        query = "SELECT status, amount FROM transfers WHERE batch_id = ?"
        for status, amount in self._database.execute(query, (batch,)):
            counts[status] += 1
            sums[status] += Decimal(amount)
        return counts, sums


def _transfer(row: sqlite3.Row) -> dict[str, Any]:
    error = {"errorCode": row["error_code"], "errorDescription": row["error"]} if row["error"] else None
    return {
        "transactionId": row["transaction_id"],
        "requestId": row["request_id"],
        "batchId": row["batch_id"],
        "payeePartyId": row["payee_id"],
        "payeePartyIdType": row["payee_id_type"],
        "amount": float(row["amount"]),
        "currency": row["currency"],
        "status": row["status"],
        "errorInformation": error,
        "startedAt": row["started_at"],
        "completedAt": row["completed_at"],
        "reconciledOn": row["reconciled_on"],
    }


def _marks(row: Sequence[Any]) -> str:
    return ", ".join("?" * len(row))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

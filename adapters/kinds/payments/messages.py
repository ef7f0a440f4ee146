"""Three messages of ISO 20022, read from `adapters.xml.record_of` into rows (see `iso20022.COLUMNS`).

The paths that differ between versions: `ReqdExctnDt` and `BookgDt` gained `Dt`/`DtTm` inside, `Sts` of
an entry became `Cd`/`Prtry`, transactions' amounts moved out of `AmtDtls`. Both forms are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from adapters.kinds.file.bad import BadFile
from adapters.kinds.payments.sums import Money, agree, count_of, decimal_of, listed, text_at

Row = dict[str, Any]

_NOBODY: Final = frozenset({"", "NOTPROVIDED"})
_BOOKED, _PENDING, _RETURNED = "BOOKED", "PENDING", "RETURNED"
_WEIGHT: Final = (_RETURNED, _BOOKED, _PENDING)
_ENTRY: Final = {"BOOK": _BOOKED, "PDNG": _PENDING, "FUTR": _PENDING}


def pain001(document: Mapping[str, Any]) -> list[Row]:
    """Orders of a customer: what was sent."""
    body = _body(document, "CstmrCdtTrfInitn")
    head = _body(body, "GrpHdr")
    message, payments = text_at(head, "MsgId"), listed(body.get("PmtInf"))
    rows: list[Row] = []
    everything: list[Decimal] = []
    for payment in payments:
        orders = listed(payment.get("CdtTrfTxInf"))
        amounts = [_money(order.get("Amt"), "InstdAmt", "EqvtAmt") for order in orders]
        agree(payment, len(orders), [money.amount for money in amounts], "payment information")
        everything += [money.amount for money in amounts]
        day = _moment(payment.get("ReqdExctnDt"))
        for order, money in zip(orders, amounts, strict=True):
            reference = text_at(order, "PmtId", "EndToEndId")
            if reference in _NOBODY:
                raise BadFile("an order has no end-to-end reference")
            rows.append(_row(reference, message, status="SENT", money=money, requested_at=day))
    agree(head, len(everything), everything, "group header")
    _once(rows)
    whole = _row(None, message, status="SENT")
    return [*rows, {**whole, "total": len(rows), "amount": str(sum(everything, Decimal(0)))}]


def pain002(document: Mapping[str, Any]) -> list[Row]:
    """The bank's word on orders."""
    body = _body(document, "CstmrPmtStsRpt")
    group = _body(body, "OrgnlGrpInfAndSts")
    message = text_at(group, "OrgnlMsgId")
    told = [one for info in listed(body.get("OrgnlPmtInfAndSts")) for one in listed(info.get("TxInfAndSts"))]
    rows = [_status(one, message) for one in told]
    _agreed_statuses(group, rows)
    _once(rows)
    counted = Counter(row["status"] for row in rows)
    whole = _row(None, message, status=text_at(group, "GrpSts") or None, reason=_reason(group))
    if (total := count_of(group, "OrgnlNbOfTxs")) is not None:
        whole |= {"total": total}
    if (amount := decimal_of(group, "OrgnlCtrlSum")) is not None:
        whole |= {"amount": str(amount)}
    if rows and len(rows) == whole.get("total"):
        whole |= {"settled": counted["ACSC"] + counted["ACCC"], "failed": counted["RJCT"]}
    return [*[row for row in rows if row["end_to_end_id"] not in _NOBODY], whole]


def camt053(document: Mapping[str, Any]) -> list[Row]:
    """Statements of an account: what was booked, waits, or came back."""
    entries: dict[str, list[Row]] = {}
    for statement in listed(_body(document, "BkToCstmrStmt").get("Stmt")):
        booked = listed(statement.get("Ntry"))
        _agreed_summary(statement.get("TxsSummry"), booked)
        for entry in booked:
            for row in _details(entry):
                if row["end_to_end_id"] not in _NOBODY:
                    entries.setdefault(row["end_to_end_id"], []).append(row)
    return [_together(rows) for rows in entries.values()]


def _status(told: Mapping[str, Any], message: str) -> Row:
    reference = _body(told, "OrgnlTxRef") if "OrgnlTxRef" in told else {}
    money = _money(reference.get("Amt"), "InstdAmt", "EqvtAmt") if "Amt" in reference else None
    return _row(
        text_at(told, "OrgnlEndToEndId"),
        message,
        status=text_at(told, "TxSts") or None,
        reason=_reason(told),
        money=money,
        requested_at=_moment(reference.get("ReqdExctnDt")),
        settled_at=text_at(told, "AccptncDtTm") if text_at(told, "TxSts") in ("ACSC", "ACCC") else None,
    )


def _agreed_statuses(group: Mapping[str, Any], rows: Iterable[Row]) -> None:
    """Where the bank lists payments of a status, it lists as many as it counts, and of this sum."""
    counted = list(rows)
    for told in listed(group.get("NbOfTxsPerSts")):
        those = [row for row in counted if row["status"] == text_at(told, "DtldSts")]
        if not those:
            continue
        if count_of(told, "DtldNbOfTxs") not in (None, len(those)):
            raise BadFile("the number of payments of a status is not the one of its list")
        total = decimal_of(told, "DtldCtrlSum")
        known = [Decimal(row["amount"]) for row in those if row["amount"]]
        if total is not None and len(known) == len(those) and sum(known) != total:
            raise BadFile("the control sum of a status is not the one of its list")


def _agreed_summary(summary: Any, entries: list[Mapping[str, Any]]) -> None:
    """The totals of a statement are those of its entries."""
    if not isinstance(summary, Mapping):
        return
    for name, direction in (("TtlNtries", None), ("TtlCdtNtries", "CRDT"), ("TtlDbtNtries", "DBIT")):
        if name not in summary:
            continue
        those = [one for one in entries if direction in (None, text_at(one, "CdtDbtInd"))]
        amounts = [_money(one, "Amt").amount for one in those]
        agree(_body(summary, name), len(those), amounts, "transactions summary", "NbOfNtries", "Sum")


def _details(entry: Mapping[str, Any]) -> Iterator[Row]:
    """The payments of one entry; its own amount is theirs when it holds one only."""
    word = text_at(entry, "Sts", "Cd") or text_at(entry, "Sts")
    if word == "INFO":
        return
    if word not in _ENTRY:
        raise BadFile("an entry has a status that is not known")
    debit = {"DBIT": True, "CRDT": False}.get(text_at(entry, "CdtDbtInd"))
    if debit is None:
        raise BadFile("an entry is neither a debit nor a credit")
    day, whole = _moment(entry.get("BookgDt")), _money(entry, "Amt")
    for details in listed(entry.get("NtryDtls")):
        told = listed(details.get("TxDtls"))
        moneys = [whole if len(told) == 1 else _transaction_money(one) for one in told]
        batch = details.get("Btch")
        if isinstance(batch, Mapping) and told:
            known = [money.amount for money in moneys if money is not None]
            agree(batch, len(told), known if len(known) == len(told) else None, "batch", "NbOfTxs", "TtlAmt")
        for one, money in zip(told, moneys, strict=True):
            came_back = "RtrInf" in one or not debit
            status = _RETURNED if came_back and _ENTRY[word] == _BOOKED else _ENTRY[word]
            yield _row(
                text_at(one, "Refs", "EndToEndId"),
                "",
                status=status,
                reason=text_at(one, "RtrInf", "Rsn", "Cd") or None,
                money=money,
                settled_at=day if status == _BOOKED else None,
            ) | {"entries": 1}


def _together(rows: list[Row]) -> Row:
    """What a statement says of one payment: a return counts most, then what was booked. Of several
    bookings the amounts are added, so that a payment made twice shows."""
    status = min((row["status"] for row in rows), key=_WEIGHT.index)
    those = [row for row in rows if row["status"] == status]
    currencies = {row["currency"] for row in those}
    known = [row["amount"] for row in those]
    whole = None if None in known or len(currencies) > 1 else str(sum(map(Decimal, known), Decimal(0)))
    return {**those[0], "amount": whole, "entries": len(those)}


def _transaction_money(told: Mapping[str, Any]) -> Money | None:
    if isinstance(told.get("Amt"), (Mapping, str)):
        return _money(told, "Amt")
    details = told.get("AmtDtls")
    inner = details.get("TxAmt") or details.get("InstdAmt") if isinstance(details, Mapping) else None
    return _money(inner, "Amt") if isinstance(inner, Mapping) else None


def _money(holder: Any, *names: str) -> Money:
    """The amount at the first of these names, with its currency."""
    inside = holder if isinstance(holder, Mapping) else {}
    found = next((inside[name] for name in names if name in inside), None)
    if isinstance(found, Mapping) and "Amt" in found:
        found = found["Amt"]  # EqvtAmt holds it one step deeper
    if not isinstance(found, Mapping):
        raise BadFile("an amount has no currency")
    amount, currency = decimal_of(found, "#text"), text_at(found, "@Ccy")
    if amount is None or len(currency) != 3:
        raise BadFile("an amount is no amount")
    return Money(amount, currency)


def _reason(told: Mapping[str, Any]) -> str | None:
    for one in listed(told.get("StsRsnInf")):
        code = text_at(one, "Rsn", "Cd") or text_at(one, "Rsn", "Prtry")
        if code:
            return code
    return None


def _moment(given: Any) -> str | None:
    """A day or moment, in any of the forms of the versions; a day is its first moment, in UTC."""
    text = (
        given if isinstance(given, str) else text_at(given, "DtTm") or text_at(given, "Dt") if given else ""
    )
    if not text:
        return None
    return f"{text}T00:00:00Z" if len(text) == 10 else text


def _row(
    reference: str | None,
    message: str,
    *,
    status: str | None = None,
    reason: str | None = None,
    money: Money | None = None,
    requested_at: str | None = None,
    settled_at: str | None = None,
) -> Row:
    """A row about a payment, or about the whole message where there is no reference."""
    if reference is None and not message:
        raise BadFile("the message has no number")
    return {
        "key": f"batch/{message}" if reference is None else f"payment/{message}/{reference}",
        "end_to_end_id": reference,
        "batch_id": message if reference is None else None,
        "message_id": message or None,
        "status": status,
        "reason": reason,
        "amount": None if money is None else str(money.amount),
        "currency": None if money is None else money.currency,
        "requested_at": requested_at,
        "settled_at": settled_at,
    }


def _once(rows: Iterable[Row]) -> None:
    named = [row["end_to_end_id"] for row in rows if row["end_to_end_id"] not in _NOBODY]
    if len(named) != len(set(named)):
        raise BadFile("an end-to-end reference stands twice")


def _body(document: Any, name: str) -> Mapping[str, Any]:
    found = document.get(name) if isinstance(document, Mapping) else None
    if not isinstance(found, Mapping):
        raise BadFile(f"the file has no {name}, or several")
    return found

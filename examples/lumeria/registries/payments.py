"""The treasury's payments platform: a batch per programme and pay day, a transfer per enrolment.

Payees are known by their national ID, or by the programme's number where there is none. What the
cash-transfer MIS books as paid was not always delivered (`payment_undelivered`). Transfers of the last pay
day are still under way or not yet on a bank statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any, Final

from examples.lumeria.country import CURRENCY
from examples.lumeria.inconsistencies import Shown
from examples.lumeria.population.truth import Country
from examples.lumeria.registries.cash_transfer import paid_enrolments
from examples.lumeria.registries.database import write_database

_INSTITUTION: Final = "LM-GOV-MSW"
_UNDELIVERED: Final = ("3204", "Payee account closed")


def write(path: Path, seed: str, country: Country, records: list[Shown], always: str) -> None:
    """Write `payments.db` from the cash-transfer MIS's records; `always` awaits the last payment."""
    rng = Random(f"{seed}/payments")
    due: dict[tuple[str, str], list[tuple[str, str, str, Shown]]] = {}  # by pay day and programme
    for key, number, programme, days, record in paid_enrolments(country, records):
        for day in days:
            due.setdefault((day, programme.code), []).append((key, number, str(programme.amount), record))
    last = max(day for day, _ in due)
    batches: list[tuple[Any, ...]] = []
    transfers: list[tuple[Any, ...]] = []
    for (day, code), payees in sorted(due.items()):
        batch = f"{rng.getrandbits(64):016x}"
        request = f"{code.replace('-', '')}{day.replace('-', '')[2:]}"
        done = None if day == last else f"{day}T11:30:00Z"
        batches.append((batch, request, f"{request}MSW", _INSTITUTION, code, f"{day}T08:00:00Z", done))
        for key, number, amount, record in payees:
            outcome = _outcome(rng, day, newest=day == last, record=record, always=always)
            payee = ("NATIONAL_ID", record.national_id) if record.national_id else ("FUNCTIONAL_ID", number)
            transfers.append((
                f"{rng.getrandbits(64):016x}", f"{key}{day.replace('-', '')[2:6]}", batch, *payee,
                amount, CURRENCY, *outcome[:3], f"{day}T08:05:00Z", *outcome[3:],
            ))  # fmt: skip
    tables: dict[str, Iterable[tuple[Any, ...]]] = {
        "batches": batches,
        "transfers": transfers,
        "accounts": _accounts(rng, transfers),
    }
    write_database(path, Path(__file__).with_suffix(".sql"), tables)


def _outcome(rng: Random, day: str, *, newest: bool, record: Shown, always: str) -> tuple[str | None, ...]:
    """Status, error code, error, completion, reconciliation."""
    chance = rng.random()
    if newest and "payment_undelivered" in record.flaws:
        return "FAILED", *_UNDELIVERED, f"{day}T08:40:00Z", None
    if newest and (record.truth == always or chance < 0.15):
        return "IN_PROGRESS", None, None, None, None
    return "COMPLETED", None, None, f"{day}T08:30:00Z", None if newest else f"{day[:8]}28"


def _accounts(rng: Random, transfers: list[tuple[Any, ...]]) -> list[tuple[str, str, str]]:
    accounts = []
    for payee in dict.fromkeys(str(transfer[4]) for transfer in transfers):
        wallet = rng.random() < 0.6
        address = f"+990{rng.randrange(10**8):08d}" if wallet else f"LM{rng.randrange(10**16):016d}"
        accounts.append((payee, "01" if wallet else "00", address))
    return accounts

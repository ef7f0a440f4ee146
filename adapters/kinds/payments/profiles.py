"""How each payment platform is asked: paths, parameters, headers. Names are data, since they differ.

| profile | after |
|---|---|
| `govstack` | GovStack Payments BB: the body of its callback, read with GET; the standard only calls back |
| `phee` | Payment Hub EE, operations API (`BatchApi`, `OperationsDetailedApi`): camelCase, older snake_case |
| `mojaloop-sdk` | Mojaloop SDK scheme adapter 2.1, outbound API: `/bulkTransactions` cannot be read |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from adapters.http.paging import Page

Subject = Literal["batch", "payment"]


@dataclass(frozen=True, slots=True)
class Correlation:
    """Where a fresh number of each question goes, and how long it may be: platforms differ, and refuse a
    longer one as if the question itself were wrong."""

    place: Literal["header", "query"]
    name: str
    length: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Members of a batch's summary, by their possible names. Where all are there they have to add up."""

    batch: tuple[str, ...]
    total: tuple[str, ...]
    pending: tuple[str, ...]
    settled: tuple[str, ...]
    failed: tuple[str, ...]
    amount: tuple[str, ...]
    amounts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One question: what it is asked by (`names`), one of them perhaps as `{id}` in the path; `records` is
    where the answer's records stand."""

    path: str
    names: tuple[str, ...]
    in_path: str | None = None
    records: tuple[str, ...] = ()
    page: Page = Page()  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class Profile:
    """A platform."""

    calls: Mapping[Subject, Call]
    tenant: str | None = None
    correlation: Correlation | None = None
    counts: Counts | None = None


_HUB_COUNTS: Final = Counts(
    batch=("batchId", "batch_id"),
    total=("total",),
    pending=("ongoing",),
    settled=("successful",),
    failed=("failed",),
    amount=("totalAmount", "total_amount"),
    amounts=(
        ("pendingAmount", "pending_amount"),
        ("successfulAmount", "successful_amount"),
        ("failedAmount", "failed_amount"),
    ),
)

PROFILES: Final[Mapping[str, Profile]] = {
    "govstack": Profile(
        calls={"batch": Call("/api/v1/batch", ("batchId",))},
        tenant="Platform-TenantId",
        correlation=Correlation("query", "X-CorrelationID", 12),
        counts=Counts(
            batch=("batchId",),
            total=("TotalTransactions",),
            pending=("ongoing",),
            settled=("completed",),
            failed=("failed",),
            amount=("totalAmount",),
            amounts=(("ongoing_amount",), ("completed_amount",), ("failed_amount",)),
        ),
    ),
    "phee": Profile(
        calls={
            "batch": Call("/api/v1/batch", ("batchId",)),
            "payment": Call(
                "/api/v1/transfers",
                (
                    "transactionId",
                    "endToEndIdentification",
                    "requestId",
                    "batchId",
                    "payeePartyId",
                    "payeePartyIdType",
                ),
                records=("content",),
                page=Page(by="page", parameter="page", first=0, size=("size", 100), total=("totalElements",)),
            ),
        },
        tenant="Platform-TenantId",
        correlation=Correlation("header", "X-CorrelationID", 20),
        counts=_HUB_COUNTS,
    ),
    "mojaloop-sdk": Profile(
        calls={
            "batch": Call("/bulkTransfers/{id}", ("bulkTransferId",), "bulkTransferId"),
            "payment": Call("/transfers/{id}", ("transferId",), "transferId"),
        },
    ),
}
"""By the word of a file's `profile`."""

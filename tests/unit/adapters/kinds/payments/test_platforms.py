"""Kind `payments` over HTTP: names and numbers of each platform, and answers that mislead."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.kinds.payments.profiles import PROFILES
from schemas.outcome import Ambiguous, DeniedBySource, Match, Misbehaving, NotFound, Unavailable
from tests.unit.adapters.kinds.payments.payments_source import ask

BATCH = "849324499155"
DONE: dict[str, Any] = {
    "batchId": BATCH, "requestId": "CCT-2026-10", "total": 3, "ongoing": 0, "failed": 1, "successful": 2,
}  # fmt: skip


async def test_names__of_each_platform__stand_where_it_wants_them():
    """Tenant and correlation number: in a header or in the query, and no longer than allowed."""
    _, (hub,) = await ask("payment_hub_ee", lambda _: DONE, batch_id=BATCH)
    _, (block,) = await ask("govstack", lambda _: (202, {}), batch_id=BATCH)

    assert hub.url.query == f"batchId={BATCH}".encode()
    assert hub.headers["Platform-TenantId"] == "treasury"
    assert 0 < len(hub.headers["X-CorrelationID"]) <= 20
    assert len(block.url.params["X-CorrelationID"]) == 12
    assert "X-CorrelationID" not in block.headers
    assert {hub.method, block.method} == {"GET"}


@pytest.mark.parametrize(
    ("numbers", "status"),
    [
        ((3, 0, 0, 3), "settled"),
        ((3, 0, 1, 2), "partly_settled"),
        ((3, 0, 3, 0), "rejected"),
        ((3, 1, 1, 1), "pending"),
        ((3, 3, 0, 0), "pending"),
    ],
)
@pytest.mark.parametrize("word", ["COMPLETED", "Failed", "Pending", "UNKNOWN", None])
async def test_batch__numbers_and_word__the_numbers_count(
    numbers: tuple[int, ...], status: str, word: str | None
):
    """The hub calls every batch with one failure "Failed"."""
    told = dict(zip(("total", "ongoing", "failed", "successful"), numbers, strict=True))
    outcome, _ = await ask("payment_hub_ee", lambda _: {**DONE, **told, "status": word}, batch_id=BATCH)

    assert isinstance(outcome, Match)
    assert outcome.record["status"] == status


@pytest.mark.parametrize(
    "change",
    [
        {"total": 4},
        {"total": "3"},
        {"ongoing": None},
        {"failed": -1, "successful": 4},
        {"successful": True, "failed": 2},
        {"batchId": "another"},
        {"totalAmount": 135, "pendingAmount": 0, "successfulAmount": 90, "failedAmount": 44.99},
        {"totalAmount": "135", "pendingAmount": 0, "successfulAmount": 90, "failedAmount": 45},
        {"errorCode": "CANARY"},
    ],
)
async def test_batch__numbers_that_do_not_add_up__misbehaving(change: dict[str, Any]):
    """Not rounded, not guessed, and not another batch."""
    outcome, _ = await ask("payment_hub_ee", lambda _: {**DONE, **change}, batch_id=BATCH)

    assert isinstance(outcome, Misbehaving)
    assert "CANARY" not in outcome.cause


async def test_batch__amount_with_many_digits__is_exact():
    """A JSON number never becomes a float: 0.1 + 0.2 is 0.3."""
    body = (
        b'{"batchId": "849324499155", "requestId": "R", "total": 1, "ongoing": 0, "failed": 0, "successful": 1, '
        b'"totalAmount": 12345678901234.30, "pendingAmount": 0.10, "successfulAmount": 12345678901234.20, '
        b'"failedAmount": 0}'
    )
    outcome, _ = await ask("payment_hub_ee", lambda _: (200, body), batch_id=BATCH)

    assert isinstance(outcome, Match)
    assert outcome.record["amount"].rstrip("0") == "12345678901234.3"


async def test_batch__without_a_payment__says_nothing():
    """The hub calls a batch it has never heard of "COMPLETED", as one that it has just accepted."""
    nothing = {**DONE, "total": 0, "failed": 0, "successful": 0, "status": "COMPLETED"}
    outcome, _ = await ask("payment_hub_ee", lambda _: nothing, batch_id=BATCH)

    assert isinstance(outcome, Unavailable)


@pytest.mark.parametrize("body", [{}, {"batchId": BATCH}, b""])
async def test_accepted__202__is_pending(body: Any):
    """Neither an error nor absent."""
    outcome, _ = await ask("govstack", lambda _: (202, body), batch_id=BATCH)

    assert isinstance(outcome, Match)
    assert (outcome.record["payment_id"], outcome.record["status"]) == (BATCH, "pending")


async def test_accepted__202_for_a_payment__is_pending_too():
    """Where platforms answer in pages as well."""
    told = {"transactionId": "A7C3-1", "status": "IN_PROGRESS"}
    outcome, _ = await ask("payment_hub_ee", lambda _: (202, told), "payment-status", payment_id="A7C3-1")

    assert isinstance(outcome, Match)
    assert outcome.record["status"] == "pending"


REFUSED = {"errorInformation": "File not uploaded", "errorDescription": "File not uploaded", "errorCode": "x"}


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, REFUSED, Misbehaving),
        (401, REFUSED, DeniedBySource),
        (404, REFUSED, NotFound),
        (404, {}, Misbehaving),
        (429, REFUSED, Unavailable),
        (500, REFUSED, Unavailable),
        (200, REFUSED, Misbehaving),
        (200, [DONE], Misbehaving),
    ],
)
async def test_errors__all_with_one_text__told_by_status_and_code(status: int, body: Any, outcome: type):
    """Every 400 of the hub says "File not uploaded", whatever was wrong."""
    found, _ = await ask("govstack", lambda _: (status, body), batch_id=BATCH)

    assert isinstance(found, outcome)


def page(*transfers: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    """A page of the operations API."""
    return {"content": list(transfers), "totalElements": len(transfers) if total is None else total}


PAID = {"transactionId": "A7C3-1", "status": "COMPLETED", "amount": "45.00", "currency": "LMD"}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (page(PAID), Match),
        (page(), NotFound),
        (page(PAID, PAID), Ambiguous),
        (page({**PAID, "transactionId": "A7C3-2"}), Misbehaving),
        (page({"status": "COMPLETED"}), Misbehaving),
        (page({**PAID, "status": "CANARY"}), Misbehaving),
        ({"content": "CANARY", "totalElements": 1}, Misbehaving),
        ({"totalElements": 0}, Misbehaving),
    ],
)
async def test_payment__only_the_one_that_was_asked_for(body: Any, outcome: type):
    """A platform that ignores a parameter tells of somebody else's payment."""
    found, (request,) = await ask("payment_hub_ee", lambda _: body, "payment-status", payment_id="A7C3-1")

    assert isinstance(found, outcome)
    assert request.url.params["transactionId"] == "A7C3-1"


def test_profiles__none_can_write():
    """There is no call that changes anything: submitting is not built."""
    calls = [call for profile in PROFILES.values() for call in profile.calls.values()]
    assert calls
    assert not any(word in call.path for call in calls for word in ("batchtransactions", "bulkTransactions"))

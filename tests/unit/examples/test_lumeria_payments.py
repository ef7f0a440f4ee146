"""The treasury's running platform, asked through its source file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx

from adapters.contract import Query
from adapters.opening import open_source
from adapters.source_file import load_source
from schemas.outcome import Match, NotFound, Outcome
from schemas.record import Subject
from tests.unit.examples.sandbox import SECRETS, Sandbox

SOURCE = Path(__file__).resolve().parents[3] / "adapters" / "payments" / "lumeria.yaml"
System = Callable[[str], httpx.Client]


async def ask(client: httpx.Client, service: str, selector: str, value: str) -> Outcome:
    """One question over the network."""
    address = {"LUMERIA_PAYMENTS_URL": str(client.base_url).rstrip("/")}
    source = load_source(SOURCE, SECRETS, address)
    adapter = open_source(source)
    await adapter.open()
    try:
        assert await adapter.health() is None
        fields = source.record_service(service).fields
        return await adapter.fetch(Query(service, Subject(selector, value), fields))
    finally:
        await adapter.close()


async def test_payments__one_payment__as_the_books_have_it(sandbox: Sandbox, system: System) -> None:
    """Sent, failed and reconciled payments of the story; amounts to the last digit."""
    words = {"IN_PROGRESS": "pending", "COMPLETED": "settled", "FAILED": "rejected"}
    for name in ("sent", "failed", "reconciled"):
        number = sandbox.story["payments"][name]["transaction_id"]
        [row] = sandbox.rows("payments", "SELECT * FROM transfers WHERE transaction_id = ?", number)
        outcome = await ask(system("payments"), "payment-status", "payment_id", row["request_id"])

        assert isinstance(outcome, Match), outcome
        assert outcome.record["status"] == words[row["status"]]
        assert float(outcome.record["amount"]) == float(row["amount"])
        assert outcome.record["reason"] == row["error_code"]


async def test_payments__one_batch__is_the_sum_of_its_payments(sandbox: Sandbox, system: System) -> None:
    """Numbers of the summary against the books; a batch that is not there is not found."""
    number = sandbox.rows("payments", "SELECT batch_id FROM batches ORDER BY batch_id LIMIT 1")[0]["batch_id"]
    rows = sandbox.rows("payments", "SELECT status FROM transfers WHERE batch_id = ?", number)
    outcome = await ask(system("payments"), "batch-status", "batch_id", number)

    assert isinstance(outcome, Match), outcome
    assert outcome.record["batch_total"] == len(rows)
    assert outcome.record["batch_settled"] == sum(row["status"] == "COMPLETED" for row in rows)
    assert isinstance(await ask(system("payments"), "batch-status", "batch_id", "0"), NotFound)

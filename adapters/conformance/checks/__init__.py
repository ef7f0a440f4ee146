"""The twenty checks, in their order: `bronze` 1 to 8, `silver` 9 to 15, `gold` 16 to 20."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from adapters.conformance.bench import Bench
from adapters.conformance.checks import bronze, gold, silver
from adapters.conformance.verdict import Check

Run = Callable[[Bench], Awaitable[None]]


def _check(number: int, run: Run, cure: str) -> Check:
    name = run.__name__.replace("_", " ")
    return Check(number, name, " ".join((run.__doc__ or "").split()), cure, run)


CHECKS: Final = (
    _check(1, bronze.form, "run `isthmus source check`; write secrets as ${secret:NAME}"),
    _check(2, bronze.health, "ask the system something with our credentials in `health`"),
    _check(3, bronze.discovery, "list the services of the file, always in the same order"),
    _check(4, bronze.match, "record a match in fixtures/ for every service, and correct the mapping"),
    _check(5, bronze.not_found, "say in the file what the system answers about an unknown subject"),
    _check(6, bronze.ambiguous, "ask for one record more than allowed, and never choose"),
    _check(7, bronze.canonical_records, "give every code list an `else`, and every field its type"),
    _check(8, bronze.asked_fields_only, "let the wrappers cut records: do not go around them"),
    _check(9, silver.deadline, "await nothing that cannot be cancelled, and close what was begun"),
    _check(10, silver.retries, "leave asking again to the wrappers; pass on `Retry-After`"),
    _check(11, silver.broken_systems, "tell silence (Unavailable) from a wrong answer (Misbehaving)"),
    _check(12, silver.error_in_success, "write an error rule for the body that says so"),
    _check(13, silver.renewal, "sign in again once when a token is refused, then give up"),
    _check(14, silver.injection, "bind values as parameters, or escape them for where they stand"),
    _check(15, silver.silence, "never put a value or a secret into a cause, an error or a log line"),
    _check(16, gold.paging, "stop at a page that was seen, and at a total that changes"),
    _check(17, gold.concurrency, "do not ask beside the wrappers"),
    _check(18, gold.reading_twice, "only read; keep no state between questions"),
    _check(19, gold.drift, "compare what the system has with what the file maps"),
    _check(20, gold.as_of, "say with `as_of` where a record tells how old it is"),
)
"""Every check: its function's docstring is the rule."""

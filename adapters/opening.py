"""From a source to an adapter that is safe to ask: everything in one visible expression."""

from __future__ import annotations

from adapters.contract import Adapter
from adapters.kinds import Kind, new_kind
from adapters.mapped import Mapped
from adapters.room import Room
from adapters.source import Source
from adapters.wrappers.breaker import Breaker
from adapters.wrappers.concurrency import Concurrency
from adapters.wrappers.conforming import Conforming
from adapters.wrappers.deadline import Deadline
from adapters.wrappers.declared import Declared
from adapters.wrappers.metered import Meter, Metered
from adapters.wrappers.outcomes_only import OutcomesOnly
from adapters.wrappers.retry import Retry
from schemas.outcome import Outcome


def open_source(
    source: Source, meter: Meter | None = None, kind: Kind | None = None, room: Room | None = None
) -> Adapter:
    """Put an adapter for a source together; the caller opens and closes it. Only a gateway gives a
    `room`: there a kind may keep what the source's owner dropped.

    What comes out of its `fetch` is an outcome, whatever happens, or CancelledError.
    """
    return compose(Mapped(source, kind or new_kind(source, room)), source, meter)


def compose(adapter: Adapter, source: Source, meter: Meter | None = None) -> Adapter:
    """Surround an adapter, also one written in Python; outermost first."""
    limits = source.limits
    return OutcomesOnly(  # refusals of `Declared`, and faults of the wrappers themselves
        Declared(
            Metered(
                Conforming(
                    Breaker(
                        Deadline(
                            Retry(
                                Concurrency(
                                    OutcomesOnly(adapter),  # so that retry and breaker see outcomes
                                    limits.concurrency,
                                ),
                                limits.retries,
                            ),
                            limits.timeout_s,
                        ),
                    ),
                    source,
                ),
                source.id,
                meter or _no_meter,
            ),
            source,
        )
    )


def _no_meter(_source: str, _service: str, _outcome: Outcome, _seconds: float) -> None:
    """For callers that measure elsewhere."""

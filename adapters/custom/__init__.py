"""Adapters written in Python: for systems that no kind reaches. One class, these names.

    from adapters.custom import NotFound, Offer, Question, Secret, SourceAdapter, Unavailable

Deadline, retry, breaker, concurrency, size, projection, schema and metering are done outside, as for
every source. See `docs/adapters/python.md`.
"""

from __future__ import annotations

from adapters.custom.adapter import Offer, Question, Secret, SourceAdapter
from adapters.custom.outcomes import Ambiguous, Denied, Misbehaving, NotFound, Told, Unavailable

__all__ = [
    "Ambiguous",
    "Denied",
    "Misbehaving",
    "NotFound",
    "Offer",
    "Question",
    "Secret",
    "SourceAdapter",
    "Told",
    "Unavailable",
]

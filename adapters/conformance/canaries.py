"""The values that nobody may find in a log: those of the fixtures' people, and the secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from adapters.conformance.bench import Bench
from adapters.conformance.faults import CANARY
from adapters.conformance.questions import leaves
from adapters.fixtures import OFFLINE_SECRET

_SHORTEST: Final = 6


def canaries(bench: Bench) -> Iterator[tuple[str, str]]:
    """What a value is, and the value."""
    yield "a secret", OFFLINE_SECRET
    yield "a text of the system", CANARY
    seen: set[str] = set()
    for case in bench.cases:
        values = [*case["given"].values(), *(value for _, value in leaves(case["expect"].get("record", {})))]
        for value in filter(_personal, values):
            if value not in seen:
                seen.add(value)
                yield f"a personal value of case `{case['name']}`", value


def _personal(value: Any) -> bool:
    """Numbers, names and dates; words of a code list are in lower case and tell nobody."""
    return isinstance(value, str) and len(value) >= _SHORTEST and value != value.lower().strip("0123456789")

"""Where a value stands in a source's record: a plain name, or a JSON Pointer (RFC 6901).

A plain name is one member or column, dots included, because OpenCRVS and others put dots into
names. A text that begins with `/` is a pointer into nested JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


class Absent:
    """The type of `ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
"""Nothing stands at the place; unlike None, which is a value."""


def parse(text: str) -> tuple[str, ...]:
    """The steps from a record to a value.

    Raises:
        ValueError: an escape other than `~0` and `~1`.
    """
    if not text.startswith("/"):
        return (text,) if text else ()
    steps = text[1:].split("/")
    for step in steps:
        if step.replace("~0", "").replace("~1", "").count("~"):
            raise ValueError("in a JSON Pointer `~` is written `~0`, and `/` is `~1`")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)


def find(value: Any, steps: tuple[str, ...]) -> Any:
    """The value at a place, or `ABSENT`."""
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(step, ABSENT)
        elif isinstance(value, (list, tuple)) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value

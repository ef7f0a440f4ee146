"""Whether source files may name Python files beside them: never, unless the operator says so.

Apart from `adapters.custom.loading`, so that who gives leave need not load what it is given for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_allowed: ContextVar[bool] = ContextVar("python_files_allowed", default=False)


@contextmanager
def python_files(*, allowed: bool) -> Iterator[None]:
    """Whether source files that are read meanwhile may name Python files; without it none may."""
    before = _allowed.set(allowed)
    try:
        yield
    finally:
        _allowed.reset(before)


def files_are_allowed() -> bool:
    """Whether Python files may be loaded now."""
    return _allowed.get()

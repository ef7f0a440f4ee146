"""Why a dropped file is not used. Reasons name lines and columns, never a value."""

from __future__ import annotations


class BadFile(Exception):
    """A file against its description; it is put under quarantine until its owner drops another."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line

    def __str__(self) -> str:
        return self.reason if self.line is None else f"line {self.line}: {self.reason}"


class NotYet(Exception):
    """A file that is still being written, or changed while it was read: looked at again later."""


class Unchanged(Exception):
    """A server says that a file is the one we know."""


class Unreachable(Exception):
    """The place where files are dropped cannot be looked at; the text is safe to show."""


class Denied(Unreachable):
    """The place refused our account."""


class Stopped(Exception):
    """The source is being closed."""

"""What a FHIR server's complaint means: OperationOutcome (R4), by issue code, in one table.

Codes are those of value set `issue-type`. `not-found` is missing on purpose: a server answers it for
a mistyped address too, so it is no word about a person, except where a profile knows better.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from adapters.http.client import HttpAnswer
from schemas.outcome import Ambiguous, DeniedBySource, Misbehaving, Unanswered, Unavailable

Meaning = Literal["denied", "unavailable", "ambiguous", "misbehaving"]

MEANINGS: Final[Mapping[str, Meaning]] = {
    "security": "denied",
    "login": "denied",
    "unknown": "denied",
    "expired": "denied",
    "forbidden": "denied",
    "suppressed": "denied",
    "multiple-matches": "ambiguous",
    "transient": "unavailable",
    "lock-error": "unavailable",
    "no-store": "unavailable",
    "exception": "unavailable",
    "timeout": "unavailable",
    "incomplete": "unavailable",
    "throttled": "unavailable",
    "invalid": "misbehaving",
    "structure": "misbehaving",
    "required": "misbehaving",
    "value": "misbehaving",
    "invariant": "misbehaving",
    "not-supported": "misbehaving",
    "duplicate": "misbehaving",
    "not-found": "misbehaving",
    "deleted": "misbehaving",
    "too-long": "misbehaving",
    "code-invalid": "misbehaving",
    "extension": "misbehaving",
    "too-costly": "misbehaving",
    "business-rule": "misbehaving",
    "conflict": "misbehaving",
}
"""Issue code: what an error of this code means. `processing` and `informational` say nothing."""

_ERRORS: Final = ("error", "fatal")  # a tuple takes any JSON, also what has no hash
_IGNORED: Final = ("not-supported", "invalid")
"""Codes of a warning that part of the search was left out: its matches may be anybody."""


def issues_of(resource: Any) -> list[Mapping[str, Any]]:
    """The issues of an OperationOutcome; none of anything else."""
    if not isinstance(resource, Mapping) or resource.get("resourceType") != "OperationOutcome":
        return []
    issues = resource.get("issue")
    return [issue for issue in issues if isinstance(issue, Mapping)] if isinstance(issues, list) else []


def failure_in(resource: Any, answer: HttpAnswer) -> Ambiguous | Unanswered | None:
    """What an OperationOutcome of a whole answer says; None when it has no word for it."""
    for issue in issues_of(resource):
        if issue.get("severity") in _ERRORS:
            failure = _meaning(issue.get("code"), answer)
            if failure is not None:
                return failure
    return None


def warning_in(resource: Any, answer: HttpAnswer) -> Ambiguous | Unanswered | None:
    """What an OperationOutcome among matches says: an error, or that part of the search was ignored."""
    for issue in issues_of(resource):
        if issue.get("severity") in _ERRORS:
            return _meaning(issue.get("code"), answer) or Misbehaving("the server reports an error")
        if issue.get("severity") == "warning" and issue.get("code") in _IGNORED:
            return Misbehaving("the server left out part of the search")
    return None


def _meaning(code: Any, answer: HttpAnswer) -> Ambiguous | Unanswered | None:
    """By the table; the code is only quoted when the table has it."""
    match MEANINGS.get(code) if isinstance(code, str) else None:
        case "denied":
            return DeniedBySource(f"the server refused us: {code}")
        case "unavailable":
            return Unavailable(
                f"the server cannot answer: {code}",
                timeout=code == "timeout",
                retry_after_s=answer.retry_after_s,
            )
        case "ambiguous":
            return Ambiguous(2, answer.received_at)
        case "misbehaving":
            return Misbehaving(f"the server reports an error: {code}")
        case _:
            return None

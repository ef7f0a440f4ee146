"""Obligations: the duties that policy attaches to an allow, in one place (DESIGN section 7).

    mask            {field: {how, …}}  what stays of a field (`masks`); `field.member` names a part of it
    max_records     n                  at most so many items of each list leave
    retention       {days: n}          the client is told how long it may keep the answer
    notify_subject  true               the person finds a notice that their data was used
    double_audit    true               a second entry at both gateways

`plan` reads them once, before anything is fetched or done. What is unknown, ill-formed, or cannot be
carried out for this form of service denies: a duty that is left out would be a disclosure too much.
`schemas.decision.KNOWN_OBLIGATIONS` is the list of names.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.exchange.masks import Mask, MaskKeys, UnknownMask, apply, mask_of
from policies.reasons import POLICY_UNAVAILABLE
from schemas.decision import KNOWN_OBLIGATIONS, Decision, DecisionInput
from schemas.errors import Refused
from schemas.identifiers import ServiceId
from schemas.wire import DOUBLE_AUDIT, RETENTION_DAYS, Headers

_logger = logging.getLogger(__name__)

MAX_RETENTION_DAYS: Final = 36_525


@dataclass(frozen=True, slots=True)
class Duties:
    """What has to be done with one answer. `masks` are by path: the field, then members below it."""

    masks: tuple[tuple[tuple[str, ...], str, Mask], ...] = ()
    max_records: int | None = None
    retention_days: int | None = None
    notify_subject: bool = False
    double_audit: bool = False

    def project(self, name: str, value: Any) -> Any:
        """What may leave of one granted field."""
        if self.max_records is not None and isinstance(value, list):
            value = value[: self.max_records]
        for path, _, mask in self.masks:
            if path[0] == name:
                value = _below(value, path[1:], mask)
        return value

    @property
    def masked(self) -> dict[str, str]:
        """Which fields are masked, and how: the asker has to know that a year is only a year."""
        return {".".join(path): how for path, how, _ in self.masks}

    @property
    def headers(self) -> Headers:
        """What the answer's head tells the asker."""
        retention = ((RETENTION_DAYS, str(self.retention_days)),) if self.retention_days else ()
        return (*retention, *(((DOUBLE_AUDIT, "emergency"),) if self.double_audit else ()))


NOTHING: Final = Duties()
"""An answer without duties."""


def plan(decision: Decision, facts: DecisionInput, keys: MaskKeys) -> Duties:
    """Read a decision's obligations.

    Raises:
        Refused: one of them cannot be carried out.
    """
    if not decision.obligations:
        return NOTHING
    try:
        duties = _read(decision.obligations, facts, keys)
    except (UnknownMask, TypeError, ValueError):
        raise _not_possible("one is unknown or ill-formed") from None
    opaque = facts.document["service"]["form"] != "record"
    nobody = facts.document["subject"]["type"] is None
    if (opaque and (duties.masks or duties.max_records)) or (nobody and duties.notify_subject):
        raise _not_possible("one cannot be carried out for this form of service")
    return duties


def _not_possible(why: str) -> Refused:
    """To the asker it is a decision that cannot be trusted; the operator reads what is wrong with it."""
    _logger.error("policy sets obligations, and %s: the exchange is refused", why)
    return Refused(reasons=(POLICY_UNAVAILABLE,))


def _read(obligations: Mapping[str, Any], facts: DecisionInput, keys: MaskKeys) -> Duties:
    _require(obligations.keys() <= KNOWN_OBLIGATIONS)
    retention = obligations.get("retention")
    _require(retention is None or (isinstance(retention, Mapping) and retention.keys() == {"days"}))
    return Duties(
        masks=_masks(obligations["mask"], facts, keys) if "mask" in obligations else (),
        max_records=_count(obligations["max_records"]) if "max_records" in obligations else None,
        retention_days=_count(retention["days"], MAX_RETENTION_DAYS) if retention is not None else None,
        notify_subject=_yes(obligations.get("notify_subject", False)),
        double_audit=_yes(obligations.get("double_audit", False)),
    )


def _masks(rules: Any, facts: DecisionInput, keys: MaskKeys) -> tuple[tuple[tuple[str, ...], str, Mask], ...]:
    _require(isinstance(rules, Mapping) and all(isinstance(name, str) for name in rules))
    document = facts.document
    member = ServiceId.parse(document["service"]["id"]).member
    key = keys.key(str(member), document["client"]["id"], document["purpose"])
    return tuple(
        (tuple(name.split(".")), rule["how"], mask_of(rule, key)) for name, rule in sorted(rules.items())
    )


def _below(value: Any, path: tuple[str, ...], mask: Mask) -> Any:
    """Mask what stands at a path below a value; a scalar where an object was expected is masked itself."""
    if not path or not isinstance(value, (Mapping, list, tuple)):
        return apply(mask, value)
    if isinstance(value, Mapping):
        return {
            name: _below(item, path[1:], mask) if name == path[0] else item for name, item in value.items()
        }
    return [_below(item, path, mask) for item in value]


def _count(value: Any, most: int | None = None) -> int:
    _require(type(value) is int and value > 0 and (most is None or value <= most))
    return int(value)


def _yes(value: Any) -> bool:
    _require(isinstance(value, bool))
    return bool(value)


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError

"""What differs between two versions of an agreement, in words: added, removed, widened, narrowed.

*Widened* lets the client learn or ask more than before, *narrowed* less. Whoever accepts a new version reads
the widened ones first. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from schemas.agreement import PERIODS, AgreedService, Agreement, Allowance

Effect = Literal["added", "removed", "widened", "narrowed", "changed"]

_LISTS: Final = {
    "purposes": "the purpose",
    "legal_bases": "the legal basis",
    "fields": "the field",
    "methods": "the method",
    "paths": "the path",
}
_NAMES: Final = {seconds: name for name, seconds in PERIODS.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; `about` is a service, or `agreement` for what holds for all of them."""

    effect: Effect
    about: str
    text: str


def differences(old: Agreement, new: Agreement) -> list[Difference]:
    """What the newer version changes, in the order of its text."""
    return [*_of_the_whole(old, new), *_of_services(old, new)]


def allowance_text(allowance: Allowance) -> str:
    """An allowance in words: `1000 per day`."""
    return f"{allowance.limit} per {_NAMES.get(allowance.period_s, f'{allowance.period_s} seconds')}"


def _of_the_whole(old: Agreement, new: Agreement) -> Iterator[Difference]:
    for name in ("client", "provider", "status"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Difference("changed", "agreement", f"the {name} was {before} and is {after}")
    if old.absence != new.absence:
        effect: Effect = "widened" if new.absence == "disclosed" else "narrowed"
        may = "may now" if new.absence == "disclosed" else "may no longer"
        yield Difference(effect, "agreement", f"the client {may} learn that a person is unknown")
    if old.valid_from != new.valid_from:
        effect = "widened" if new.valid_from < old.valid_from else "narrowed"
        yield Difference(
            effect, "agreement", f"it begins on {_day(new.valid_from)} and not on {_day(old.valid_from)}"
        )
    if old.valid_until != new.valid_until:
        effect = "widened" if new.valid_until > old.valid_until else "narrowed"
        yield Difference(
            effect, "agreement", f"it ends on {_day(new.valid_until)} and not on {_day(old.valid_until)}"
        )
    if old.memo != new.memo:
        yield Difference("changed", "agreement", "title, legal reference or contacts were rewritten")


def _of_services(old: Agreement, new: Agreement) -> Iterator[Difference]:
    before = {terms.service: terms for terms in old.services}
    after = {terms.service: terms for terms in new.services}
    for service in sorted(after.keys() - before.keys(), key=str):
        yield Difference("added", str(service), "the service may be asked")
    for service in sorted(before.keys() - after.keys(), key=str):
        yield Difference("removed", str(service), "the service may no longer be asked")
    for terms in new.services:
        if terms.service in before:
            yield from _of_terms(before[terms.service], terms)


def _of_terms(old: AgreedService, new: AgreedService) -> Iterator[Difference]:
    about = str(new.service)
    for name, word in _LISTS.items():
        yield from _of_list(about, word, getattr(old, name), getattr(new, name))
    asked = [[f"{one.field} {one.op} {one.value}" for one in terms.predicates] for terms in (old, new)]
    yield from _of_list(about, "the question", *asked)
    for name in ("default_purpose", "default_legal_basis"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            what = name.replace("_", " ")
            yield Difference("changed", about, f"the {what} was {before or 'none'} and is {after or 'none'}")
    yield from _of_quota(about, old.quota, new.quota)
    yield from _of_bound(about, "about one person", old.repeats, new.repeats)


def _of_list(about: str, word: str, old: Iterable[str], new: Sequence[str]) -> Iterator[Difference]:
    before = list(old)
    for item in new:
        if item not in before:
            yield Difference("widened", about, f"{word} {item} was added")
    for item in before:
        if item not in new:
            yield Difference("narrowed", about, f"{word} {item} was taken out")


def _of_quota(about: str, old: Sequence[Allowance], new: Sequence[Allowance]) -> Iterator[Difference]:
    before = {one.period_s: one for one in old}
    after = {one.period_s: one for one in new}
    for period in sorted(before.keys() | after.keys()):
        yield from _of_bound(about, "in all", before.get(period), after.get(period))


def _of_bound(about: str, what: str, old: Allowance | None, new: Allowance | None) -> Iterator[Difference]:
    """A bound that went away, came, or moved. Other periods compare by their rate."""
    if old == new:
        return
    if new is None and old is not None:
        yield Difference("widened", about, f"exchanges {what} are no longer bounded to {allowance_text(old)}")
    elif old is None and new is not None:
        yield Difference("narrowed", about, f"exchanges {what} are bounded to {allowance_text(new)}")
    elif old is not None and new is not None:
        more = new.limit * old.period_s > old.limit * new.period_s
        text = f"exchanges {what}: {allowance_text(new)}, before {allowance_text(old)}"
        yield Difference("widened" if more else "narrowed", about, text)


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"

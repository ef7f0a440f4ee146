"""Which file to import next. Pure: from what is staged, what lies there and what is known to be bad."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from adapters.kinds.file.drops.drop import Entry
from adapters.kinds.file.form import DroppedFile
from adapters.kinds.file.staging import About


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that could be imported. `order` is its sequence number, else its date, else when it was
    last changed."""

    entry: Entry
    order: int
    date: int | None
    is_delta: bool


def candidates(dropped: DroppedFile, entries: Mapping[str, Entry]) -> list[Candidate]:
    """The files whose name is one of this kind's, oldest first; of one order, the full file first."""
    found = []
    for entry in entries.values():
        # A delta's name may also fit the wider pattern of full files, so deltas are looked for first.
        delta = dropped.delta.read(entry.name) if dropped.delta is not None else None
        said = delta or dropped.name.read(entry.name)
        if said is None:
            continue
        told = said.sequence if said.sequence is not None else said.date
        found.append(
            Candidate(entry, entry.modified if told is None else told, said.date, is_delta=delta is not None)
        )
    return sorted(found, key=lambda candidate: (candidate.order, candidate.is_delta, candidate.entry.name))


def next_one(
    dropped: DroppedFile, about: About | None, found: list[Candidate], bad: Collection[str]
) -> Candidate | None:
    """The newest full file that is newer than what is staged; else the next delta, when every file
    before it is in place. `bad` names files not to be taken as they are."""
    if dropped.adds:
        return _next_added(about, found, bad)
    fulls = [one for one in found if not one.is_delta and one.entry.name not in bad]
    newer = [one for one in fulls if about is None or _is_newer(dropped, one, about)]
    if newer:
        return newer[-1]
    if about is None:
        return None
    # Of one order, names decide: none is left out, whether or not they were seen together.
    place = (about.order, about.is_delta, about.name)
    later = [one for one in found if (one.order, one.is_delta, one.entry.name) > place]
    first = next(iter(later), None)
    # A bad file in between holds later deltas up: they were written on top of it.
    if first is None or not first.is_delta or first.entry.name in bad:
        return None
    if dropped.is_sequenced and first.order != about.order + 1:
        return None
    return first


def _next_added(about: About | None, found: list[Candidate], bad: Collection[str]) -> Candidate | None:
    """The oldest file that is not in place yet; a bad one holds the later ones up."""
    place = None if about is None else (about.order, about.name)
    first = next((one for one in found if place is None or (one.order, one.entry.name) > place), None)
    if first is None or first.entry.name in bad:
        return None
    return replace(first, is_delta=about is not None)


def _is_newer(dropped: DroppedFile, one: Candidate, about: About) -> bool:
    changed = one.entry.version is None or one.entry.version != about.version
    if dropped.name.is_one_name:
        return changed
    if one.order != about.order or about.is_delta:
        return one.order > about.order
    return one.entry.name > about.name or (one.entry.name == about.name and changed)

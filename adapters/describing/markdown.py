"""The page as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from adapters.describing.facts import ServiceFacts, SourceFacts

LEAD: Final = (
    "What can leave this system, and what it is made of. Who may ask, and for which purpose, stands in "
    "agreements. A field that is not named here does not leave, but for services forwarded as they stand."
)
COLUMNS: Final = ("field", "what it means", "made of", "how")


def lead(source: SourceFacts) -> list[tuple[str, str]]:
    """What is said of a source first, as pairs."""
    limits = source.limits
    return [
        ("Offered by", source.subsystem),
        ("Owner", ", ".join(source.owner.values())),
        ("Kind", source.kind),
        ("System", source.place),
        ("Secrets (kept apart, by name)", ", ".join(source.secrets) or "none"),
        ("One question takes at most", f"{limits['timeout_ms']} ms"),
        ("Questions at the same time", str(limits["concurrency"])),
        ("Records of one answer", f"{limits['max_rows']} at most, {limits['max_bytes']} bytes"),
    ]


def about(service: ServiceFacts) -> list[tuple[str, str]]:
    """What is said of a service first, as pairs."""
    if not service.canonical:
        return [("Forwarded as it stands", service.asks)]
    asked = ", ".join(f"{kind} ({pattern})" for kind, pattern in service.asked_by.items())
    words = {
        "as_of": "Vouches for the moment in",
        "restricted": "Protected people are marked by",
        "area": "Area",
    }
    return [
        ("Gives", service.canonical),
        ("A person is named by", asked),
        ("Read from", service.asks),
        ("When there is no record", service.nobody),
        *((words[word], place) for word, place in service.marks.items()),
        ("Tested by", ", ".join(service.cases) or "nothing yet"),
    ]


def rows(service: ServiceFacts) -> list[Sequence[str]]:
    """The fields, in the order of `COLUMNS`."""
    return [(one.name, one.meaning, ", ".join(one.columns), one.how) for one in service.fields]


def markdown(source: SourceFacts) -> str:
    """The whole page."""
    return "\n".join(_lines(source)) + "\n"


def _lines(source: SourceFacts) -> Iterator[str]:
    yield f"# {_plain(source.title)}"
    yield ""
    yield LEAD
    yield ""
    yield from _pairs(lead(source))
    for service in source.services:
        yield f"\n## {_plain(service.title)} (`{service.name}`)\n"
        yield from _pairs(about(service))
        if service.fields:
            yield ""
            yield f"| {' | '.join(COLUMNS)} |"
            yield "|---" * len(COLUMNS) + "|"
            yield from (f"| {' | '.join(map(_plain, row))} |" for row in rows(service))


def _pairs(pairs: list[tuple[str, str]]) -> Iterator[str]:
    yield from (f"- {name}: {_plain(value)}" for name, value in pairs)


def _plain(text: str) -> str:
    """A file's own words on one line, where they can end no cell and open no tag."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())

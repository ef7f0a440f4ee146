"""A draft as the YAML of a source file, with comments for the person who reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from adapters.drafting.codes import unknown_codes
from adapters.drafting.draft import Column, Draft
from adapters.drafting.patterns import usable
from adapters.drafting.proposal import Proposal

_PATTERN: Final = "[0-9A-Za-z-]{1,32}"
_SELECTOR: Final = "selector"


@dataclass(frozen=True, slots=True)
class Heading:
    """What the system itself cannot tell: the file's id, its subsystem, who answers for it. `title` is
    None where what the system says of itself will do."""

    id: str
    title: str | None
    subsystem: str
    owner: Mapping[str, str]


def draft_text(draft: Draft, heading: Heading, proposals: tuple[Proposal, ...]) -> str:
    """The whole file. Raises nothing; that it is in order is for `check_document` to say."""
    return "\n".join(_lines(draft, heading, proposals)) + "\n"


def _lines(draft: Draft, heading: Heading, proposals: tuple[Proposal, ...]) -> Iterator[str]:
    yield f"# {_one_line(draft.title)}: drafted by `isthmus source new`."
    yield "# Read it, correct it, then: isthmus source check"
    for remark in draft.remarks:
        yield f"# {_one_line(remark)}"
    for name, what in draft.secrets.items():
        yield f"# Secret {name}: {_one_line(what)}; set ISTHMUS_SECRET_{name}."
    yield f"id: {heading.id}"
    yield f"title: {_flow(heading.title or _one_line(draft.title)[:200] or heading.id)}"
    yield f"kind: {draft.kind}"
    yield f"owner: {_flow(dict(heading.owner))}"
    yield f"subsystem: {heading.subsystem}"
    yield ""
    yield from _block({"connection": draft.connection}, 0)
    yield ""
    yield "limits: {timeout_ms: 3000, concurrency: 4, retries: 1}"
    yield ""
    yield "services:"
    for number, proposal in enumerate(proposals):
        yield from [""] if number else []
        # Files vouch for a day of their own.
        yield from _service(proposal, dated=draft.kind != "file")
    yield ""
    yield "tests:"
    for proposal in proposals:
        given = {proposal.subject_type: _sample(proposal)}
        line = {"service": proposal.service.name, "given": given, "expect": "not_found"}
        yield f"  - {_flow(line)}   # a number that nobody has; add one that must match"


def _service(proposal: Proposal, *, dated: bool) -> Iterator[str]:
    service = proposal.service
    yield f"  {_flow(service.name)}:"
    yield f"    title: {_flow(service.title)}"
    yield f"    canonical: {proposal.canonical}"
    yield f"    subject: {_flow({proposal.subject_type: {'pattern': _pattern(proposal)}})}"
    yield from _block(_with_selector(service.own, proposal.subject_type), 4)
    if proposal.shape == "list":
        yield "    shape: list"
        yield "    empty: not_found   # or empty_list, when no row truly means none"
    if proposal.as_of is not None and dated:
        yield f"    as_of: {_flow(proposal.as_of)}   # the moment the source vouches for"
    if proposal.restricted is not None:
        yield f"    restricted: {_flow(proposal.restricted)}   # marks protected people"
    yield "    map:"
    columns = {column.place: column for column in service.columns}
    for name, rule in proposal.rules.items():
        yield from _rule(name, rule, columns)
    if proposal.missing:
        yield f"      # nothing was found for: {', '.join(proposal.missing)}"
    if proposal.unused:
        yield f"      # not used: {', '.join(_one_line(column.place) for column in proposal.unused)}"


def _rule(
    name: str, rule: Mapping[str, Any], columns: Mapping[str, Column], indent: str = "      "
) -> Iterator[str]:
    inner = next((word for word in ("each", "object") if word in rule), None)
    if inner is None:
        column = columns.get(rule["from"])
        foreign = () if column is None else unknown_codes(column, rule)
        note = f"   # no meaning found for: {_one_line(', '.join(foreign))}" if foreign else ""
        yield f"{indent}{name}: {_flow(rule)}{note}"
        return
    yield f"{indent}{name}:"
    yield f"{indent}  {inner}:"
    for member, part in rule[inner].items():
        yield from _rule(member, part, columns, indent + "    ")


def _pattern(proposal: Proposal) -> str:
    column = next((one for one in proposal.service.columns if one.place == proposal.selector), None)
    return usable(column.pattern if column is not None else None) or _PATTERN


def _sample(proposal: Proposal) -> str:
    """A value of the pattern that no person has: zeros, as far as the pattern allows them."""
    import re

    pattern = _pattern(proposal)
    return next((zeros for n in range(1, 33) if re.fullmatch(pattern, zeros := "0" * n)), "0")


def _with_selector(own: Any, name: str) -> Any:
    """The kind's members with the subject's name in place of `{selector}` and `$selector`."""
    if isinstance(own, str):
        return own.replace(f"{{{_SELECTOR}}}", f"{{{name}}}").replace(f"${_SELECTOR}", f"${name}")
    if isinstance(own, Mapping):
        return {_with_selector(key, name): _with_selector(item, name) for key, item in own.items()}
    if isinstance(own, (list, tuple)):
        return [_with_selector(item, name) for item in own]
    return own


def _block(value: Mapping[str, Any], indent: int) -> Iterator[str]:
    text = yaml.dump(_plain(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    for line in text.splitlines():
        yield " " * indent + line


class _Dumper(yaml.SafeDumper):
    """Texts of several lines, such as a SOAP request, as a person would write them."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """One text."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)


def _flow(value: Any) -> str:
    """One value on one line."""
    text = yaml.safe_dump(
        _plain(value), default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _one_line(text: str) -> str:
    """A system's own words in a comment: they must not end it."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())

"""What a server answered: one page of matches (FHIR R4 section 3.1.1.3, Bundle of type searchset).

The address of the next page is the server's word, so only its path below our base URL and its query
are taken, never its host: servers behind proxies name the wrong one, a hostile one names another's.
openIMIS percent-encodes the whole link and answers `identifier` with a bare resource.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from schemas.outcome import Misbehaving

_MAX_LINK: Final = 8192
_SAFE_PATH: Final = re.compile(r"(/[A-Za-z0-9_$~-][A-Za-z0-9_.$~-]*)*/?")
_SAFE_QUERY: Final = re.compile(r"[\x21\x24-\x7e]*")
_RESOURCE_TAIL: Final = re.compile(r"/[A-Z][A-Za-z]{1,63}(/_search)?/?$")


@dataclass(frozen=True, slots=True)
class Page:
    """Matches and included resources of one answer. `next` is a path with query below the base URL;
    `total` what the server says it holds; `outcomes` are OperationOutcomes among the matches."""

    matches: tuple[Mapping[str, Any], ...]
    included: tuple[Mapping[str, Any], ...] = ()
    outcomes: tuple[Mapping[str, Any], ...] = ()
    next: str | None = None
    total: int | None = None


def page_of(document: Any, resource: str, base_url: str) -> Page | Misbehaving:
    """Read one answer to a search of `resource`."""
    if not isinstance(document, Mapping):
        return Misbehaving("the answer is no FHIR resource")
    if document.get("resourceType") == resource:
        return Page((document,))
    if document.get("resourceType") != "Bundle" or document.get("type", "searchset") != "searchset":
        return Misbehaving("the answer is no result of a search")
    entries = document.get("entry", [])
    if not isinstance(entries, list):
        return Misbehaving("the entries of the Bundle are no list")
    sorted_out: dict[str, list[Mapping[str, Any]]] = {"match": [], "include": [], "outcome": []}
    for entry in entries:
        mode, found = _entry(entry, resource)
        if mode not in sorted_out or (mode == "match" and found.get("resourceType") != resource):
            return Misbehaving("the Bundle holds entries that were not asked for")
        sorted_out[mode].append(found)
    link = _next_link(document, base_url)
    if isinstance(link, Misbehaving):
        return link
    total = document.get("total")
    counted = total if isinstance(total, int) and not isinstance(total, bool) else None
    matches, included, outcomes = (tuple(sorted_out[mode]) for mode in ("match", "include", "outcome"))
    return Page(matches, included, outcomes, link, counted)


def _entry(entry: Any, resource: str) -> tuple[str, Mapping[str, Any]]:
    """An entry's mode and resource; HAPI and others leave the mode out where it can be seen."""
    found = entry.get("resource") if isinstance(entry, Mapping) else None
    if not isinstance(found, Mapping):
        return "broken", {}
    search = entry.get("search")
    mode = search.get("mode") if isinstance(search, Mapping) else None
    kind = found.get("resourceType")
    if mode is None:
        mode = "outcome" if kind == "OperationOutcome" else "match" if kind == resource else "include"
    return str(mode), found


def _next_link(document: Mapping[str, Any], base_url: str) -> str | Misbehaving | None:
    links = document.get("link", [])
    for link in links if isinstance(links, list) else []:
        if isinstance(link, Mapping) and link.get("relation") == "next":
            return rebased(link.get("url"), base_url)
    return None


def rebased(url: Any, base_url: str) -> str | Misbehaving:
    """The path and query of a link, below our base URL."""
    broken = Misbehaving("the link to the next page is not usable")
    if not isinstance(url, str) or not 1 <= len(url) <= _MAX_LINK:
        return broken
    try:
        parts = urlsplit(unquote(url) if re.match(r"https?%3[Aa]", url) else url)
    except ValueError:
        return broken
    path = _below(parts.path, urlsplit(base_url).path.rstrip("/"))
    if _SAFE_PATH.fullmatch(path) is None or _SAFE_QUERY.fullmatch(parts.query) is None:
        return broken
    return f"{path}?{parts.query}" if parts.query else broken


def _below(path: str, base: str) -> str:
    """What of a path lies below the base: all behind it, or where a proxy shows another base, the
    resource at its end."""
    if path == base or path.startswith(base + "/"):
        return path[len(base) :].rstrip("/") if path.rstrip("/") == base else path[len(base) :]
    if path and not path.startswith("/"):
        return "/" + path
    tail = _RESOURCE_TAIL.search(path)
    return tail[0] if tail else ""

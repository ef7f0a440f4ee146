"""Indexes of feeds: Atom 1.0 (RFC 4287) and RSS 2.0, read for the documents they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin

from adapters.kinds.feed.cap import UnfitAlert
from adapters.xml import Element

ATOM: Final = "http://www.w3.org/2005/Atom"
_CAP_TYPES: Final = ("application/cap+xml", "application/common-alerting-protocol+xml")


def documents(root: Element, url: str, most: int) -> dict[str, str]:
    """Where the index leads: address of a document, and what tells its version.

    Raises:
        UnfitAlert: it is no index, has too many entries, or an entry leads nowhere.
    """
    if root.tag == f"{{{ATOM}}}feed":
        found = dict(_atom(root, url))
        entries = len(root.findall(f"{{{ATOM}}}entry"))
    elif root.tag == "rss":
        found = dict(_rss(root, url))
        entries = len(root.findall("channel/item"))
    else:
        raise UnfitAlert("the index is neither Atom nor RSS")
    if entries > most:
        raise UnfitAlert(f"the index has more than {most} entries; raise `max_alerts`")
    return found


def _atom(root: Element, url: str) -> Iterator[tuple[str, str]]:
    for entry in root.iterfind(f"{{{ATOM}}}entry"):
        links = entry.findall(f"{{{ATOM}}}link")
        alternate = [one for one in links if one.get("rel", "alternate") in ("alternate", "enclosure")]
        typed = [one for one in alternate if one.get("type") in _CAP_TYPES]
        chosen = typed or [one for one in alternate if "html" not in one.get("type", "")]
        href = chosen[0].get("href") if chosen else None
        if not href:
            raise UnfitAlert("an entry of the index leads nowhere")
        yield urljoin(url, href), entry.findtext(f"{{{ATOM}}}updated") or ""


def _rss(root: Element, url: str) -> Iterator[tuple[str, str]]:
    for item in root.iterfind("channel/item"):
        enclosures = [one.get("url") for one in item.findall("enclosure") if one.get("type") in _CAP_TYPES]
        href = enclosures[0] if enclosures else (item.findtext("link") or "").strip()
        if not href:
            raise UnfitAlert("an item of the index leads nowhere")
        yield urljoin(url, href), item.findtext("pubDate") or ""

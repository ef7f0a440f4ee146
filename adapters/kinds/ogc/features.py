"""OGC API Features 1.0 (OGC 17-069r4): what is asked of `/collections/{id}/items`, and what it answers.

Properties are compared by query parameters (Part 1, 7.15.5) or by a CQL2 text filter (Part 3, OGC
21-065). A server may ignore a parameter it does not know and then answers with everybody, so every
feature must carry what was asked for. Not here: other reference systems than CRS84, writing, tiles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from adapters.geometry import UnfitGeometry, contains
from adapters.http.answers import HttpAnswer, failure_of, parse_answer
from adapters.http.asking import Asking
from adapters.http.error_rules import ruled
from adapters.http.paging import Page, PageRead
from adapters.kinds.ogc.form import OgcAsk
from adapters.kinds.ogc.wanted import Wanted
from schemas.errors import RequestMismatch
from schemas.outcome import Ambiguous, Misbehaving, NotFound, Unanswered

ACCEPT: Final = "application/geo+json, application/json;q=0.9"
PAGES: Final = Page(by="next_url", place=("next",))
ID: Final = "@id"
"""Where a feature's identifier stands in its record, beside its properties."""

_FEATURES: Final = "ogcapi-features-1/1.0/conf/core"
_CQL2: Final = "cql2/1.0/conf/cql2-text"


def question(ask: OgcAsk, wanted: Wanted, limit: int) -> Asking:
    """The first request of a question."""
    query: dict[str, str] = {**ask.parameters, "limit": str(limit)}
    if ask.filter == "cql2" and wanted.equal:
        query |= {"filter": cql2(wanted.equal), "filter-lang": "cql2-text"}
    else:
        query |= {name: str(value) for name, value in wanted.equal.items()}
    if wanted.point is not None:
        west, south = map(_number, wanted.point)
        query["bbox"] = f"{west},{south},{west},{south}"
    path = f"/collections/{quote(ask.collection, safe='')}/items"
    return Asking("GET", path, query, accept=ACCEPT)


def cql2(equal: Mapping[str, str | int]) -> str:
    r"""Properties and what each must equal, as CQL2 text; a quote in a value is doubled.

    Raises:
        RequestMismatch: a value holds a backslash. CQL2 also knows `\'` for a quote, and no way to write
            a backslash before one, so such a text could end early.
    """
    if any("\\" in str(value) for value in equal.values()):
        raise RequestMismatch("subject.value cannot hold a backslash here")
    return " AND ".join(f'"{name}" = {_literal(value)}' for name, value in equal.items())


def interpret(
    ask: OgcAsk, wanted: Wanted, answer: HttpAnswer, max_bytes: int
) -> PageRead | NotFound | Ambiguous | Unanswered:
    """What an answer means: the source's rules first, then HTTP's, then the features in it."""
    document = parse_answer(answer, max_bytes)
    verdict = ruled(ask.errors, answer, document) or failure_of(answer)
    if verdict is not None:
        return verdict
    if isinstance(document, Misbehaving):
        return document
    records = read_collection(document, wanted)
    if isinstance(records, Misbehaving):
        return records
    told = {"next": next_link(document), "sent": len(document["features"]), "matched": matched(document)}
    return PageRead(records, answer, told)


def read_collection(document: Any, wanted: Wanted) -> list[Mapping[str, Any]] | Misbehaving:
    """The records of a GeoJSON FeatureCollection, or why it is none."""
    features = document.get("features") if isinstance(document, Mapping) else None
    is_collection = isinstance(document, Mapping) and document.get("type") == "FeatureCollection"
    if not is_collection or not isinstance(features, list):
        return Misbehaving("the answer is not a collection of features")
    returned = document.get("numberReturned")
    if returned is not None and returned != len(features):
        return Misbehaving("the source says it sent another number of features than it did")
    try:
        return list(_records(features, wanted))
    except UnfitGeometry as error:
        return Misbehaving(str(error))


def next_link(document: Mapping[str, Any]) -> Any:
    """The address of the next page; None when there is none."""
    links = document.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, Mapping) and link.get("rel") == "next":
            return link.get("href")
    return None


def matched(document: Mapping[str, Any]) -> int | None:
    """How many features there are in all, where the answer says so."""
    total = document.get("numberMatched", document.get("totalFeatures"))
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def conformance_fault(document: Any, *, filters: bool) -> str | None:
    """Why a `/conformance` answer is not that of a server we can ask; None when it is."""
    classes = document.get("conformsTo") if isinstance(document, Mapping) else None
    if not isinstance(classes, list):
        return "the source does not say what it conforms to"
    ends = [str(one) for one in classes]
    if not any(one.endswith(_FEATURES) for one in ends):
        return "the source does not conform to OGC API Features 1.0"
    if filters and not any(one.endswith(_CQL2) for one in ends):
        return "the file filters by CQL2, and the source does not conform to it"
    return None


def _records(features: list[Any], wanted: Wanted) -> Iterator[Mapping[str, Any]]:
    for feature in features:
        properties = feature.get("properties") if isinstance(feature, Mapping) else None
        if not isinstance(properties, Mapping):
            raise UnfitGeometry("a feature has no properties")
        if wanted.point is None or contains(feature.get("geometry"), wanted.point):
            record = {**properties, ID: feature.get("id")}
            if not wanted.is_met_by(record):
                raise UnfitGeometry("the source answered with features that were not asked for")
            yield record


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _number(value: float) -> str:
    return f"{value:.7f}".rstrip("0").rstrip(".")

"""`errors:` of a service: what an answer means when its file says so.

    errors:
      - {when: {http: 404, json: /error, equals: unknown}, as: not_found}
      - {when: {json: /errors, present: true}, as: unavailable}         an error inside an HTTP 200
      - {when: {header: X-Road-Error, present: true}, as: unavailable}
      - {when: {xpath: "//Fault/code", equals: "17"}, as: not_found}

The conditions of one rule all have to hold; the first rule that applies decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from adapters.http.answers import HttpAnswer
from adapters.pointer import ABSENT, find, parse
from schemas.outcome import Ambiguous, DeniedBySource, Misbehaving, NotFound, Unanswered, Unavailable

Verdict = Literal["not_found", "ambiguous", "denied", "unavailable", "misbehaving"]

_AT_LEAST_TWO: Final = 2
_ABOUT_THE_PERSON: Final = ("not_found", "ambiguous")
_PAGES: Final = ("text/html", "application/xhtml+xml")
_PLACES: Final = ("header", "json", "xpath")


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """When an answer is no record, and what it is then.

    At most one of `header`, `pointer` and `xpath` names a place; something must stand there
    (`present`), nothing (`present` false), or exactly `equals`. A status alone says nothing about a
    person in a page for people: servers and proxies send one when the service is not there at all.
    """

    verdict: Verdict
    http: int | None = None
    header: str | None = None
    pointer: tuple[str, ...] | None = None
    xpath: str | None = None
    namespaces: Mapping[str, str] = field(default_factory=dict)
    present: bool | None = None
    equals: Any = None

    @property
    def is_bare(self) -> bool:
        """Whether only a status is looked at."""
        return (self.header, self.pointer, self.xpath) == (None, None, None)


def error_rules(rules: Iterable[Mapping[str, Any]]) -> tuple[ErrorRule, ...]:
    """Read `errors:`, which the JSON Schema has already accepted."""
    return tuple(_rule(rule["when"], rule["as"]) for rule in rules)


def error_rule_complaints(rules: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with `errors:`: the rule's position, what, and the cure."""
    for index, rule in enumerate(rules):
        when = rule["when"]
        places = [name for name in _PLACES if name in when]
        if len(places) > 1:
            yield index, f"`{places[0]}` and `{places[1]}` cannot stand in one rule", "write two rules"
        elif bool(places) != (("equals" in when) or ("present" in when)):
            example = "write {json: /status, equals: ERROR} or {json: /errors, present: true}"
            name = places[0] if places else "json"
            yield index, f"`{name}` and `equals` belong together", example
        elif "equals" in when and "present" in when:
            yield index, "`equals` and `present` cannot stand together", "remove one"
        elif places and places[0] != "json" and not isinstance(when.get("equals", ""), str):
            # It would never apply: what stands in a header or in XML is text.
            yield index, f"`{places[0]}` gives text, `equals` is none", "write the value in quotes"
        elif "xpath" in when:
            yield from _xpath_complaint(index, when)


def ruled(
    rules: Iterable[ErrorRule], answer: HttpAnswer, document: Any
) -> NotFound | Ambiguous | Unanswered | None:
    """What the rules say of an answer, or None when none applies.

    `document` is its JSON, or the root element of its XML, or Misbehaving when it is neither.
    """
    for rule in rules:
        if _applies(rule, answer, document):
            return _outcome(rule.verdict, answer)
    return None


def _xpath_complaint(index: int, when: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    from adapters.xpath import UnfitXPath, compiled

    try:
        compiled(when["xpath"], when.get("namespaces", {}))
    except UnfitXPath as error:
        yield index, str(error), 'write an XPath such as "//p:code"'


def _rule(when: Mapping[str, Any], verdict: Verdict) -> ErrorRule:
    return ErrorRule(
        verdict,
        when.get("http"),
        when["header"].lower() if "header" in when else None,
        parse(when["json"]) if "json" in when else None,
        when.get("xpath"),
        when.get("namespaces", {}),
        when.get("present"),
        when.get("equals"),
    )


def _applies(rule: ErrorRule, answer: HttpAnswer, document: Any) -> bool:
    if rule.http is not None and rule.http != answer.status:
        return False
    if rule.is_bare and rule.verdict in _ABOUT_THE_PERSON and answer.content_type in _PAGES:
        return False
    if rule.header is not None:
        return _fits(rule, [answer.headers[rule.header]] if rule.header in answer.headers else [])
    if rule.pointer is not None:
        if isinstance(document, Misbehaving) or _is_xml(document):
            return False
        found = find(document, rule.pointer)
        return _fits(rule, [] if found is ABSENT else [found])
    if rule.xpath is not None:
        return _is_xml(document) and _fits(rule, _texts(rule, document))
    return True


def _fits(rule: ErrorRule, found: list[Any]) -> bool:
    if rule.present is not None:
        # An empty list of errors is no error, and neither is `"error": null`.
        return rule.present == any(value not in (None, "", [], {}) for value in found)
    # `True == 1` in Python, not in JSON.
    return any(type(value) is type(rule.equals) and value == rule.equals for value in found)


def _is_xml(document: Any) -> bool:
    return hasattr(document, "iterchildren")


def _texts(rule: ErrorRule, document: Any) -> list[Any]:
    # Imported here: XML is costly to load, and most sources speak JSON.
    from adapters.xml import texts_of

    texts = [text.strip() for text in texts_of(document, rule.xpath or "", rule.namespaces)]
    # An element without a text of its own is present all the same.
    return [text or " " for text in texts] if rule.present is not None else texts


def _outcome(verdict: Verdict, answer: HttpAnswer) -> NotFound | Ambiguous | Unanswered:
    match verdict:
        case "not_found":
            return NotFound(answer.received_at)
        case "ambiguous":
            return Ambiguous(_AT_LEAST_TWO, answer.received_at)
        case "denied":
            return DeniedBySource("the source refused the question")
        case "unavailable":
            return Unavailable("the source says it cannot answer", retry_after_s=answer.retry_after_s)
        case _:
            return Misbehaving("the source reported an error")

"""Check 14: hostile values in every selector, and how to see that they stayed values.

The source's own pattern is the first wall; here it is opened, so that the kind behind it is tested.
A question with a hostile value must be the question with a plain one, but for the text that holds
the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from adapters.conformance.bench import Bench, Case
from adapters.conformance.questions import leaves, passing
from adapters.conformance.stand_in import Asked
from adapters.conformance.verdict import Failed
from adapters.contract import Adapter, Query
from adapters.selector import SEPARATOR, Part, Selector
from adapters.source import RecordService, Source
from schemas.outcome import Misbehaving
from schemas.record import Subject

PLAIN: Final = "1000000017"
OTHER: Final = "1000000025"

_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")

HOSTILE: Final[Mapping[str, tuple[str, ...]]] = {
    "SQL": ("' OR '1'='1", "1; DROP TABLE x--", "1' UNION SELECT NULL--", "%", "_", "\\' OR 1=1#"),
    "JSONPath": ("$..*", "'] | $[?(@.x)]", "$[?(@.a=='b')]"),
    "XPath": ("' or '1'='1", "x'] | //*[name()='a", "count(//*)", "<a/>", "]]>", "&xxe;"),
    "URL": ("../../admin", "..%2f..%2fadmin", "a/b", "a?b=c", "a#b", "a&b=c", "a%00b", "http://x.example/"),
    "FHIR": ("a|b", "a,b", "a$b", "\\|", "a:exact=b", "_has:x"),
    "DHIS2": ("a:eq:b", "a:like:b", "a;b", "a/:b", "a/,b"),
    "CQL": ("' OR x='1", "x' AND INTERSECTS(geometry,POINT(0 0))--", "\"x\"='1'"),
    "LDAP and templates": ("*)(uid=*", "{national_id}", "{{7*7}}", "${env:HOME}", "%(x)s", "{0}"),
    "headers": ("a\r\nX-Injected: 1", "a\nb", "a\tb"),
    "Unicode": ("Ilva Ñandú", "الاسم", "አበበ", "नेपाल", "İıſ", "e\u0301", "\u202e1000", "\ufeff1", "𝟙𝟘"),
    "numbers": ("0000000017", "00", "007", "+7", "1e3", "0x10", "١٢٣", "-1", " 1", "1 "),
}
"""Values that some language takes for more than a value; for every kind, whatever its language."""


async def check_injections(bench: Bench) -> None:
    """Put every hostile value into every part of every selector.

    Raises:
        Failed: a value changed its question, arrived as another one, or broke the adapter.
    """
    for service in bench.services:
        cases = bench.expecting("match", "not_found", service=service.name)
        if not cases:
            continue
        source = _opened(bench.source, service)
        await bench.stand_in.play(cases[0])
        async with bench.adapter(source) as adapter:
            for selector in source.record_service(service.name).subjects.values():
                for part in selector.parts:
                    await _Injection(bench, adapter, cases[0], service, selector, part).run()


class _Injection:
    """One part of one selector."""

    def __init__(
        self,
        bench: Bench,
        adapter: Adapter,
        case: Case,
        service: RecordService,
        selector: Selector,
        part: Part,
    ) -> None:
        self._bench, self._adapter, self._case = bench, adapter, case
        self._service, self._selector, self._part = service, selector, part

    async def run(self) -> None:
        """Compare every hostile question with a plain one."""
        if self._part.to != "text":
            await self._refuses_text()
            return
        plain, again = await self._asked(PLAIN), await self._asked(PLAIN)
        other = await self._asked(OTHER)
        if not plain or plain == other:
            raise Failed(f"{self._where}: the value does not reach the system")
        passing_places = passing(plain, again)
        for language, values in HOSTILE.items():
            for value in values:
                if SEPARATOR in value and len(self._selector.parts) > 1:
                    continue  # a part never holds it: the text would be split before the kind sees it
                asked = await self._asked(value)
                if asked and not self._same(plain, asked, value, passing_places):
                    raise Failed(f"{self._where}: {language}: {value!r} changed the question")

    async def _refuses_text(self) -> None:
        """A part that is a number or a date takes nothing else."""
        for values in HOSTILE.values():
            for value in values:
                asked = await self._asked(value)
                if asked and not (self._part.to == "integer" and _INTEGER.fullmatch(value)):
                    raise Failed(f"{self._where}: {value!r} reached the system as a {self._part.to}")

    async def _asked(self, value: str) -> Sequence[Asked]:
        texts = {part.name: _plain(part) for part in self._selector.parts} | {self._part.name: value}
        subject = Subject(self._selector.type, SEPARATOR.join(texts.values()))
        await self._bench.stand_in.play(self._case)
        self._bench.stand_in.forget()
        query = Query(self._service.name, subject, self._service.fields)
        outcome = self._bench.note(await self._adapter.fetch(query))
        if isinstance(outcome, Misbehaving) and outcome.cause.startswith("the adapter failed with"):
            raise Failed(f"{self._where}: {value!r} broke the adapter: {outcome.cause}")
        return list(self._bench.stand_in.asked)

    def _same(
        self, plain: Sequence[Asked], asked: Sequence[Asked], value: str, passing_places: set[Any]
    ) -> bool:
        one, other = dict(leaves(list(plain))), dict(leaves(list(asked)))
        forms = {value, *self._bench.stand_in.written_as(value)}
        return one.keys() == other.keys() and all(
            any(other[place] == _with(text, form) for form in forms)
            for place, text in one.items()
            if place not in passing_places and not _both_moments(text, other[place])
        )

    @property
    def _where(self) -> str:
        return f"service {self._service.name}, selector {self._selector.type}, part {self._part.name}"


def _with(text: Any, form: str) -> Any:
    return text.replace(PLAIN, form) if isinstance(text, str) else text


def _both_moments(one: Any, other: Any) -> bool:
    """Whether two texts say when they were written: between two questions a second may pass."""
    return _is_moment(one) and _is_moment(other)


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) >= 19 and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _plain(part: Part) -> str:
    return "1987-03-14" if part.to == "date" else OTHER


def _opened(source: Source, service: RecordService) -> Source:
    """The source with the patterns of a service's selectors opened."""
    anything = re.compile(r"(?s).*")
    subjects = {
        name: replace(selector, parts=tuple(replace(part, pattern=anything) for part in selector.parts))
        for name, selector in service.subjects.items()
    }
    return replace(source, services={**source.services, service.name: replace(service, subjects=subjects)})

"""One question to a live system becomes a fixture case that tells of nobody.

    captured = await capture(source, document, "status", Subject("national_id", "…"), name="match")

The answer is redacted, put through the file's mapping once more without the network, and refused
when the outcome is another one than the live system gave, or when anything of the original still
stands in it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from random import Random
from typing import Any

from adapters.capture.bodies import answer_of
from adapters.capture.keeping import formats_of, words_of
from adapters.capture.redaction import Redactor
from adapters.fixtures import outcome_name, replayed
from adapters.http.answers import HttpAnswer
from adapters.http.listening import heard_answers
from adapters.kinds import Dated, Raw, new_kind, package_of
from adapters.mapped import outcome_of
from adapters.source import RecordService, Source
from adapters.steps import Codes
from adapters.wrappers.outcomes_only import outcome_of_error
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, Match, NotFound, Outcome
from schemas.record import Subject

_TRIES = 20
_DRAWS = 5


@dataclass(frozen=True, slots=True)
class Captured:
    """A fixture case, ready for the file, and the outcome it gives."""

    case: Mapping[str, Any]
    outcome: Outcome


async def capture(
    source: Source,
    document: Mapping[str, Any],
    service_name: str,
    subject: Subject,
    name: str,
    offline: Source,
    random: Random | None = None,
) -> Captured:
    """Ask the live system and make a case; `document` is the source file's YAML, `offline` the
    source as fixtures load it.

    Raises:
        UnknownService, RequestMismatch: no such record service, or not its kind of subject.
        ConfigurationError: the system gave no answer to record, or it cannot be redacted.
    """
    service = source.record_service(service_name)
    service.subject_values(subject)
    live, raw, answers = await _ask(source, service, subject)
    if not isinstance(live, (Match, NotFound, Ambiguous)):
        raise ConfigurationError(
            f"the system gave no answer to record: {outcome_name(live)}, {live.cause}; "
            "`isthmus source try` shows which rule or request to correct"
        )
    replay = import_module(package_of(source.kind) + ".replay")
    keep = words_of(document) | _codes(service.rules) | getattr(replay, "PROTOCOL_WORDS", frozenset())
    unlike = ""
    for _ in range(_DRAWS):  # what is drawn may break a bound of the system; then draw again
        redactor = Redactor(keep, formats_of(document), random)
        case = {
            "name": name,
            "service": service.name,
            "given": {subject.type: _named(service, subject, redactor)},
            **_recorded(replay, source, service, raw, answers, redactor),
        }
        with heard_answers() as heard:
            outcome = await replayed(offline, case)
        if outcome_name(outcome) == outcome_name(live):
            _say_what_is_asked(case, [one.asked for one in heard])
            return _checked(case, service, outcome, redactor)
        unlike = _unlike(live, outcome)
    raise ConfigurationError(unlike)


async def _ask(
    source: Source, service: RecordService, subject: Subject
) -> tuple[Outcome, Raw, Sequence[Any]]:
    """The live outcome, the raw records, and the answers of systems that are asked by HTTP."""
    kind = new_kind(source)
    with heard_answers() as answers:
        try:
            await kind.open()
            raw = await kind.read(service, subject, service.fields)
        except OSError as error:
            raw = outcome_of_error(error)
        finally:
            await kind.close()
    return (
        outcome_of(service, raw, service.fields, source.limits, int(time.time())),
        raw,
        [one.answer for one in answers],
    )


def _recorded(
    replay: Any,
    source: Source,
    service: RecordService,
    raw: Raw,
    answers: Sequence[HttpAnswer],
    redactor: Redactor,
) -> dict[str, Any]:
    """The members of a case that hold the answer, as the kind writes them."""
    if answers:
        unbound = getattr(replay, "unbound", _as_it_is)
        recorded = [answer_of(answer, redactor) for answer in answers]
        for one in recorded:
            one["body"] = unbound(one["body"])
        return {"answer": recorded[0]} if len(recorded) == 1 else {"answers": recorded}
    record = getattr(replay, "recorded", None)
    rows = raw.records if isinstance(raw, Dated) else () if isinstance(raw, NotFound) else raw
    if record is None or not isinstance(rows, (list, tuple)):
        raise ConfigurationError(f"kind `{source.kind}` cannot be captured; write the fixture by hand")
    return dict(record(source, service, [_plain(redactor.value(dict(row))) for row in rows]))


def _say_what_is_asked(case: dict[str, Any], asked: Sequence[str]) -> None:
    """Where a question takes several requests that differ, each answer says which one it is to, so that
    fewer fields may ask fewer of them."""
    answers = case.get("answers", ())
    if 1 < len(answers) == len(asked) == len(set(asked)):
        case["answers"] = [{"asks": line, **answer} for line, answer in zip(asked, answers, strict=True)]


def _checked(case: dict[str, Any], service: RecordService, outcome: Outcome, redactor: Redactor) -> Captured:
    """The case with what it must give, when nothing of the original stands in it."""
    case["expect"] = _expected(service, outcome)
    if any(map(redactor.left_in, _told(case))) or any(map(redactor.left_in_name, _names(case))):
        raise ConfigurationError("something of the original would stay; try again, or write the case by hand")
    return Captured(case, outcome)


def _unlike(live: Outcome, outcome: Outcome) -> str:
    cause = getattr(outcome, "cause", "")
    return (
        f"without the person the answer gives {outcome_name(outcome)} in place of {outcome_name(live)}"
        + (f" ({cause})" if cause else "")
        + "; a word of the protocol was taken for a person's: name it in `codes` or `equals`"
    )


def _named(service: RecordService, subject: Subject, redactor: Redactor) -> str:
    """The subject under another name that its selector accepts."""
    for _ in range(_TRIES):
        other = Subject(subject.type, redactor.text(subject.value))
        with suppress(Exception):
            service.subject_values(other)
            return other.value
        redactor.forget(subject.value)
    raise ConfigurationError("no other value of the subject's pattern was found; write the fixture by hand")


def _expected(service: RecordService, outcome: Outcome) -> dict[str, Any]:
    expected: dict[str, Any] = {"outcome": outcome_name(outcome)}
    if isinstance(outcome, Match):
        expected["record"] = _plain(dict(outcome.record))
        if service.rules.as_of is not None:
            expected["as_of"] = outcome.as_of
    return expected | ({"candidates": outcome.candidates} if isinstance(outcome, Ambiguous) else {})


def _codes(value: Any) -> frozenset[str]:
    """The codes of all code lists in compiled rules, crosswalks included."""
    return frozenset(_found_codes(value))


def _found_codes(value: Any) -> Iterator[str]:
    if isinstance(value, Codes):
        yield from map(str, value.codes)
    elif is_dataclass(value) and not isinstance(value, type):
        for member in fields(value):
            yield from _found_codes(getattr(value, member.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _found_codes(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _found_codes(item)


def _plain(value: Any) -> Any:
    """What YAML can hold: decimals and dates as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _told(case: Mapping[str, Any]) -> Iterator[str]:
    """Every value of a case but for its service and its outcome, which are words of ours."""
    for member, value in case.items():
        if member == "expect":
            yield from _texts({name: item for name, item in value.items() if name != "outcome"})
        elif member != "service":
            yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    """Every value of a case, as text; members' names are the system's own words."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)


def _names(value: Any) -> Iterator[str]:
    """The members' names of a case, at any depth."""
    if isinstance(value, Mapping):
        yield from map(str, value)
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _names(item)


def _as_it_is(body: Any) -> Any:
    return body

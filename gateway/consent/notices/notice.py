"""A notice: what a person is told before deciding, put together from what is asked and the words for it.

It says who asks, from whom, for what, which data, how often, how long, that a person may say no and may
take it back, and whom to ask (ISO/IEC 29184; `privacy_notice` of ISO/IEC TS 27560). Its id is a digest
of what it says, with members named by their codes, so that anybody who has the record and the words of
that version can make it again. Names of members and the contact are shown beside that, and may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, Protocol

from gateway.consent.notices.catalogue import Catalogue, isolate, without_isolates
from gateway.consent.record import Frequency, Notice, Often, Representative, Scope, end_of
from schemas.encoding import b64url
from schemas.errors import RequestMismatch
from schemas.identifiers import MemberId, ServiceId, SubsystemId
from schemas.strict_json import canonical

_UNITS: Final = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))


class Directory(Protocol):
    """What the federation says about those whom a notice names."""

    def name(self, member: MemberId) -> str | None:
        """A member's name in words, None when it is not known."""

    def canonicals(self, provider: SubsystemId, service: ServiceId | None) -> tuple[str, ...]:
        """The canonical schemas (`person`) of one of the provider's services, or of all of them."""

    def issues(self, member: MemberId) -> bool:
        """Whether a member is listed as an issuer of consents, so that its consents count."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person is asked to allow. Times in epoch seconds."""

    issuer: MemberId
    scope: Scope
    valid_from: int
    valid_until: int
    representative: Representative | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A heading with one text, or with several items."""

    heading: str
    text: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice as it is shown; `reference` is what the record keeps of it."""

    reference: Notice
    title: str
    direction: Literal["ltr", "rtl"]
    paragraphs: tuple[Paragraph, ...]


def compose(
    asked: Asked, words: Catalogue, directory: Directory, contacts: Mapping[MemberId, str]
) -> ShownNotice:
    """Put a notice together.

    Raises:
        RequestMismatch: this language has no plain words for the purpose or for a field; then nobody
            can be asked.
    """
    canonicals = directory.canonicals(asked.scope.provider, asked.scope.service)
    bare = _paragraphs(asked, words, canonicals, {}, "")
    digest = sha256(canonical([words.language, words.version, [[p.heading, p.text, *p.items] for p in bare]]))
    reference = Notice(f"sha-256:{b64url(digest.digest())}", words.version, words.language)
    names = {member: name for member in _members(asked) if (name := directory.name(member)) is not None}
    contact = contacts.get(asked.issuer, names.get(asked.issuer, str(asked.issuer)))
    shown = _paragraphs(asked, words, canonicals, names, contact)
    return ShownNotice(reference, words.texts["title"], words.direction, shown)


def as_lines(shown: ShownNotice) -> list[str]:
    """A notice as lines for a terminal, which knows no directional isolates."""
    lines = [shown.title, ""]
    for part in shown.paragraphs:
        lines += [f"{part.heading}:", *(f"  - {item}" for item in part.items)]
        lines += [f"  {part.text}"] if part.text else []
    return [without_isolates(line) for line in lines]


def _members(asked: Asked) -> tuple[MemberId, ...]:
    return (asked.scope.client.member, asked.scope.provider.member, asked.issuer)


def _paragraphs(
    asked: Asked, words: Catalogue, canonicals: tuple[str, ...], names: Mapping[MemberId, str], contact: str
) -> tuple[Paragraph, ...]:
    scope, texts = asked.scope, words.texts
    end = end_of(asked.valid_until, asked.representative)

    def called(member: MemberId, code: object) -> str:
        return f"{names[member]} ({code})" if member in names else str(code)

    paragraphs = [
        Paragraph(
            texts["who"],
            words.say(
                "who_text",
                client=called(scope.client.member, scope.client),
                provider=called(scope.provider.member, scope.service or scope.provider),
            ),
        ),
        Paragraph(texts["why"], _word(words.purposes, scope.purpose, "purpose", words)),
        Paragraph(texts["what"], "", tuple(_field(words, canonicals, field) for field in scope.fields)),
        Paragraph(texts["how_often"], _often(words, scope.frequency)),
        Paragraph(
            texts["until"],
            words.say(
                "until_text",
                begin=words.day(asked.valid_from),
                end=words.day(end),
            ),
        ),
        Paragraph(texts["free"], texts["free_text"]),
        Paragraph(texts["withdraw"], words.say("withdraw_text", issuer=called(asked.issuer, asked.issuer))),
        Paragraph(texts["ask"], words.say("ask_text", contact=contact)),
    ]
    other = asked.representative
    if other is not None:
        relation = words.relations[other.capacity]
        right = words.day(asked.valid_until if other.until is None else other.until)
        text = words.say("represented_text", relation=relation, end=right)
        paragraphs.insert(0, Paragraph(texts["represented"], text))
    return tuple(paragraphs)


def _often(words: Catalogue, frequency: Frequency) -> str:
    if frequency.often is not Often.PER_PERIOD:
        return words.texts[f"often_{frequency.often}"]
    period = frequency.period_s or 60
    size, unit = next(((s, u) for s, u in _UNITS if period % s == 0), _UNITS[-1])
    return words.say(
        "often_per_period", times=str(frequency.times), count=str(-(-period // size)), unit=words.units[unit]
    )


def _field(words: Catalogue, canonicals: tuple[str, ...], field: str) -> str:
    for name in canonicals:
        if (word := words.fields.get(f"{name}.{field}")) is not None:
            return word
    return _word({}, field, "field", words)


def _word(table: Mapping[str, str], code: str, what: str, words: Catalogue) -> str:
    if code not in table:
        raise RequestMismatch(
            f"there are no plain words for the {what} {isolate(code)[1:-1]} in {words.language}: "
            "add them to the notices",
            reasons=("notice.no_words",),
        )
    return table[code]

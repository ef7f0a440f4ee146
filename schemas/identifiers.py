"""X-Road identifiers: the one canonical parser.

`INSTANCE/CLASS/MEMBER[/SUBSYSTEM[/SERVICE[/VERSION]]]`, each part percent-encoded UTF-8, as in the
X-Road message protocol for REST (PR-REST section 4.8) with strict identifier characters. A
gateway's identifier is `INSTANCE/CLASS/MEMBER/CODE`.

An identifier is a value: two are equal exactly when their canonical texts are equal. Parsing is
lenient about needless percent-encoding (`%41` is `A`), formatting is not. Traversal (`.`, `..`),
empty parts, encoded slashes, double encoding and every character outside the strict set are
refused, so an identifier is always safe as a path segment.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, field, fields
from functools import lru_cache
from typing import Any, Final, Self
from urllib.parse import unquote

from schemas.errors import MalformedIdentifier

MAX_PART_LENGTH: Final = 255
"""Characters in one part, after decoding."""

MAX_TEXT_LENGTH: Final = 2048
"""Characters in a whole identifier, before decoding."""

_STRICT = re.compile(r"[A-Za-z0-9'()+,\-.=?]+")
_ENCODED = re.compile(r"(?:[A-Za-z0-9'()+,\-.=?]|%[0-9A-Fa-f]{2})+")


def check_part(part: str) -> str:
    """Return `part` if it may stand between two slashes.

    Raises:
        MalformedIdentifier: it is empty, too long, `.` or `..`, or holds a foreign character.
    """
    if not part or len(part) > MAX_PART_LENGTH or part.strip(".") == "":
        raise MalformedIdentifier("an identifier part is empty, only dots, or too long")
    if _STRICT.fullmatch(part) is None:
        raise MalformedIdentifier(
            "an identifier part holds a character outside A-Z a-z 0-9 ' ( ) + , - . = ?"
        )
    return part


def parse_part(text: str) -> str:
    """Decode one percent-encoded part, once, and check it."""
    if _ENCODED.fullmatch(text) is None:
        raise MalformedIdentifier(
            "an identifier part holds a character outside A-Z a-z 0-9 ' ( ) + , - . = ?"
        )
    try:
        return check_part(unquote(text, errors="strict"))
    except UnicodeDecodeError:
        raise MalformedIdentifier("an identifier part is not UTF-8") from None


def format_part(part: str) -> str:
    """Percent-encode one part for a path or header. Of the strict characters only `?` needs it."""
    return part.replace("?", "%3F")


@dataclass(frozen=True, slots=True, eq=False)
class _Identifier:
    """What all identifiers share: ordered parts, one text form, which is made once."""

    _text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        text = "/".join(format_part(check_part(part)) for part in self.parts)
        object.__setattr__(self, "_text", text)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are present, in order."""
        values = (getattr(self, part.name) for part in fields(self) if part.init)
        return tuple(value for value in values if value is not None)

    def __str__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the canonical or a needlessly encoded text form.

        Raises:
            MalformedIdentifier: wrong number of parts, or a part that is not allowed.
        """
        kind: Any = cls
        identifier: Self = _parse(kind, text)
        return identifier


@lru_cache(maxsize=4096)
def _parse(cls: Any, text: str) -> Any:
    if len(text) > MAX_TEXT_LENGTH:
        raise MalformedIdentifier("an identifier is too long")
    parts = [parse_part(part) for part in text.split("/")]
    names = [part for part in fields(cls) if part.init]
    required = sum(part.default is MISSING for part in names)
    if not required <= len(parts) <= len(names):
        raise MalformedIdentifier(f"{cls.__name__} has {required} parts, separated by slashes")
    return cls(*parts)


@dataclass(frozen=True, slots=True, eq=False)
class MemberId(_Identifier):
    """`INSTANCE/CLASS/MEMBER`: an organisation in the instance."""

    instance: str
    member_class: str
    code: str


@lru_cache(maxsize=4096)
def _member(instance: str, member_class: str, code: str) -> MemberId:
    """Every exchange asks for the same few members, several times."""
    return MemberId(instance, member_class, code)


@dataclass(frozen=True, slots=True, eq=False)
class SubsystemId(_Identifier):
    """`INSTANCE/CLASS/MEMBER/SUBSYSTEM`: what may ask and what may answer."""

    instance: str
    member_class: str
    member_code: str
    subsystem: str

    @property
    def member(self) -> MemberId:
        """The organisation the subsystem belongs to."""
        return _member(self.instance, self.member_class, self.member_code)

    def service(self, code: str, version: str | None = None) -> ServiceId:
        """A service of this subsystem."""
        return _service(self, code, version)


@dataclass(frozen=True, slots=True, eq=False)
class ServiceId(_Identifier):
    """`INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE[/VERSION]`: what is asked."""

    instance: str
    member_class: str
    member_code: str
    subsystem: str
    service: str
    version: str | None = None

    @property
    def provider(self) -> SubsystemId:
        """The subsystem that answers."""
        return _provider(self)

    @property
    def member(self) -> MemberId:
        """The organisation that owns the data."""
        return _member(self.instance, self.member_class, self.member_code)


@lru_cache(maxsize=4096)
def _service(provider: SubsystemId, code: str, version: str | None) -> ServiceId:
    return ServiceId(
        provider.instance, provider.member_class, provider.member_code, provider.subsystem, code, version
    )


@lru_cache(maxsize=4096)
def _provider(service: ServiceId) -> SubsystemId:
    return SubsystemId(service.instance, service.member_class, service.member_code, service.subsystem)


@dataclass(frozen=True, slots=True, eq=False)
class GatewayId(_Identifier):
    """`INSTANCE/CLASS/MEMBER/CODE`: one gateway, named under the member that runs it."""

    instance: str
    member_class: str
    member_code: str
    code: str

    @property
    def member(self) -> MemberId:
        """The organisation that runs the gateway."""
        return _member(self.instance, self.member_class, self.member_code)

    @property
    def uri(self) -> str:
        """The URI subject alternative name of its certificates."""
        return f"isthmus://{self}"

    @property
    def log_origin(self) -> str:
        """The origin of its audit log's checkpoints."""
        return f"isthmus/{self}"

"""Reading a document's members, typed and bounded; every complaint is a `MalformedDocument`.

Each document carries `"v": 1`. Unknown members are ignored, so that a registrar can add some before
every gateway is renewed; a change that an old gateway must not overlook raises `v`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from gateway.trust.federation.errors import MalformedDocument
from schemas.errors import ExchangeError
from schemas.strict_json import parse_object

VERSION: Final = 1
MAX_ITEMS: Final = 100_000
"""Items of one list: far above what a member publishes, far below what memory minds."""

T = TypeVar("T")


class Form:
    """One JSON object of a document; `what` names it in complaints."""

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict):
            raise MalformedDocument(f"{what} is not an object")
        self._members: Mapping[str, Any] = value
        self._what = what

    @classmethod
    def document(cls, data: bytes, what: str, *, max_bytes: int) -> Form:
        """Read a whole document and check its `v`."""
        try:
            form = cls(parse_object(data, max_bytes=max_bytes, what=what), what)
        except ExchangeError as error:
            raise MalformedDocument(error.detail) from None
        if form.whole("v") != VERSION:
            raise MalformedDocument(f"{what} has a version that this gateway does not know")
        return form

    def text(self, name: str) -> str:
        """A non-empty text."""
        value = self._members.get(name)
        if not isinstance(value, str) or not value:
            raise MalformedDocument(f"{self._what}: {name} is not a text")
        return value

    def optional_text(self, name: str) -> str | None:
        """A text, or None where it is null or absent."""
        return None if self._members.get(name) is None else self.text(name)

    def whole(self, name: str) -> int:
        """A whole number, not negative."""
        value = self._members.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise MalformedDocument(f"{self._what}: {name} is not a whole number")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of non-empty texts."""
        values = self._list(name)
        if not all(isinstance(value, str) and value for value in values):
            raise MalformedDocument(f"{self._what}: {name} is not a list of texts")
        return tuple(values)

    def forms(self, name: str) -> list[Form]:
        """A list of objects."""
        return [Form(value, f"{self._what}: {name}") for value in self._list(name)]

    def optional_form(self, name: str) -> Form | None:
        """An object, or None where it is null or absent."""
        value = self._members.get(name)
        return None if value is None else Form(value, f"{self._what}: {name}")

    def wholes(self, name: str) -> dict[str, int]:
        """An object of whole numbers."""
        inner = Form(self._members.get(name), f"{self._what}: {name}")
        return {key: inner.whole(key) for key in inner._members}

    def id(self, name: str, parse: Callable[[str], T]) -> T:
        """An identifier in its canonical text."""
        return self._identifier(self.text(name), name, parse)

    def ids(self, name: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        """A list of identifiers in their canonical texts."""
        return tuple(self._identifier(text, name, parse) for text in self.texts(name))

    def optional_ids(self, name: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        """A list of identifiers, none where it is null or absent."""
        return () if self._members.get(name) is None else self.ids(name, parse)

    def _identifier(self, text: str, name: str, parse: Callable[[str], T]) -> T:
        try:
            identifier = parse(text)
        except ExchangeError as error:
            raise MalformedDocument(f"{self._what}: {name}: {error.detail}") from None
        if str(identifier) != text:
            raise MalformedDocument(f"{self._what}: {name} is not in its canonical form")
        return identifier

    def _list(self, name: str) -> list[Any]:
        value = self._members.get(name)
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            raise MalformedDocument(f"{self._what}: {name} is not a list of bounded length")
        return value

"""JSON Lines: one object on every line, in UTF-8."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jiter

from adapters.kinds.file.bad import BadFile
from adapters.kinds.file.formats.lines import lines, skip
from adapters.kinds.file.formats.number import EXACT, Number
from adapters.kinds.file.formats.number import number as number_of
from schemas.errors import ExchangeError
from schemas.strict_json import parse_object

_MAX_LINE: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class JsonLines:
    """How a JSON Lines file is written."""

    skip: int = 0

    def head(self, stream: io.BufferedReader) -> list[str]:
        """The lines before the first record."""
        return skip(lines(stream, "utf-8"), self.skip)

    def rows(self, stream: io.BufferedReader, wanted: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
        """Line number and the wanted members of every object; an absent member is None. A member that
        no object of the file has is a column that went away."""
        source = lines(stream, "utf-8")
        skip(source, self.skip)
        missing, number = set(wanted), self.skip
        for number, line in enumerate(source, self.skip + 1):
            if not line.strip():
                continue
            record = _record(line, number)
            missing -= record.keys()
            yield number, [record.get(name) for name in wanted]
        if missing:
            raise BadFile("no record has the member " + ", ".join(sorted(missing)), number)


def _record(line: str, number: int) -> dict[str, Any]:
    data = line.encode()
    try:
        record = parse_object(data, max_bytes=_MAX_LINE, bound_numbers=False)
        if b"." in data or b"e" in data or b"E" in data:  # amounts keep their digits, as text
            record = jiter.from_json(data, float_mode="lossless-float")
    except ExchangeError:
        raise BadFile("not a JSON object", number) from None
    return {name: _exact(value, number) for name, value in record.items()}


def _exact(value: Any, line: int) -> Any:
    if isinstance(value, dict):
        return {name: _written(_exact(item, line)) for name, item in value.items()}
    if isinstance(value, list):
        return [_written(_exact(item, line)) for item in value]
    return number_of(str(value), line) if isinstance(value, jiter.LosslessFloat) else value


def _written(value: Any) -> Any:
    """What stands inside lists and objects: amounts, and numbers too long to be exact, as text."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= EXACT:
        return str(value)
    return value.digits if isinstance(value, Number) else value

"""Lines of fixed width: every column has its place, counted in characters from 1."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.kinds.file.bad import BadFile
from adapters.kinds.file.formats.lines import lines, skip


@dataclass(frozen=True, slots=True)
class Fixed:
    """How the lines are written: `fields` says first and last character, `width` the whole line.
    With `trailer`, the last line begins with this text and counts the rows between."""

    fields: Mapping[str, tuple[int, int]]
    width: int
    encoding: str = "latin-1"
    skip: int = 0
    trailer: str | None = None

    def head(self, stream: io.BufferedReader) -> list[str]:
        """The lines before the first row."""
        return skip(lines(stream, self.encoding), self.skip)

    def rows(self, stream: io.BufferedReader, wanted: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
        """Line number and the wanted columns of every line, without padding; blank is None."""
        source = lines(stream, self.encoding)
        skip(source, self.skip)
        places = [slice(self.fields[name][0] - 1, self.fields[name][1]) for name in wanted]
        count, ended = 0, False
        for number, line in enumerate(source, self.skip + 1):
            text = line.rstrip("\r\n")
            if ended:
                raise BadFile("a line after the trailer", number)
            if self.trailer is not None and text.startswith(self.trailer):
                _check_count(text.removeprefix(self.trailer), count, number)
                ended = True
                continue
            if len(text) != self.width:
                raise BadFile(f"{len(text)} characters where {self.width} are declared", number)
            count += 1
            yield number, [text[place].strip() or None for place in places]
        if self.trailer is not None and not ended:
            raise BadFile("the trailer is missing: the file was cut off")


def _check_count(text: str, count: int, line: int) -> None:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()) or int(digits) != count:
        raise BadFile("the trailer counts other rows than the file has", line)

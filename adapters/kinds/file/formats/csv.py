"""CSV (RFC 4180) with a declared delimiter and quote; a quoted field may hold line ends."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.kinds.file.bad import BadFile
from adapters.kinds.file.formats.lines import lines, skip
from adapters.kinds.file.formats.table import positions


@dataclass(frozen=True, slots=True)
class Csv:
    """How a CSV file is written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    skip: int = 0
    ignore_case: bool = False

    def head(self, stream: io.BufferedReader) -> list[str]:
        """The lines before the header."""
        return skip(lines(stream, self.encoding), self.skip)

    def header(self, stream: io.BufferedReader) -> list[str]:
        """The names of the columns."""
        source = lines(stream, self.encoding)
        skip(source, self.skip)
        row = next(csv.reader(source, delimiter=self.delimiter, quotechar=self.quote, strict=True), [])
        return [name.strip() for name in row]

    def rows(self, stream: io.BufferedReader, wanted: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
        """Line number and the wanted values of every row; an empty field is None, a line without any
        field is passed over."""
        source = lines(stream, self.encoding)
        skip(source, self.skip)
        reader = csv.reader(source, delimiter=self.delimiter, quotechar=self.quote, strict=True)
        try:
            header = next(reader, None)
            if header is None:
                raise BadFile("the file has no header")
            line = self.skip + 1
            places = positions(header, wanted, line, ignore_case=self.ignore_case)
            width = len(header)
            for row in reader:
                if len(row) != width:
                    if not row:
                        continue
                    raise BadFile(
                        f"{len(row)} fields where the header has {width}", self.skip + reader.line_num
                    )
                yield self.skip + reader.line_num, [row[place] or None for place in places]
        except csv.Error:
            raise BadFile("not CSV: a quote or a field's length", self.skip + reader.line_num) from None

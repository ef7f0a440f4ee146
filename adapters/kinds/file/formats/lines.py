"""Text of a declared encoding, line by line. Nothing is guessed: bytes that are not of the encoding,
marks of another one and NUL characters make a bad file, by line."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from itertools import islice
from typing import Final

from adapters.kinds.file.bad import BadFile

MAX_LINE: Final = 1024 * 1024
"""Characters of one line."""

_CHUNK: Final = 256 * 1024
_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def lines(stream: io.BufferedReader, encoding: str) -> Iterator[str]:
    """Every line with its end, also the last one without.

    Raises:
        BadFile: not of the encoding, a NUL, or a line longer than `MAX_LINE`.
    """
    decoder = _decoder(stream, encoding)
    rest, number = "", 1
    while True:
        chunk = stream.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            read = rest + error.object[: error.start].decode(encoding, errors="ignore")
            raise BadFile(f"not {encoding}", number + read.count("\n")) from None
        if "\0" in text:
            before = rest + text[: text.index("\0")]
            raise BadFile("a NUL character", number + before.count("\n"))
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            if len(line) > MAX_LINE:
                raise BadFile(f"longer than {MAX_LINE} characters", number)
            yield line + "\n"
            number += 1
        if len(rest) > MAX_LINE:
            raise BadFile(f"longer than {MAX_LINE} characters", number)
        if not chunk:
            break
    if rest:
        yield rest


def skip(source: Iterator[str], count: int) -> list[str]:
    """Take the lines before the header. BadFile when there are fewer."""
    taken = [line.rstrip("\r\n") for line in islice(source, count)]
    if len(taken) < count:
        raise BadFile(f"the file has fewer than {count} lines before its header")
    return taken


def _decoder(stream: io.BufferedReader, encoding: str) -> codecs.IncrementalDecoder:
    head = stream.peek(4)[:4]
    marked = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    if marked is not None and marked != encoding:
        raise BadFile(f"begins with the mark of {marked}, declared is {encoding}", 1)
    if encoding == "utf-16" and marked is None:
        raise BadFile("utf-16 without a byte order mark", 1)
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    return codecs.getincrementaldecoder(name)("strict")

"""A draft from a file: CSV, XLSX or JSON Lines.

Encoding, delimiter and types are guessed from the beginning of the file, and said to be guesses; what
is guessed here is declared in the source file and never guessed again. No value gets into the draft
but codes: values of a short list that many rows share.
Lines of fixed width cannot be drafted: nothing in them says where a column ends.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol, cast

import jiter

from adapters.drafting.draft import Column, ColumnType, Draft, DraftService
from adapters.kinds.file.bad import BadFile
from adapters.kinds.file.form import Format
from adapters.kinds.file.formats.csv import Csv
from adapters.kinds.file.formats.jsonl import JsonLines
from adapters.kinds.file.formats.number import Number
from adapters.secrets import Secrets
from schemas.errors import ConfigurationError

_SAMPLE_BYTES: Final = 256 * 1024
_SAMPLE_ROWS: Final = 500
_DELIMITERS: Final = (";", ",", "\t", "|")
_FEWEST_ROWS: Final = 20
_FEWEST_EACH: Final = 5
"""A value that so few rows carry may say something about a person; it is not taken for a code."""
_MOST_CODES: Final = 12
_LONGEST_CODE: Final = 24
_DAY_FORMATS: Final = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d")
_DATES: Final = ((r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"), (r"\d{8}", "%Y%m%d"))
_IDENTIFIER: Final = re.compile(
    r"(^|[ _-])(nid|nin|uin|brn|tin|id|identifier|number|no|num|ref|reference)$", re.IGNORECASE
)
_PERSON: Final = re.compile(r"nid|nin|uin|national", re.IGNORECASE)


class _Headed(Protocol):
    def header(self, stream: Any) -> list[str]: ...


async def draft(origin: str, secrets: Secrets) -> Draft:
    """As `adapters.drafting.draft`.

    Raises:
        ConfigurationError: the file cannot be read, or is of no format that can be drafted.
    """
    del secrets  # a file on this machine needs none
    return _draft(origin)


def _draft(origin: str) -> Draft:
    path = Path(origin).absolute()
    try:
        form, written, remarks = _format(path)
        columns, header = _columns(form, path)
    except OSError:
        raise ConfigurationError(f"{path.name} cannot be read") from None
    except BadFile as error:
        raise ConfigurationError(f"{path.name}: {error}") from None
    except ValueError:
        raise ConfigurationError(f"{path.name} is not JSON Lines") from None
    word = re.sub(r"[^a-z0-9]+", "_", re.sub(r"\d{4,}.*", "", path.stem.lower())).strip("_") or "records"
    word = word if word[0].isalpha() else f"file_{word}"
    selectors = _selectors(header)
    if not selectors:
        raise ConfigurationError(f"{path.name} has no columns")
    name, dated = _name(path.name)
    file: dict[str, Any] = {"name": name, "format": written}
    if columns[selectors[0]].type == "integer":
        file["columns"] = {selectors[0]: {"zero_pad": 10}}
        remarks.append(
            f"column {selectors[0]} holds numbers: correct `zero_pad` to its digits, leading zeros included"
        )
    file |= {"finished": "renamed", "as_of": "name" if dated else "modified"}
    remarks.append("better than `finished: renamed` are manifests: see docs/adapters/file.md")
    service = DraftService(
        word.replace("_", "-"),
        path.stem,
        tuple(columns[name] for name in header),
        selectors,
        {"from": word, "where": {selectors[0]: "$selector"}},
    )
    connection = {"drop": {"folder": str(path.parent)}, "every_s": 60, "files": {word: file}}
    return Draft("file", path.stem, connection, (service,), remarks=tuple(remarks))


def _format(path: Path) -> tuple[Format, Mapping[str, Any], list[str]]:
    """How a file is read, how that is written, and what was guessed."""
    if path.suffix.lower() == ".xlsx":
        from adapters.kinds.file.formats.xlsx import Xlsx

        return Xlsx(), {"kind": "xlsx"}, []
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        return JsonLines(), {"kind": "jsonl"}, []
    with path.open("rb") as opened:
        sample = opened.read(_SAMPLE_BYTES)
    encoding = _encoding(sample)
    text = sample.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="ignore")
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    if not first.count(delimiter):
        raise ConfigurationError(
            f"{path.name} has no delimiter in its first line; lines of fixed width are described by hand, "
            "see docs/adapters/file.md"
        )
    guessed = f"guessed from the beginning: encoding {encoding}, delimiter {delimiter!r}; ask the owner"
    written = {"kind": "csv", "encoding": encoding, "delimiter": delimiter}
    return Csv(encoding, delimiter), written, [guessed]


def _encoding(sample: bytes) -> str:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def _columns(form: Format, path: Path) -> tuple[dict[str, Column], list[str]]:
    header = _header(form, path)
    with path.open("rb") as opened:
        rows = [values for _, values in islice(form.rows(opened, header), _SAMPLE_ROWS)]
    found = {
        name: _column(name, [row[at] for row in rows if row[at] is not None])
        for at, name in enumerate(header)
    }
    return found, header


def _column(name: str, values: Sequence[Any]) -> Column:
    """What the first values of a column say about all."""
    texts = [value for value in values if isinstance(value, str)]
    if values and len(texts) == len(values):
        form = _day_format(texts)
        if form is not None:
            return Column(name, "date", format=form)
    kind = _type(values)
    return Column(name, kind, codes=_codes(texts), pattern=_pattern(texts) if kind == "text" else None)


def _day_format(texts: Sequence[str]) -> str | None:
    """The only format that fits every value; `03/04/2020` alone fits two, and then none is guessed."""
    fitting = [form for form in _DAY_FORMATS if all(_is_day(text, form) for text in texts)]
    return fitting[0] if len(fitting) == 1 else None


def _is_day(text: str, form: str) -> bool:
    try:
        return 1850 <= datetime.strptime(text, form).year <= 2200  # noqa: DTZ007
    except ValueError:
        return False


def _codes(texts: Sequence[str]) -> tuple[str, ...]:
    """The values of a short list that many rows share."""
    counts = Counter(texts)
    many = len(texts) >= _FEWEST_ROWS and len(counts) <= _MOST_CODES
    short = all(len(text) <= _LONGEST_CODE for text in counts)
    return tuple(sorted(counts)) if many and short and min(counts.values()) >= _FEWEST_EACH else ()


def _pattern(texts: Sequence[str]) -> str | None:
    """`[0-9]{10}`, where every value is digits of one length."""
    lengths = {len(text) for text in texts}
    digits = len(lengths) == 1 and all(text.isascii() and text.isdigit() for text in texts)
    return f"[0-9]{{{lengths.pop()}}}" if digits else None


def _header(form: Format, path: Path) -> list[str]:
    """The names of the columns: the first row, or the members of the first records."""
    with path.open("rb") as opened:
        if isinstance(form, JsonLines):
            names: dict[str, None] = {}
            for line in islice(opened, _SAMPLE_ROWS):
                record = jiter.from_json(line) if line.strip() else {}
                names |= dict.fromkeys(record if isinstance(record, dict) else ())
            return list(names)
        return [name for name in cast("_Headed", form).header(opened) if name]


def _type(values: Sequence[Any]) -> ColumnType:
    if not values:
        return "unknown"
    if all(isinstance(value, bool) for value in values):
        return "boolean"
    texts = [value.digits if isinstance(value, Number) else str(value) for value in values]
    if any(re.fullmatch(r"0\d+", text) for text in texts):
        return "text"  # leading zeros: a number would lose them
    if all(re.fullmatch(r"-?\d{1,18}", text) for text in texts):
        return "integer" if isinstance(values[0], (int, Number)) else _of_digits(texts)
    if all(re.fullmatch(r"-?\d{1,18}(\.\d+)?", text) for text in texts):
        return "decimal"
    return "date" if all(_is_date(text) for text in texts) else "text"


def _of_digits(texts: Iterable[str]) -> ColumnType:
    """Texts of digits, all of one length of six or more, are numbers of something, not amounts."""
    lengths = {len(text) for text in texts}
    return "text" if len(lengths) == 1 and min(lengths) >= 6 else "integer"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return len(text) >= 10 and text[4] == "-"


def _selectors(header: Sequence[str]) -> tuple[str, ...]:
    likely = [name for name in header if _PERSON.search(name)]
    likely += [name for name in header if _IDENTIFIER.search(name) and name not in likely]
    return tuple(likely or header[:1])


def _name(name: str) -> tuple[str, bool]:
    """A pattern for names like this one, and whether it holds a date."""
    for digits, written in _DATES:
        found = re.search(rf"(?<!\d){digits}(?!\d)", name)
        if found is not None:
            return f"{name[: found.start()]}{{date:{written}}}{name[found.end() :]}", True
    return name, False

"""Reading national and provider data: one file, its form checked by JSON Schema, errors with line and cure.

A file is YAML or JSON. A document that did not come from a file (the federation's bundle) is named
by where it came from. Lists become tuples and look-up objects here, so that the rules never search.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import relevance

from policies.yaml_lines import YamlFile, read_yaml
from schemas.errors import ConfigurationError, ExchangeError
from schemas.strict_json import parse

FIELD_SET: Final = "set:"
"""What stands before the name of a field set where a field is expected."""

MAX_DOCUMENT_BYTES: Final = 1024 * 1024


def read_form(path: Path, schema: str) -> YamlFile:
    """Read a file in the form of one of this folder's schemas.

    Raises:
        ConfigurationError: it cannot be read or has another form; names file, line and cure.
    """
    file = read_yaml(path)
    check_form(file, schema)
    return file


def form_of(document: bytes, name: str, schema: str) -> YamlFile:
    """The same for JSON bytes, which complaints call `name`.

    Raises:
        ConfigurationError: it is not JSON, or has another form.
    """
    try:
        value = parse(document, max_bytes=MAX_DOCUMENT_BYTES)
    except ExchangeError:
        raise ConfigurationError(f"{name}: is not JSON; publish it again") from None
    file = YamlFile(Path(name), value, {})
    check_form(file, schema)
    return file


def check_form(file: YamlFile, schema: str) -> None:
    """Refuse another form than the schema's, with the place of the most telling error."""
    errors = sorted(_validator(schema).iter_errors(file.value), key=relevance)
    if errors:
        worst = errors[-1]
        cure = worst.schema.get("description", "") if isinstance(worst.schema, dict) else ""
        complaint = str(worst.message).replace(repr(worst.instance), "this")[:200]
        raise file.error(tuple(worst.absolute_path), f"{complaint}. {cure}".strip())


def lookup(codes: Iterable[str]) -> dict[str, bool]:
    """A list as an object: `{code: true}`, which both engines find without searching."""
    return dict.fromkeys(sorted(codes), True)


def optional_lookup(codes: Iterable[str] | None) -> dict[str, bool] | None:
    """The same; None stays None, which the rules read as "not limited"."""
    return None if codes is None else lookup(codes)


def expand(names: Iterable[str], sets: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Field names, with each `set:name` replaced by its fields; KeyError for an unknown set."""
    found: dict[str, None] = {}
    for name in names:
        fields = sets[name.removeprefix(FIELD_SET)] if name.startswith(FIELD_SET) else (name,)
        found.update(dict.fromkeys(fields))
    return tuple(found)


@cache
def _validator(schema: str) -> Draft202012Validator:
    text = Path(__file__).with_name(schema).read_bytes()
    return Draft202012Validator(json.loads(text))

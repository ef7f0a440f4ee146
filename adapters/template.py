"""Request templates: `{name}` stands for the selector of that name.

Every value is escaped for the place it goes to: percent-encoded in a path, left to the query
encoder in a query, a JSON string in a body. A value can therefore never add a segment, a parameter
or a member.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from schemas.errors import RequestMismatch

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def placeholders(template: Any) -> Iterator[str]:
    """The names used anywhere in a template: text, list or mapping."""
    if isinstance(template, str):
        yield from _PLACEHOLDER.findall(template)
    elif isinstance(template, Mapping):
        for item in template.values():
            yield from placeholders(item)
    elif isinstance(template, list):
        for item in template:
            yield from placeholders(item)


def fill_path(template: str, values: Mapping[str, str | int]) -> str:
    """A path with every value percent-encoded, slashes included.

    Raises:
        RequestMismatch: a value is `.` or `..`, which no encoding makes safe.
    """
    if any(str(value).strip(".") == "" for value in values.values()):
        raise RequestMismatch("subject.value cannot stand in a path")
    return _PLACEHOLDER.sub(lambda match: quote(str(values[match[1]]), safe=""), template)


def fill(template: Any, values: Mapping[str, str | int]) -> Any:
    """A copy of a text, list or mapping with the values in place; a lone `{name}` keeps its type."""
    if isinstance(template, str):
        whole = _PLACEHOLDER.fullmatch(template)
        if whole is not None:
            return values[whole[1]]
        return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), template)
    if isinstance(template, Mapping):
        return {name: fill(item, values) for name, item in template.items()}
    if isinstance(template, list):
        return [fill(item, values) for item in template]
    return template

"""Pass-through requests: finding the subject, and forwarding exactly what policy saw.

A path template has one `{name}` per segment. More than one candidate for the subject denies: two
query parameters of the name, or two templates that match with different values.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from schemas.catalogue import PassThroughForm
from schemas.errors import MethodNotAllowed, RequestMismatch, UnknownService
from schemas.record import Subject
from schemas.wire import RequestHead


def check_target(form: PassThroughForm, head: RequestHead) -> None:
    """Raise unless the service offers this method and path at all; policy narrows further."""
    if head.method not in form.methods:
        raise MethodNotAllowed("the service does not take this method")
    if not any(match_template(template, head.path) is not None for template in form.paths):
        raise UnknownService("the service has no such path")


def find_subject(form: PassThroughForm, head: RequestHead) -> Subject | None:
    """The subject of a pass-through request; None for services about nobody in particular.

    Raises:
        RequestMismatch: the identifier is absent, or there is more than one candidate.
    """
    if form.subject is None:
        return None
    name = form.subject.name
    if form.subject.place == "query":
        values = _query_values(head.query, name)
    else:
        matches = (match_template(template, head.path) for template in form.paths)
        values = list({match[name] for match in matches if match and name in match})
    if len(values) != 1 or not values[0]:
        raise RequestMismatch("the request does not name exactly one subject", reasons=("subject.ambiguous",))
    return Subject(form.subject.type, values[0])


def _query_values(query: str, name: str) -> list[str]:
    """The values of a query parameter, and of every one that some server would take for it: `ID`,
    `id[]`, and whatever stands behind a `;`."""
    pairs = parse_qsl(query, keep_blank_values=True)
    values = [value for key, value in pairs if key.split("[", 1)[0].casefold() == name.casefold()]
    return values if ";" not in query and any(key == name for key, _ in pairs) else []


def match_template(template: str, path: str) -> dict[str, str] | None:
    """The decoded values of a template's names, None where the path does not match."""
    pattern, names = _pattern(template)
    match = pattern.fullmatch(path)
    return dict(zip(names, map(unquote, match.groups()), strict=True)) if match else None


@lru_cache(maxsize=1024)
def _pattern(template: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """A template as a regular expression with a group for each of its names, and those names."""
    parts = template.split("/")
    pattern = "/".join("([^/]+)" if _is_name(part) else re.escape(part) for part in parts)
    return re.compile(pattern), tuple(part[1:-1] for part in parts if _is_name(part))


def _is_name(part: str) -> bool:
    return part.startswith("{") and part.endswith("}")

"""Bodies of recorded answers, redacted: JSON and XML. Of anything else nobody can say what it tells."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from adapters.capture.redaction import Redactor
from adapters.http.answers import HttpAnswer
from adapters.http.paging import linked
from schemas.errors import ConfigurationError

_SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")


def answer_of(answer: HttpAnswer, redactor: Redactor) -> dict[str, Any]:
    """One recorded answer as a fixture writes it.

    Raises:
        ConfigurationError: the body is neither JSON nor XML.
    """
    kept = (
        {"retry-after": redactor.inside(answer.headers["retry-after"])}
        if "retry-after" in answer.headers
        else {}
    )
    if linked(answer.headers.get("link", "")) is not None:
        # That there is another page, not where: cursors may hold anything, in any writing.
        kept["link"] = f'</{uuid4().hex}>; rel="next"'
    body = _body(answer, redactor)
    headers = (
        kept
        if answer.content_type in {"", "application/json"}
        else {"Content-Type": answer.content_type, **kept}
    )
    document: dict[str, Any] = {} if answer.status == 200 else {"status": answer.status}
    return document | ({"headers": headers} if headers else {}) | {"body": body}


def _body(answer: HttpAnswer, redactor: Redactor) -> Any:
    if not answer.body:
        return ""
    if answer.content_type.endswith(("json", "+json")):
        try:
            return redactor.value(json.loads(answer.body))
        except ValueError:
            raise ConfigurationError(
                "the answer says it is JSON and is not; there is nothing to record"
            ) from None
    if answer.content_type.endswith("xml"):
        return _xml(answer.body, redactor)
    raise ConfigurationError(
        f"an answer of type {answer.content_type or 'unknown'} cannot be redacted; write the fixture by hand"
    )


def _xml(data: bytes, redactor: Redactor) -> str:
    """Texts and attributes replaced; names, namespaces, and attributes of `xsi:` and SOAP's header stay."""
    from adapters.xml import XSI, parse_xml, serialise

    ours = (f"{{{XSI}}}", *(f"{{{uri}}}" for uri in _SOAP))

    root = parse_xml(data, max_bytes=len(data))
    for element in root.iter():
        if isinstance(element.tag, str):
            element.text = redactor.text(element.text) if element.text else element.text
            for name, value in element.attrib.items():
                if not str(name).startswith(ours):
                    element.set(name, redactor.text(str(value)))
        element.tail = redactor.text(element.tail) if element.tail else element.tail
    return serialise(root).decode()

"""How an `xroad` source is written: an HTTP connection to the Security Server, who asks, whom, and
services as in `rest` or `soap`, each with its service code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

from adapters.http import form as http
from adapters.http.form import PLACEHOLDER, HttpConnection, connection_complaints, connection_warnings
from adapters.kinds import Complaint
from adapters.kinds.rest import form as rest
from adapters.kinds.rest.form import RestAsk
from adapters.kinds.soap import form as soap
from adapters.kinds.soap.form import SoapAsk
from adapters.yaml_lines import Place
from schemas.errors import ConfigurationError, MalformedIdentifier
from schemas.identifiers import SubsystemId

if TYPE_CHECKING:
    from adapters.yaml_lines import Document

__all__ = [
    "EXEMPTIONS",
    "PLACEHOLDER",
    "XRoadConnection",
    "XRoadSoapAsk",
    "ask",
    "connection",
    "connection_complaints",
    "connection_warnings",
    "document_complaints",
    "service_complaints",
]

EXEMPTIONS: Final[Mapping[int, str]] = {
    13: "a Security Server knows its client by TLS; there is no token to renew",
}
_LINKED: Final = ("link", "next_url")
_REST_ONLY: Final = ("page", "answers")
_SOAP_ONLY: Final = ("header", "action", "answer", "version")


@dataclass(frozen=True, slots=True)
class XRoadConnection:
    """A Security Server; `client` asks the services of `provider`. `user_id` and `issue` are labels
    for the provider's log, the same in every message: a source does not know who is at the desk."""

    http: HttpConnection
    client: SubsystemId
    provider: SubsystemId
    protocol: Literal["rest", "soap"]
    user_id: str | None = None
    issue: str | None = None


@dataclass(frozen=True, slots=True)
class XRoadSoapAsk:
    """A SOAP question to one service of the provider."""

    soap: SoapAsk
    code: str
    version: str | None = None


def connection(settings: Mapping[str, Any], folder: Path) -> XRoadConnection:
    """As `Form.connection`."""
    return XRoadConnection(
        http.connection(settings, folder),
        SubsystemId.parse(settings["client"]),
        SubsystemId.parse(settings["provider"]),
        settings["protocol"],
        settings.get("user_id"),
        settings.get("issue"),
    )


def ask(service: Mapping[str, Any]) -> RestAsk | XRoadSoapAsk:
    """As `Form.ask`; the code of a REST service stands before its path."""
    if isinstance(service["request"], str):
        return XRoadSoapAsk(soap.ask(service), service["code"], service.get("version"))
    asked = rest.ask(service)
    return replace(asked, path="/" + quote(service["code"], safe="") + asked.path)


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: those of `rest` or `soap`."""
    is_soap = isinstance(service["request"], str)
    foreign = [name for name in (_REST_ONLY if is_soap else _SOAP_ONLY) if name in service]
    if foreign:
        yield (*place, foreign[0]), f"`{foreign[0]}` is of the other protocol", "remove it"
        return
    missing = [name for name in ("answer", "records") if is_soap and name not in service]
    if missing:
        yield place, f"a SOAP service needs `{missing[0]}`", "write it as in a file of kind soap"
        return
    if service.get("page", {}).get("by") in _LINKED:
        what = "a provider's links lead to its own address, not through X-Road"
        yield (*place, "page"), what, "page by page, offset, cursor or window"
    yield from (soap if is_soap else rest).service_complaints(service, place)


def document_complaints(document: Document) -> Iterator[Complaint]:
    """The identifiers, and services that are not written in the connection's protocol."""
    settings = document.value["connection"]
    for name in ("client", "provider"):
        try:
            SubsystemId.parse(settings[name])
        except MalformedIdentifier as error:
            yield ("connection", name), str(error), "write INSTANCE/CLASS/MEMBER/SUBSYSTEM"
    for name, service in document.value["services"].items():
        if (settings["protocol"] == "soap") != isinstance(service["request"], str):
            cure = "write XML for soap, {method, path, …} for rest"
            yield ("services", name, "request"), f"not a request of protocol {settings['protocol']}", cure


def checked(connection: object) -> XRoadConnection:
    """The connection of a source of this kind. Raises ConfigurationError when it is another."""
    if not isinstance(connection, XRoadConnection):
        raise ConfigurationError("the source has no X-Road connection")
    return connection

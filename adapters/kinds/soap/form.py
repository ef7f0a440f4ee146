"""How a `soap` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.http import form as http
from adapters.http.error_rules import ErrorRule, error_rule_complaints, error_rules
from adapters.http.form import PLACEHOLDER, HttpConnection, connection_complaints, connection_warnings
from adapters.kinds import Complaint
from adapters.kinds.soap.names import Version
from adapters.kinds.soap.security import Security, Signing, Username
from adapters.kinds.soap.xml_template import XmlTemplate, template_of
from adapters.selector import part_names
from adapters.xml import UnfitXml
from adapters.xpath import UnfitXPath, compiled
from adapters.yaml_lines import Place
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from adapters.yaml_lines import Document

__all__ = [
    "EXEMPTIONS",
    "PLACEHOLDER",
    "Ping",
    "SoapAsk",
    "SoapConnection",
    "ask",
    "connection",
    "connection_complaints",
    "connection_warnings",
    "document_complaints",
    "service_complaints",
]

EXEMPTIONS: Final[Mapping[int, str]] = {
    16: "one SOAP request fetches the whole answer; there are no pages",
}
_SECRET: Final = "secret:"  # noqa: S105 - how a template names one
_EXAMPLE: Final = 'write XML such as <t:Find xmlns:t="urn:tax"><t:nid>{national_id}</t:nid></t:Find>'


@dataclass(frozen=True, slots=True)
class Ping:
    """A question without a person that shows whether the service can be asked."""

    template: XmlTemplate
    action: str


@dataclass(frozen=True, slots=True)
class SoapConnection:
    """A SOAP service: where it is, and what every message carries."""

    http: HttpConnection
    path: str = ""
    version: Version = "1.1"
    security: Security = Security()  # noqa: RUF009 - frozen
    body_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    ping: Ping | None = None


@dataclass(frozen=True, slots=True)
class SoapAsk:
    """One operation: the request's template, the answer's element, and where the records stand in it."""

    template: XmlTemplate
    header: XmlTemplate | None
    action: str
    answer: str
    records: str
    namespaces: Mapping[str, str]
    errors: tuple[ErrorRule, ...] = ()


def connection(settings: Mapping[str, Any], folder: Path) -> SoapConnection:
    """As `Form.connection`."""
    ping = settings.get("ping")
    return SoapConnection(
        http.connection(settings, folder),
        settings.get("path", ""),
        settings.get("version", "1.1"),
        _security(settings.get("security", {}), folder),
        settings.get("body_secrets", {}),
        None if ping is None else Ping(_template(ping["request"]), ping.get("action", "")),
    )


def ask(service: Mapping[str, Any]) -> SoapAsk:
    """As `Form.ask`."""
    namespaces = service.get("namespaces", {})
    return SoapAsk(
        _template(service["request"]),
        _template(service["header"]) if "header" in service else None,
        service.get("action", ""),
        _expanded(service["answer"], namespaces),
        service["records"],
        namespaces,
        error_rules(service.get("errors", [])),
    )


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: the request carries the selector, the XPaths can be asked."""
    if len(service["subject"]) != 1:
        yield (*place, "subject"), "a soap service takes one kind of subject", "write a second service"
    yield from _template_complaints(service, place)
    try:
        compiled(service["records"], service.get("namespaces", {}))
    except UnfitXPath as error:
        yield (*place, "records"), error.detail, 'write an XPath such as "//t:person"'
    try:
        _expanded(service["answer"], service.get("namespaces", {}))
    except ConfigurationError as error:
        yield (*place, "answer"), error.detail, "declare the prefix under `namespaces`"
    for index, what, cure in error_rule_complaints(service.get("errors", [])):
        yield (*place, "errors", index), what, cure


def document_complaints(document: Document) -> Iterator[Complaint]:
    """What is wrong between the parts of a file: secrets of requests, and its WSDL."""
    from adapters.kinds.soap.wsdl_check import wsdl_complaints

    settings, services = document.value["connection"], document.value["services"]
    known = set(settings.get("body_secrets", {}))
    for name, service in services.items():
        try:
            used = {word for word in _template(service["request"]).placeholders if word.startswith(_SECRET)}
        except ConfigurationError:
            continue  # `service_complaints` says it
        for word in sorted(used - {_SECRET + secret for secret in known}):
            cure = f"declare `{word.removeprefix(_SECRET)}` under connection, body_secrets"
            yield ("services", name, "request"), f"`{{{word}}}` is no secret of the connection", cure
    yield from wsdl_complaints(settings, services, document.path.parent)


def named_files(settings: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """As `adapters.kinds.named_files_of`: authority, certificates, and the WSDL with what it imports."""
    security, wsdl = settings.get("security", {}), settings.get("wsdl")
    named = (settings.get("ca_file"), security.get("sign", {}).get("certificate"), security.get("verify"))
    yield from (name for name in named if name is not None)
    if wsdl is not None:
        from adapters.kinds.soap.wsdl import files_of

        yield from files_of(folder / wsdl["file"])


def _template_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    used: set[str] = set()
    for member in ("request", "header"):
        if member in service:
            try:
                used |= _template(service[member]).placeholders
            except ConfigurationError as error:
                yield (*place, member), error.detail, _EXAMPLE
                return
    names = {name for parts in part_names(service["subject"]).values() for name in parts}
    words = {name for name in used if not name.startswith(_SECRET)}
    for name in sorted(words - names):
        yield (*place, "request"), f"`{{{name}}}` is no selector under `subject`", "declare it or correct it"
    for name in sorted(names - words):
        yield (*place, "request"), f"the request does not carry `{name}`", f"write {{{name}}} in it"


def _template(text: str) -> XmlTemplate:
    try:
        return template_of(text)
    except UnfitXml as error:
        raise ConfigurationError(f"the template cannot be read: {error}") from None


def _expanded(name: str, namespaces: Mapping[str, str]) -> str:
    """`t:Answer` as `{namespace}Answer`."""
    prefix, _, local = name.rpartition(":")
    if not prefix:
        return local
    if prefix not in namespaces:
        raise ConfigurationError(f"the prefix `{prefix}` has no namespace")
    return f"{{{namespaces[prefix]}}}{local}"


def _security(settings: Mapping[str, Any], folder: Path) -> Security:
    username, sign, verify = settings.get("username"), settings.get("sign"), settings.get("verify")
    return Security(
        None if username is None else Username(**username),
        settings.get("timestamp_s"),
        None if sign is None else Signing(sign["key"], folder / sign["certificate"]),
        None if verify is None else folder / verify,
    )

"""Templates of a source file against the WSDL pinned beside it: `connection.wsdl: {file, sha256}`.

Nothing is fetched. A WSDL that changed is refused by its digest, so a file is looked at again when
its service changes; then operation, SOAPAction, the elements of the request and the answer must be
those of the WSDL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from lxml import etree

from adapters.kinds import Complaint
from adapters.kinds.soap.wsdl import MAX_BYTES, Operation, Part, Wsdl, read_wsdl
from adapters.kinds.soap.xml_template import template_of
from adapters.xml import Element, UnfitXml
from adapters.yaml_lines import Place
from schemas.errors import ConfigurationError


def wsdl_complaints(
    settings: Mapping[str, Any], services: Mapping[str, Any], folder: Path
) -> Iterator[Complaint]:
    """What is wrong with the WSDL, and with each service by it."""
    if "wsdl" not in settings:
        return
    place: Place = ("connection", "wsdl")
    path = folder / settings["wsdl"]["file"]
    if path.resolve().parent != folder.resolve() or not path.is_file() or path.stat().st_size > MAX_BYTES:
        yield place, "there is no such file beside this one", "put the WSDL there"
        return
    digest = sha256(path.read_bytes()).hexdigest()
    if digest != settings["wsdl"]["sha256"]:
        yield place, "the WSDL is not the pinned one", f"compare it, then write sha256: {digest}"
        return
    try:
        wsdl = read_wsdl(path)
    except ConfigurationError as error:
        what, _, cure = error.detail.partition("; ")
        yield place, what, cure or "correct the WSDL"
        return
    for name, service in services.items():
        yield from _service_complaints(wsdl, settings.get("version", "1.1"), service, ("services", name))


def _service_complaints(
    wsdl: Wsdl, version: str, service: Mapping[str, Any], place: Place
) -> Iterator[Complaint]:
    try:
        root = template_of(service["request"]).root
    except UnfitXml:
        return  # said elsewhere
    operations = [one for one in wsdl.operations.values() if one.version == version]
    meant = [one for one in operations if one.input.name.removeprefix("{}") == root.tag]
    if not meant:
        known = ", ".join(sorted(_local(one.input.name) for one in operations))
        yield (*place, "request"), "no operation of the WSDL takes this element", f"write one of {known}"
        return
    if service.get("action", "") not in {one.action for one in meant}:
        yield (*place, "action"), "not the operation's SOAPAction", f"write action: {meant[0].action!r}"
    yield from _element_complaints(root, meant[0].input, (*place, "request"))
    yield from _answer_complaints(meant[0], service, place)


def _element_complaints(element: Element, part: Part, place: Place) -> Iterator[Complaint]:
    if not part.children:
        return
    children = {child.name: child for child in part.children}
    for child in element:
        declared = children.get(str(child.tag))
        if declared is None:
            known = ", ".join(_local(name) for name in children)
            what = f"`{etree.QName(child).localname}` is no element of `{_local(part.name)}` in the WSDL"
            yield place, what, f"write one of {known}, in the WSDL's namespace"
        else:
            yield from _element_complaints(child, declared, place)


def _answer_complaints(operation: Operation, service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    prefix, _, local = service["answer"].rpartition(":")
    space = service.get("namespaces", {}).get(prefix, "")
    if operation.output.name not in (f"{{{space}}}{local}", local):
        what = f"the operation answers with `{_local(operation.output.name)}`"
        yield (*place, "answer"), what, "write that element, with the prefix of its namespace"


def _local(name: str) -> str:
    return name.rpartition("}")[2]

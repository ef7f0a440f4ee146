"""How a `payments` source is written: a platform over HTTP, or ISO 20022 files that are dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from adapters.http import form as http
from adapters.http.error_rules import ErrorRule, error_rule_complaints, error_rules
from adapters.http.form import PLACEHOLDER, HttpConnection
from adapters.kinds import Complaint
from adapters.kinds.file import form as file
from adapters.kinds.file.form import DroppedFile, FileAsk, FileConnection
from adapters.kinds.payments.iso20022 import KEY, Iso20022
from adapters.kinds.payments.profiles import PROFILES, Profile, Subject
from adapters.selector import part_names
from adapters.template import placeholders
from adapters.yaml_lines import Document, Place

__all__ = [
    "PLACEHOLDER",
    "FilesAsk",
    "PaymentsConnection",
    "PlatformAsk",
    "ask",
    "connection",
    "connection_complaints",
    "connection_warnings",
    "document_complaints",
    "named_files",
    "service_complaints",
]

MAX_BYTES: Final = 8 * 1024 * 1024
"""Of one ISO 20022 file: the whole document is read before any of it is believed."""

MAX_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class PaymentsConnection:
    """A platform (`http` and `profile`), or places where files are dropped (`files`)."""

    http: HttpConnection | None = None
    profile: Profile | None = None
    tenant: str | None = None
    files: FileConnection | None = None


@dataclass(frozen=True, slots=True)
class PlatformAsk:
    """A question to a platform: of what, and the values of its parameters by the platform's names."""

    of: Subject
    by: Mapping[str, str]
    errors: tuple[ErrorRule, ...] = ()


@dataclass(frozen=True, slots=True)
class FilesAsk:
    """A question to staged files: what the bank told, compared with what was `sent` where that is named."""

    told: FileAsk
    sent: FileAsk | None = None


def connection(settings: Mapping[str, Any], folder: Path) -> PaymentsConnection:
    """As `Form.connection`."""
    if settings["profile"] != "iso20022":
        made = http.connection(settings["http"], folder)
        return PaymentsConnection(made, PROFILES[settings["profile"]], settings.get("tenant"))
    plain = {word: _as_dropped(given) for word, given in settings["files"].items()}
    read = file.connection({**settings, "files": plain}, folder)
    files = {
        word: _in_xml(dropped, settings["files"][word]["message"]) for word, dropped in read.files.items()
    }
    return PaymentsConnection(files=FileConnection(read.drop, read.every_s, files))


def ask(service: Mapping[str, Any]) -> PlatformAsk | FilesAsk:
    """As `Form.ask`."""
    if "ask" in service:
        given = service["ask"]
        return PlatformAsk(given["of"], given["by"], error_rules(given.get("errors", [])))
    where = {name.removeprefix("$"): column for column, name in service["where"].items()}
    sent = service.get("sent")
    return FilesAsk(FileAsk(service["from"], where), None if sent is None else FileAsk(sent, where))


def connection_warnings(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """As `Form.connection_warnings`."""
    if "http" in settings:
        for place, what, cure in http.connection_warnings(settings["http"]):
            yield ("connection", "http", *place[1:]), what, cure
    elif "files" in settings:
        yield from file.connection_warnings(settings)


def connection_complaints(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is wrong with a connection, secrets not resolved."""
    if "http" in settings:
        for place, what, cure in http.connection_complaints(settings["http"]):
            yield ("connection", "http", *place[1:]), what, cure
        return
    plain = {word: _as_dropped(given) for word, given in settings["files"].items()}
    yield from file.connection_complaints({**settings, "files": plain})


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: the question carries the selector, and nothing unknown."""
    if len(service["subject"]) != 1:
        yield (*place, "subject"), "a payments service takes one kind of subject", "write a second service"
    if "from" in service:
        yield from file.service_complaints(service, place)
        return
    asked, at = service["ask"], (*place, "ask")
    used = set(placeholders(asked["by"]))
    names = {name for parts in part_names(service["subject"]).values() for name in parts}
    for name in sorted(used - names):
        yield (*at, "by"), f"`{{{name}}}` is no part under `subject`", "declare it or correct it"
    for name in sorted(names - used):
        yield (*at, "by"), f"the question does not carry `{name}`", f"write {{{name}}} into it"
    for index, what, cure in error_rule_complaints(asked.get("errors", [])):
        yield (*at, "errors", index), what, cure


def named_files(settings: Mapping[str, Any], _folder: Path) -> Iterator[str]:
    """As `adapters.kinds.named_files_of`: the authority of the platform, or of an HTTPS drop."""
    for http_settings in (settings.get("http", {}), settings.get("drop", {}).get("https", {})):
        if "ca_file" in http_settings:
            yield http_settings["ca_file"]


def document_complaints(document: Document) -> Iterator[Complaint]:
    """What is wrong between connection and services: each asks what its profile can be asked."""
    settings = document.value["connection"]
    profile = PROFILES.get(settings["profile"])
    for name, service in document.value["services"].items():
        at = ("services", name)
        if profile is None:
            for word in ("from", "sent"):
                if service.get(word, next(iter(settings["files"]))) not in settings["files"]:
                    yield (*at, word), "no such file under `connection`", "name one of its `files`"
        if (profile is None) == ("ask" in service):
            yield at, "the profile is not asked this way", "files: `from` and `where`; platforms: `ask`"
        elif profile is not None:
            yield from _ask_complaints(profile, service["ask"], (*at, "ask"))


def _ask_complaints(profile: Profile, asked: Mapping[str, Any], at: Place) -> Iterator[Complaint]:
    call = profile.calls.get(asked["of"])
    if call is None:
        yield (*at, "of"), "this profile tells nothing of it", "ask of a batch"
        return
    for word in sorted(set(asked["by"]) - set(call.names)):
        yield (*at, "by", word), f"`{word}` is not asked by", "write " + ", ".join(call.names)
    if call.in_path is not None and call.in_path not in asked["by"]:
        yield (*at, "by"), f"nothing says `{call.in_path}`", "write it"


def _as_dropped(given: Mapping[str, Any]) -> dict[str, Any]:
    """A payment file as one of kind `file`; its format is put in its place afterwards."""
    common = {name: value for name, value in given.items() if name != "message"}
    return {**common, "format": {"kind": "jsonl"}, "max_bytes": MAX_BYTES, "max_rows": MAX_ROWS}


def _in_xml(dropped: DroppedFile, message: str) -> DroppedFile:
    return replace(dropped, format=Iso20022(message), key=KEY, adds=True)

"""How a `webhook` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from adapters.events import Events
from adapters.kinds import Complaint
from adapters.pointer import parse
from adapters.selector import part_names
from adapters.yaml_lines import Place

if TYPE_CHECKING:
    from adapters.kinds.dci.form import Sealing
    from adapters.yaml_lines import Document

PLACEHOLDER: Final = "unused"
EXEMPTIONS: Final[Mapping[int, str]] = {
    6: "events about one subject stand in the order of time: the newest counts, none is chosen",
    14: "no question is sent: a subject is found by a keyed tag in the gateway's own store",
}

_NEEDS: Final = {
    "hmac": {"secret"},
    "bearer": {"secret"},
    "client": {"subsystem"},
    "dci": {"profile", "keys", "sender_id"},
}
_MAY: Final = {
    "hmac": {"secret", "algorithm", "header", "at", "prefix", "encoding", "over"},
    "bearer": {"secret"},
    "client": {"subsystem"},
    "dci": {"profile", "keys", "private_key", "sender_id", "receiver_id"},
}


@dataclass(frozen=True, slots=True)
class Verify:
    """Who is believed; which members count depends on `kind`."""

    kind: Literal["hmac", "bearer", "client", "dci"]
    secret: str = field(default="", repr=False)
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    header: str | None = None
    at: tuple[str, ...] | None = None
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    over: tuple[str, ...] | None = None
    subsystem: str | None = None
    sender_id: str | None = None
    receiver_id: str | None = None
    sealing: Sealing | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """How a hub asks whether we subscribed."""

    flavour: Literal["websub", "opencrvs"]
    topics: frozenset[str]
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class WebhookConnection:
    """A system that calls us. `events` replaces the gateway's store, for the conformance kit."""

    verify: Verify
    challenge: Challenge | None = None
    id: tuple[str, ...] | None = None
    at: tuple[str, ...] | None = None
    type: tuple[str, ...] | None = None
    keep_days: int = 30
    events: Events | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class WebhookAsk:
    """Which events a service answers from, where their record stands, and where in the record each of
    the subject's values does."""

    types: frozenset[str]
    records: tuple[str, ...]
    where: Mapping[str, tuple[str, ...]]


def connection(settings: Mapping[str, Any], folder: Path) -> WebhookConnection:
    """As `Form.connection`."""
    del folder
    given = dict(settings["verify"])
    for name in ("at", "over"):
        if name in given:
            given[name] = parse(given[name])
    if "header" in given:
        given["header"] = given["header"].lower()
    if given["kind"] == "dci":
        from adapters.kinds.dci.form import opening  # DCI only where it is spoken

        given["sealing"] = opening(given.pop("profile"), given.pop("keys"), given.pop("private_key", None))
    asked = settings.get("challenge")
    event = {name: parse(place) for name, place in settings.get("event", {}).items()}
    return WebhookConnection(
        Verify(**given),
        None
        if asked is None
        else Challenge(asked["flavour"], frozenset(asked["topics"]), asked.get("token")),
        event.get("id"),
        event.get("at"),
        event.get("type"),
        settings.get("keep_days", 30),
    )


def ask(service: Mapping[str, Any]) -> WebhookAsk:
    """As `Form.ask`."""
    where = {text[1:]: parse(place) for place, text in service["where"].items()}
    return WebhookAsk(frozenset(service.get("types", ())), parse(service.get("records", "")), where)


def connection_warnings(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """As `Form.connection_warnings`: what is weak."""
    verify = settings["verify"]
    if verify.get("algorithm") == "sha1":
        yield ("connection", "verify"), "SHA-1 is old", "write sha256, if the sender can"
    if verify["kind"] == "bearer":
        what = "a bearer token says nothing about what was sent"
        yield ("connection", "verify"), what, "write `kind: hmac`, if the sender can sign"


def connection_complaints(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """What no schema can say about a connection; secrets are not resolved."""
    verify, event = settings["verify"], settings.get("event", {})
    kind, place = verify["kind"], ("connection", "verify")
    for name in sorted(_NEEDS[kind] - verify.keys()):
        yield place, f"`{kind}` needs `{name}`", "write it"
    for name in sorted(verify.keys() - _MAY[kind] - {"kind"}):
        yield (*place, name), f"`{name}` is not of `{kind}`", "remove it"
    if kind == "hmac" and ("header" in verify) == ("at" in verify):
        yield place, "the signature stands in a header or in the body", "write `header` or `at`"
    for name in sorted(settings.keys() & {"event", "challenge"} if kind == "dci" else ()):
        yield ("connection", name), f"DCI says itself what `{name}` would say", "remove it"
    over = verify.get("over")
    for name in ("id", "at", "type"):
        if over is not None and name in event and not (event[name] + "/").startswith(over + "/"):
            what = f"`{name}` is outside of what is signed: anybody could change it"
            yield ("connection", "event", name), what, f"name a place below {over}, or leave it out"


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: selectors and places name each other."""
    if len(service["subject"]) != 1:
        yield (*place, "subject"), "a webhook service takes one kind of subject", "write a second service"
    known = {name for parts in part_names(service["subject"]).values() for name in parts}
    used = {text[1:] for text in service["where"].values()}
    for name in sorted(used - known):
        yield (*place, "where"), f"`${name}` is no selector under `subject`", "declare it or correct it"
    for name in sorted(known - used):
        yield (*place, "where"), f"nothing is found by `{name}`", f"write a place: ${name}"


def document_complaints(document: Document) -> Iterator[Complaint]:
    """Services that take what nobody signed, or name types where events have none."""
    settings = document.value["connection"]
    over = settings["verify"].get("over")
    for name, service in document.value["services"].items():
        place: Place = ("services", name)
        is_dci = settings["verify"]["kind"] == "dci"
        if "types" in service and not is_dci and "type" not in settings.get("event", {}):
            yield (
                (*place, "types"),
                "the file does not say where an event's type stands",
                "write `event: {type: …}`",
            )
        records = service.get("records", "")
        if over is not None and not (records + "/").startswith(over + "/"):
            what = "the record is outside of what is signed: anybody could change it"
            yield (*place, "records"), what, f"name a place at or below {over}"

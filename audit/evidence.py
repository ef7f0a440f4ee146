"""The evidence bundle (DESIGN §8, contract): all a third party needs to check an exchange, offline.

    <exchange id>/request.jws  answer.jws        the signed statements, compact JWS
    <exchange id>/request.head answer.head       the heads, exactly as sent
    <exchange id>/entry.bin                      the leaf of the log
    <exchange id>/opening.json                   {"case": …, "salt": …}: what the entry commits to
    <exchange id>/receipt.tlog-proof             inclusion proof and signed checkpoint
    certificates/*.pem                           signing certificates; authorities have `ca` in their name
    federation/log-keys.json                     {gateway id: log vkey}; beside it the metadata of the day
    README.txt                                   commands of stock tools that check all of it

Bodies are never in a bundle: whoever holds one can check it against the statement. A missing file says so by
its absence: no answer was received, the case was erased, the checkpoint was not timestamped (yet).
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import orjson

from audit.case import Case
from audit.entry import Side
from audit.errors import CaseErased, Malformed, NotLogged
from audit.reading import Logged, LogReader, Opening
from schemas.encoding import b64url

LOG_KEYS = "log-keys.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # bundles of the same evidence are the same bytes


@dataclass(frozen=True, slots=True)
class ExchangeEvidence:
    """The files of one exchange, by name."""

    exchange: str
    files: Mapping[str, bytes]


async def collect(reader: LogReader, exchange: str, side: Side | None = None) -> ExchangeEvidence:
    """Gather the evidence of one exchange from the log of one of its gateways.

    The entry is the outcome, or the last one while there is none. Where a gateway was both sides and `side`
    is None, the asking one is meant. Raises `NotLogged`. To permit and to log this is the caller's duty.
    """
    entries = await reader.exchange(exchange)
    side = side or min((logged.entry.side for logged in entries if logged.entry.side), default=None)
    entries = [logged for logged in entries if logged.entry.side == side]
    if not entries:
        raise NotLogged("the log has no such exchange on this side")
    proven = max(entries, key=lambda logged: (logged.entry.kind == "outcome", logged.index))
    openings = [await _opening(reader, logged) for logged in entries]
    receipt = (await reader.proof(proven.index)).format()
    found = {"entry.bin": proven.record, "receipt.tlog-proof": receipt.encode()}
    for logged, opening in zip(entries, openings, strict=True):
        if opening is not None:
            found.update(_statements(Case.decode(opening.case)))
            if logged is proven:
                found["opening.json"] = format_opening(opening)
    return ExchangeEvidence(exchange, found)


def write_bundle(
    path: Path,
    exchanges: Sequence[ExchangeEvidence],
    *,
    certificates: Mapping[str, bytes],
    federation: Mapping[str, bytes],
) -> None:
    """Write the zip. `certificates` are PEM files by name, `federation` must hold `log-keys.json`."""
    if LOG_KEYS not in federation or not exchanges:
        raise Malformed("a bundle holds at least one exchange and federation/log-keys.json")
    members = {"README.txt": _readme(exchanges)}
    for evidence in exchanges:
        members.update({f"{evidence.exchange}/{name}": content for name, content in evidence.files.items()})
    members.update({f"certificates/{name}": pem for name, pem in certificates.items()})
    members.update({f"federation/{name}": content for name, content in federation.items()})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)


def format_opening(opening: Opening) -> bytes:
    """Return `opening.json`. A case is canonical JSON: its bytes can be made again from the object."""
    members = {"case": orjson.loads(opening.case), "salt": b64url(opening.salt)}
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)


async def _opening(reader: LogReader, logged: Logged) -> Opening | None:
    """Return the opened case of an entry, or None when there is none or it was erased."""
    with suppress(CaseErased, NotLogged):
        return await reader.opening(logged.index)
    return None


def _statements(case: Case) -> dict[str, bytes]:
    """Return the files that a case holds."""
    contents = {
        "request.jws": case.request,
        "answer.jws": case.answer,
        "request.head": case.request_head,
        "answer.head": case.answer_head,
    }
    return {name: content.encode() for name, content in contents.items() if content is not None}


def _readme(exchanges: Sequence[ExchangeEvidence]) -> bytes:
    """Return README.txt, its commands set to the first exchange."""
    template = files("audit").joinpath("evidence_readme.txt").read_text("utf-8")
    return template.replace("@EXCHANGE@", exchanges[0].exchange).encode()

"""How a `dci` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters.http import form as http
from adapters.http.form import PLACEHOLDER, HttpConnection, connection_complaints
from adapters.kinds import Complaint
from adapters.kinds.dci.keys import KeySet, key_file, keys_in, thumbprint
from adapters.kinds.dci.signing import CavageSigner, EmbeddedSigner, SignatureProfile, Signer
from adapters.pointer import parse
from adapters.template import placeholders
from adapters.yaml_lines import Place
from schemas.errors import ConfigurationError

__all__ = [
    "PLACEHOLDER",
    "Call",
    "DciAsk",
    "DciConnection",
    "Paths",
    "QueryType",
    "Sealing",
    "ask",
    "connection",
    "connection_complaints",
    "connection_warnings",
    "opening",
    "service_complaints",
]

QueryType = Literal["idtype-value", "expression", "predicate"]
Call = Literal["search", "disabled", "enrolled", "disability-details", "disability-support"]

_OWN: Final = frozenset(
    {
        "path",
        "paths",
        "mode",
        "sender_id",
        "receiver_id",
        "sender_uri",
        "poll_ms",
        "signature",
        "encryption",
        "peer",
    }
)
_OFFLINE: Final = "offline-"
"""How the placeholder of a secret begins while fixtures run: no key can be read from it."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a registry's calls stand below its base URL; implementations differ."""

    sync: str = "/registry/sync/search"
    asynchronous: str = "/registry/search"
    status: str = "/registry/sync/txn/status"
    disabled: str = "/registry/sync/disabled"
    enrolled: str = "/registry/sync/enrolled"
    disability_details: str = "/registry/sync/get-disability-details"
    disability_support: str = "/registry/sync/get-disability-support"

    def of(self, call: Call) -> str:
        """The path of a synchronous call."""
        return str(getattr(self, call.replace("-", "_") if call != "search" else "sync"))


@dataclass(frozen=True, slots=True)
class Sealing:
    """How messages are signed and encrypted, ours and the peer's.

    `verify` is the profile that answers must have, None when they need none; unless `required`, an
    answer without a signature is taken too. `keys` are the peer's, from a file; `jwks_url` is where the
    file says they are fetched. `decrypt` is our private key.
    """

    signer: Signer | None = field(default=None, repr=False)
    verify: SignatureProfile | None = None
    required: bool = True
    keys: KeySet | None = field(default=None, repr=False)
    jwks_url: str | None = None
    encrypt: bool = False
    decrypt: RSAPrivateKey | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DciConnection:
    """A DCI registry: where it is, as whom we ask it, and how messages are protected."""

    http: HttpConnection
    paths: Paths
    sender_id: str
    receiver_id: str | None = None
    sender_uri: str | None = None
    mode: Literal["sync", "async"] = "sync"
    poll_ms: int = 500
    sealing: Sealing = Sealing()


@dataclass(frozen=True, slots=True)
class DciAsk:
    """One DCI call: what is asked in which form, and what kind of register is searched."""

    call: Call = "search"
    query_type: QueryType = "idtype-value"
    id_types: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    collection: str | None = None
    reg_type: str | None = None
    reg_event_type: str | None = None
    reg_record_type: str | None = None
    response_entity: str | None = None
    page_size: int = 100
    records: tuple[str, ...] = ()


def connection(settings: Mapping[str, Any], folder: Path) -> DciConnection:
    """As `Form.connection`."""
    written = dict(settings.get("paths", {}))
    named = {"asynchronous" if name == "async" else name: path for name, path in written.items()}
    if "path" in settings:
        named.setdefault("sync", settings["path"])
    return DciConnection(
        http.connection({name: value for name, value in settings.items() if name not in _OWN}, folder),
        Paths(**named),
        settings["sender_id"],
        settings.get("receiver_id"),
        settings.get("sender_uri"),
        settings.get("mode", "sync"),
        settings.get("poll_ms", 500),
        _sealing(settings, folder),
    )


def ask(service: Mapping[str, Any]) -> DciAsk:
    """As `Form.ask`."""
    search = service["search"]
    return DciAsk(
        search.get("call", "search"),
        search.get("query_type", "idtype-value"),
        search.get("id_types", {}),
        search.get("query"),
        search.get("collection"),
        search.get("reg_type"),
        search.get("reg_event_type"),
        search.get("reg_record_type"),
        search.get("response_entity"),
        search.get("page_size", 100),
        parse(search.get("records", "")),
    )


def connection_warnings(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """As `Form.connection_warnings`: what is not protected, or cannot work."""
    yield from http.connection_warnings(settings)
    peer = settings.get("peer", {})
    signature = settings.get("signature", {"profile": "none"})
    if signature["profile"] != "none" and not peer:
        what = "we sign, and the registry's answers are not verified"
        yield ("connection", "signature"), what, "write `peer: {profile: …, keys_file: …}`"
    if peer.get("required") is False:
        what = "an answer without a signature is accepted"
        yield ("connection", "peer", "required"), what, "remove `required: false`"
    explicit = signature["profile"] == "draft-cavage-ed25519"
    if explicit and not {"receiver_id", "sender_uri"} <= settings.keys():
        what = "OpenSPP verifies over a header with all its members"
        yield ("connection", "signature"), what, "write `receiver_id` and `sender_uri` too"
    if settings.get("mode") == "async" and "sender_uri" not in settings:
        what = "answers cannot be called back, and are asked for by txn/status"
        yield ("connection", "mode"), what, "write `sender_uri`, the gateway's address for this source"


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: every selector is carried, in the form of its query type."""
    search, subjects = service["search"], service["subject"]
    call = search.get("call", "search")
    if call == "search" and search.get("query_type", "idtype-value") == "idtype-value":
        mapped = search.get("id_types", {})
        for name in sorted(subjects.keys() ^ mapped.keys()):
            cure = "name the same selectors under `subject` and `id_types`"
            yield (*place, "search", "id_types"), f"`{name}` stands in one place only", cure
        for name, form in subjects.items():
            if "parts" in form:
                what = f"`{name}` is several values, and idtype-value carries one"
                yield (*place, "subject", name), what, "write `query_type: predicate` or `expression`"
        return
    if "query" not in search:
        yield (*place, "search"), "the search has no `query`", "write its conditions, with {selector} in them"
        return
    if call != "search" and service.get("shape") == "list" and call in {"disabled", "enrolled"}:
        yield (*place, "shape"), "yes or no is one record", "remove `shape: list`"
    yield from _query_complaints(search, subjects, call, (*place, "search", "query"))


def _query_complaints(
    search: Mapping[str, Any], subjects: Mapping[str, Any], call: str, place: Place
) -> Iterator[Complaint]:
    query = search["query"]
    wants_list = call == "search" and search.get("query_type") == "predicate"
    if isinstance(query, list) != wants_list:
        form = "a list of conditions" if wants_list else "an object"
        yield place, f"this query is {form}", "write it as docs/adapters/dci.md shows"
    if len(subjects) != 1:
        yield place, "such a query takes one selector", "write a second service"
    known = {part for name, form in subjects.items() for part in form.get("parts", {name: form})}
    used = set(placeholders(query))
    for name in sorted(used - known):
        yield place, f"`{{{name}}}` is no selector under `subject`", "declare it or correct it"
    for name in sorted(known - used):
        yield place, f"the query does not carry `{name}`", f"write {{{name}}} into a condition"


def named_files(settings: Mapping[str, Any], _folder: Path) -> Iterator[str]:
    """As `adapters.kinds.named_files_of`: the authority, and the peer's keys."""
    named = (settings.get("ca_file"), settings.get("peer", {}).get("keys_file"))
    yield from (name for name in named if name is not None)


def opening(profile: SignatureProfile, keys: str, private_key: str | None) -> Sealing:
    """How messages are opened that a registry sends of its own accord, signed by one of `keys` (PEM or a JWK
    Set). Raises ConfigurationError: a key cannot be read."""
    known = KeySet() if keys.startswith(_OFFLINE) else keys_in(keys.encode(), "`verify.keys`")
    return Sealing(verify=profile, keys=known, decrypt=_decryption_key(private_key))


def _sealing(settings: Mapping[str, Any], folder: Path) -> Sealing:
    signature = settings.get("signature", {"profile": "none"})
    encryption, peer = settings.get("encryption", {}), settings.get("peer", {})
    profile: SignatureProfile = peer.get("profile", signature["profile"])
    encrypt = bool(encryption.get("requests", False))
    keys = key_file(folder / peer["keys_file"]) if "keys_file" in peer else None
    if encrypt and not peer:
        raise ConfigurationError("to encrypt requests, `peer` must name the registry's keys")
    verify = profile if peer and profile != "none" else None
    return Sealing(
        _signer(signature, settings["sender_id"]),
        verify,
        peer.get("required", True),
        keys,
        peer.get("jwks_url"),
        encrypt,
        _decryption_key(encryption.get("private_key")),
    )


def _signer(signature: Mapping[str, Any], sender_id: str) -> Signer | None:
    profile = signature["profile"]
    if profile == "none" or signature["private_key"].startswith(_OFFLINE):
        return None
    key = _private_key(signature["private_key"])
    if profile == "draft-cavage-ed25519":
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigurationError("`signature.private_key` is not an Ed25519 key")
        return CavageSigner(key, sender_id, signature.get("key_id") or thumbprint(key.public_key()))
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError("`signature.private_key` is not an RSA key of 2048 bits or more")
    return EmbeddedSigner(key, signature.get("key_id") or thumbprint(key.public_key()))


def _decryption_key(pem: str | None) -> RSAPrivateKey | None:
    if pem is None or pem.startswith(_OFFLINE):
        return None
    key = _private_key(pem)
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError("`encryption.private_key` is not an RSA key of 2048 bits or more")
    return key


def _private_key(pem: str) -> object:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigurationError("a private key of the source is not an unencrypted PEM key") from None
    small = isinstance(key, RSAPrivateKey) and key.key_size < 2048
    return None if small else key

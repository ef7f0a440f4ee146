"""Founding an instance, and the officer's hand in it: purposes, admission, consent issuers, revocation.

For a registrar whose keys lie in its folder, as in a sandbox. Where officers sign elsewhere, their
tools bring signed pins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509

from gateway.trust.federation.documents import Pin
from gateway.trust.federation.errors import MalformedDocument
from gateway.trust.federation.national import Policy, Purpose
from gateway.trust.federation.registrar import Registrar
from gateway.trust.keys import load_certificate
from gateway.trust.pki import certificate_thumbprint
from schemas.encoding import unb64url
from schemas.errors import ConfigurationError, MalformedRequest
from schemas.identifiers import MemberId, check_part
from schemas.strict_json import canonical

_MEMBERS = frozenset({"code", "title", "parent", "dpv"})


def found_instance(folder: Path, instance: str, authorities: Sequence[Path], purposes: Path) -> bytes:
    """Make a registrar's folder and publish its first, empty federation; returns the root that
    gateways are given.

    Raises:
        MalformedIdentifier: not an instance's code.
        ConfigurationError: a file is wrong, or the folder holds an instance already.
    """
    check_part(instance)
    policy = Policy(
        instance=instance,
        cas=tuple(_read_authority(path) for path in authorities),
        purposes=read_purposes(purposes),
        officers=(),
    )
    try:
        with Registrar.create(folder, policy) as registrar:
            return registrar.first_root()
    except FileExistsError:
        raise ConfigurationError(f"{folder}: holds an instance already; choose another folder") from None
    except MalformedDocument as error:
        raise ConfigurationError(f"{purposes}: {error}") from None


def read_purposes(path: Path) -> tuple[Purpose, ...]:
    """Read the national list of purposes: a YAML list of `code`, `title`, and `parent`, `dpv` if any.

    Raises:
        ConfigurationError: names the file, the place and the cure.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise ConfigurationError(f"{path}: is not a readable YAML file") from None
    if not isinstance(document, list) or not document:
        raise ConfigurationError(f"{path}: must be a list of purposes, each with `code` and `title`")
    return tuple(_purpose(path, number, item) for number, item in enumerate(document, 1))


def admit_member(folder: Path, pin: Path) -> Pin:
    """Sign a pin with the officers' keys in the registrar's folder, admit the member, publish.

    Raises:
        FederationError: not a pin, or its version does not follow the one in force.
    """
    with Registrar.open(folder) as registrar:
        admitted = registrar.admit(registrar.sign_pin(Pin.parse(pin.read_bytes())))
        registrar.publish()
    return admitted


def revoke(
    folder: Path, *, members: Sequence[str] = (), certificates: Sequence[str] = (), keys: Sequence[str] = ()
) -> int:
    """Revoke and publish at once; returns the number of the revocation list.

    Certificates are thumbprints or PEM files, keys are thumbprints (unpadded base64url SHA-256).

    Raises:
        MalformedRequest: a name or thumbprint is none.
    """
    with Registrar.open(folder) as registrar:
        registrar.revoke(
            members=[MemberId.parse(member) for member in members],
            certificates=[_certificate(text) for text in certificates],
            key_thumbprints=[_thumbprint(text) for text in keys],
        )
        return registrar.revocations.seq


def publish_national_policy(folder: Path, file: Path) -> int:
    """Check the country's policy data and publish them at once; returns the snapshot's version.

    Purposes are those of the federation, so the file may not list any.

    Raises:
        ConfigurationError: the file is wrong; names line and cure.
    """
    from policies.forms import read_form
    from policies.national_file import SCHEMA, read_national

    if read_national(file).purposes:
        raise ConfigurationError(f"{file}: lists purposes, which the federation does; remove them here")
    with Registrar.open(folder) as registrar:
        registrar.publish_national(canonical(read_form(file, SCHEMA).value))
        return registrar.snapshot_version


def change_consent_issuers(
    folder: Path, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> tuple[str, ...]:
    """Change the list of consent issuers and publish at once; returns the list as it is then.

    Raises:
        MalformedIdentifier: a name is no member's.
        ConfigurationError: a member to add was not admitted, or one to remove is not on the list.
    """
    added, removed = [MemberId.parse(name) for name in add], [MemberId.parse(name) for name in remove]
    with Registrar.open(folder) as registrar:
        listed = registrar.policy.consent_issuers
        for member in added:
            if registrar.listing(member) is None:
                raise ConfigurationError(f"{member} is no member of this instance; admit it first")
        for member in removed:
            if member not in listed:
                raise ConfigurationError(f"{member} is not on the list of consent issuers")
        issuers = tuple(member for member in dict.fromkeys([*listed, *added]) if member not in removed)
        if issuers != listed:
            registrar.change_policy(replace(registrar.policy, consent_issuers=issuers))
    return tuple(map(str, issuers))


def publish(folder: Path) -> int:
    """Publish anew, signing whatever is due; returns the snapshot's version."""
    with Registrar.open(folder) as registrar:
        registrar.publish()
        return registrar.snapshot_version


def _purpose(path: Path, number: int, item: Any) -> Purpose:
    place = f"{path}: purpose {number}"
    if not isinstance(item, dict) or not {"code", "title"} <= item.keys() <= _MEMBERS:
        raise ConfigurationError(f"{place}: must have `code` and `title`, and may have `parent` and `dpv`")
    if not all(isinstance(value, str) and value for value in item.values()):
        raise ConfigurationError(f"{place}: its members must be texts")
    return Purpose(**item)


def _read_authority(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii")
        x509.load_pem_x509_certificate(text.encode())
    except (OSError, ValueError):
        raise ConfigurationError(f"{path}: is not a readable PEM certificate") from None
    return text


def _certificate(text: str) -> str:
    path = Path(text)
    return certificate_thumbprint(load_certificate(path)) if path.is_file() else _thumbprint(text)


def _thumbprint(text: str) -> str:
    try:
        unb64url(text, length=32)
    except MalformedRequest:
        raise MalformedRequest("a thumbprint is 32 bytes in unpadded base64url") from None
    return text

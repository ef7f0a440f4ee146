"""The policy as an OPA bundle: what an OPA server polls, so that both engines decide by one policy.

A `.tar.gz` of the rules, `data.json` with national and provider's data, `.manifest` with revision and
roots and, with a key, `.signatures.json`: an ES256 JWT over the digest of every file, as
`opa run --verification-key` checks it. The same policy and key give the same `revision`, which is the
`policy_version` that decisions name, so an HTTP ETag says whether something changed.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policies.sources import PolicySources
from schemas.strict_json import canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ROOTS: Final = ("isthmus", "release", "national", "provider")
"""What the bundle owns of OPA's data; nothing else may write there."""

KEY_ID: Final = "isthmus"
"""The name under which OPA is given the public key."""

MEDIA_TYPE: Final = "application/gzip"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle: its bytes, and the policy's version as `revision`."""

    content: bytes
    revision: str

    @property
    def etag(self) -> str:
        """The HTTP entity tag, quoted."""
        return f'"{self.revision}"'


def build_bundle(sources: PolicySources, key: EllipticCurvePrivateKey | None = None) -> Bundle:
    """Build the bundle of a policy, signed if there is a key (P-256)."""
    manifest = {"revision": sources.version, "roots": list(ROOTS), "rego_version": 1}
    files = {
        ".manifest": canonical(manifest),
        "data.json": canonical(sources.release()),
        **{file.name: file.text.encode() for file in sources.files},
    }
    if key is not None:
        files[".signatures.json"] = canonical({"signatures": [_signature(files, key)]})
    return Bundle(_tar_gz(files), sources.version)


def _signature(files: Mapping[str, bytes], key: EllipticCurvePrivateKey) -> str:
    """OPA digests JSON files in canonical form, which ours already have, and other files as they are."""
    import jwt

    claims: dict[str, Any] = {
        "files": [
            {"name": name, "hash": sha256(content).hexdigest(), "algorithm": "SHA-256"}
            for name, content in files.items()
        ],
        "keyid": KEY_ID,
    }
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": KEY_ID})


def _tar_gz(files: Mapping[str, bytes]) -> bytes:
    """Nothing in it depends on the clock or the machine."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"/{name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)

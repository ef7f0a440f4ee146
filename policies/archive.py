"""A whole policy as one document, so that a decision of years ago can be made again.

The document is canonical JSON of files and data; its version is the one that decisions carry, and
reading compares the two. What it can be read by is the same engine: regorus.
"""

from __future__ import annotations

from policies.sources import PolicyFile, PolicySources, digest_of
from schemas.errors import ConfigurationError, MalformedRequest
from schemas.strict_json import canonical, parse_object

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024


def write_policy(sources: PolicySources) -> bytes:
    """The document of one policy."""
    return canonical(
        {
            "files": {file.name: file.text for file in sources.files},
            "national": sources.national,
            "provider": sources.provider,
        }
    )


def read_policy(document: bytes, version: str) -> PolicySources:
    """The policy of a document; ConfigurationError unless it is exactly that version."""
    try:
        members = parse_object(document, max_bytes=MAX_DOCUMENT_BYTES, what="the archived policy")
        files = tuple(PolicyFile(name, text) for name, text in sorted(members["files"].items()))
        data = (members["national"], members["provider"])
        found = digest_of(files, data)
    except (MalformedRequest, KeyError, TypeError, AttributeError):
        raise ConfigurationError(f"the archived policy {version} cannot be read") from None
    if found != version:
        raise ConfigurationError(f"the archived policy {version} is another one: {found}")
    return PolicySources(files, version, *data)

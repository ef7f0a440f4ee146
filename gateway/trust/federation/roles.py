"""The six TUF roles: who signs which target, for how long, and how often anew.

The numbers are the federation layout's. They bound how long stolen online keys can freeze a gateway:
a timestamp lives five minutes, and revocations run out after 36 hours whoever holds the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

POLICY: Final = "policy.json"
REVOKED: Final = "revoked.json"
INDEX: Final = "index.json"

HEARTBEAT_S: Final = 60
"""The timestamp is signed anew at least this often; a reader that sees none for twice as long warns."""


@dataclass(frozen=True, slots=True)
class RoleTerms:
    """How long a role's signature lives, and after what time it is signed anew."""

    lifetime: timedelta
    renew_after: timedelta


ROLES: Final[Mapping[str, RoleTerms]] = {
    "root": RoleTerms(timedelta(days=365), timedelta(days=270)),
    "targets": RoleTerms(timedelta(days=180), timedelta(days=120)),
    "revocation": RoleTerms(timedelta(hours=36), timedelta(hours=12)),
    "directory": RoleTerms(timedelta(days=7), timedelta(days=1)),
    "snapshot": RoleTerms(timedelta(days=7), timedelta(days=1)),
    "timestamp": RoleTerms(timedelta(minutes=5), timedelta(seconds=HEARTBEAT_S)),
}

ROLE_OF_TARGET: Final[Mapping[str, str]] = {POLICY: "targets", REVOKED: "revocation", INDEX: "directory"}
DELEGATED_PATHS: Final[Mapping[str, list[str]]] = {"revocation": [REVOKED], "directory": [INDEX, "pack/*"]}
LISTED_ROLES: Final = ("targets", "revocation", "directory")
"""The roles that the snapshot lists."""

OFFICER: Final = "officer"


@dataclass(frozen=True, slots=True)
class Quorum:
    """`needed` of `keys` signatures."""

    needed: int
    keys: int


SANDBOX: Final[Mapping[str, Quorum]] = dict.fromkeys([*ROLES, OFFICER], Quorum(1, 1))
"""One key each: what a demonstration can hold on one machine."""

COUNTRY: Final[Mapping[str, Quorum]] = {
    "root": Quorum(3, 5),
    "targets": Quorum(2, 3),
    "revocation": Quorum(1, 4),
    "directory": Quorum(1, 1),
    "snapshot": Quorum(1, 1),
    "timestamp": Quorum(1, 1),
    OFFICER: Quorum(2, 3),
}
"""What the layout recommends; offline keys then live with their custodians, not in the folder."""

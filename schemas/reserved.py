"""The reserved subsystem of every member, under which gateways speak for themselves (DESIGN section 5).

`INSTANCE/CLASS/MEMBER/isthmus` is hosted where the member is. No client system may speak for it, and
no source may answer for it: what it asks and answers are the protocol's own reserved services.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from schemas.identifiers import MemberId, ServiceId, SubsystemId

RESERVED: Final = "isthmus"
"""The code of the reserved subsystem."""


@lru_cache(maxsize=4096)
def reserved_subsystem(member: MemberId) -> SubsystemId:
    """A member's reserved subsystem."""
    return SubsystemId(member.instance, member.member_class, member.code, RESERVED)


def reserved_service(member: MemberId, code: str) -> ServiceId:
    """One of a member's reserved services, such as `consent-status`."""
    return reserved_subsystem(member).service(code)


def is_reserved(subsystem: SubsystemId) -> bool:
    """Whether a subsystem is a reserved one."""
    return subsystem.subsystem == RESERVED

"""What a node does beside serving: publish, purge, follow authorities and agreements."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.app.node import Node
from gateway.app.staged_events import forget_source_events
from gateway.exchange.recovery import close_unfinished
from policies.cache import CachingEngine
from schemas.errors import ConfigurationError, ExchangeError

PUBLISH_EVERY_S: Final = 10.0
PURGE_EVERY_S: Final = 60.0
FOLLOW_EVERY_S: Final = 1.0
FOLLOW_SIGNED_EVERY_S: Final = 0.5

_logger = logging.getLogger(__name__)


async def _publish(node: Node) -> None:
    """Publish a checkpoint of the log every few seconds."""
    while True:
        await asyncio.sleep(PUBLISH_EVERY_S)
        await publish(node)


async def publish(node: Node) -> None:
    """Sign and keep a head of the log: what stands below it cannot be rewritten unseen."""
    await _quietly(node.log.publish(int(time.time())), "publishing a checkpoint")


async def _purge(node: Node) -> None:
    """Forget replay rows that no statement can match any more; close what a crash left open."""
    while True:
        await asyncio.sleep(PURGE_EVERY_S)
        await _quietly(node.log.purge_replays(int(time.time())), "purging the replay guard")
        # Also here: at a start soon after a crash, what was under way is too young to tell from the living.
        await _quietly(close_unfinished(node.log), "closing exchanges that a crash left open")


async def _forget_usage(node: Node) -> None:
    """Forget periods of allowances that are over, and notices that nobody came to read."""
    while True:
        await asyncio.sleep(PURGE_EVERY_S)
        await _quietly(node.answering.usage.purge(int(time.time())), "forgetting what was counted")
        await _quietly(node.notices.purge(int(time.time())), "forgetting notices")
        await _quietly(forget_source_events(node.store, int(time.time())), "forgetting events of sources")


async def _expire_consents(node: Node) -> None:
    """Write down which consents ran out, and forget their uses."""
    while True:
        await asyncio.sleep(PURGE_EVERY_S)
        await _quietly(node.consents.upkeep(int(time.time())), "writing down consents that ran out")


async def _forget_people(node: Node) -> None:
    """Forget sessions, sign-ins and API tokens that are over."""
    while True:
        await asyncio.sleep(PURGE_EVERY_S)
        await _quietly(node.people.purge(int(time.time())), "forgetting sessions and tokens that are over")


async def _follow_authorities(node: Node) -> None:
    """Trust the authorities that the federation names; until it names some, nobody connects."""
    known: frozenset[str] = frozenset()
    while True:
        try:
            named = frozenset(node.federation.current().cas)
        except ExchangeError:
            named = known
        for authority in named - known:
            for context in node.contexts:
                context.load_verify_locations(cadata=authority)
        known |= named
        await asyncio.sleep(FOLLOW_EVERY_S)


async def _follow_policy(node: Node) -> None:
    """Take up a changed policy after its trial; a bad one never replaces a good one."""
    while True:
        await asyncio.sleep(FOLLOW_EVERY_S)
        await _quietly(node.policies.look(), "following the policy")


async def _follow_agreement_files(node: Node) -> None:
    """Read agreement files anew when one changes; a broken one keeps the last good set."""
    files = node.agreements.files
    if files is None:
        return
    seen = _fingerprint(files.folder)
    while True:
        await asyncio.sleep(FOLLOW_EVERY_S)
        found = _fingerprint(files.folder)
        if found == seen:
            continue
        seen = found
        try:
            changed = files.reload()
        except ConfigurationError as error:
            _logger.error("agreements stay as they were: %s", error.detail)  # noqa: TRY400
            continue
        if changed and isinstance(node.policy, CachingEngine):
            node.policy.forget()


async def _follow_signed_agreements(node: Node) -> None:
    """Learn what officers and other members did, whichever node it reached."""
    while True:
        await asyncio.sleep(FOLLOW_SIGNED_EVERY_S)
        await _quietly(node.agreement_service.follow(), "reading agreements")
        node.agreement_service.remind()


async def _deliver_agreements(node: Node) -> None:
    """Carry what officers signed to the other member."""
    while True:
        await asyncio.sleep(FOLLOW_EVERY_S)
        await _quietly(node.agreement_service.deliver(), "delivering agreements")


def _fingerprint(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Names, times and sizes of the agreement files."""
    found = set()
    for path in folder.glob("*.yaml"):
        with suppress(OSError):
            state = path.stat()
            found.add((path.name, state.st_mtime_ns, state.st_size))
    return frozenset(found)


async def _quietly(work: Awaitable[object], what: str) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001  the next round tries again
        _logger.warning("%s failed: %s", what, type(error).__name__)


WORK: Final = (
    _publish,
    _purge,
    _forget_people,
    _follow_authorities,
    _follow_policy,
    _follow_agreement_files,
    _follow_signed_agreements,
    _deliver_agreements,
    _forget_usage,
    _expire_consents,
)
"""What a node does beside serving."""

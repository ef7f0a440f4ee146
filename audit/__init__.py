"""Audit remembers: a Merkle log of what was asked, answered and refused, provable to strangers.

The API the gateway builds on:

    store = SqliteStore(path)                  # tables made before: audit.tables.metadata
    store = PostgresStore(dsn)                 # audit.store_postgres, imports asyncpg only then
    signer = Signer(origin_of(gateway_id), ed25519_private_key)
    log = AuditLog(store, signer, kek)         # kek: 32 bytes, wraps the case keys
    await log.open()                           # LogDamaged: refuse to start
    committed = await log.append(PendingEntry(entry, case, replay))
                                               # Committed(index, leaf_hash, head=Head(size, root, note))
                                               # Replayed(digest, answer) | AuditUnavailable | Malformed
    row = await log.replay_seen(iss, id)       # ReplayRow | None, spares work; append decides
    await log.purge_replays(now)               # now and then
    note = await log.publish(now)              # every 10 s: published checkpoint
    await log.erase(index, PendingEntry(Entry(kind="erased", …)))
    await log.close()

    entry = Entry(kind="outcome", side="asking", id=…, ts=…, cid=…, client=…, service=…, purpose=…, basis=…,
                  status=200, result="answered", reasons=(…), req=…, ans=…, policy_version=…, fed=…)
    case = Case(subjects=(tag,), user=…, method=…, path=…, request=jws, answer=jws,
                request_head=text, answer_head=text)
    replay = ReplayRow(iss, id, digest=32 bytes, answer=answer_jws, expires=…)
                                               # unsafe: on `accepted` with answer="", then on `outcome`
                                               # the same row with the answer and claimed=True

    log.reader: LogReader                      # all reading; also LogReader(store) without keys
      await reader.receipt(exchange_id, side=None) -> str            tlog-proof text
      await reader.exchange(id) -> [Logged(index, entry, record)]    reader.entry(index)
      await reader.entries(side=, kind=, client=, service=, since=, limit=) -> [Logged]
      await reader.unfinished(kind, since, before) -> [Logged]       accepted/sent without outcome
      await reader.head() -> Head    reader.checkpoint() -> note     reader.proof(index) -> Proof
      await reader.inclusion(index, size)   reader.consistency(old, new) -> [hash]
      await reader.tile(level, n, width) -> bytes                    reader.bundle(n, width) -> bytes
      await reader.case(index) -> Case                               reader.opening(index)

    tags = SubjectTags(store, kek)             # audit.subject_tag
    tag = await tags.tag(member, id_type, value, ts)

    report = await verify_log(store, vkey, kek=None, heads=(note, …))   # audit.fsck: names each altered entry
    await collect(log.reader, exchange_id, side=None) -> ExchangeEvidence    # audit.evidence
    write_bundle(path, [evidence, …], certificates={name: pem}, federation={name: bytes})
    report = verify_bundle(path, body=None)    # audit.verify (imports pyjwt): named lines pass/fail/absent

Layers: `merkle`, `tiles`, `note`, `checkpoint`, `proof` are pure formats; `entry`, `case`, `subject_tag` say
what is remembered; `store*` keep it; `log` appends; `reading`, `fsck`, `evidence`, `verify` prove it.
"""

from audit.case import Case
from audit.checkpoint import origin_of
from audit.entry import Entry
from audit.errors import AuditError, AuditUnavailable, LogDamaged, NotLogged, Replayed
from audit.log import AuditLog
from audit.note import Signer, Verifier
from audit.pending import Committed, Head, PendingEntry, ReplayRow
from audit.reading import Logged, LogReader
from audit.store import Store
from audit.store_sqlite import SqliteStore

__all__ = [
    "AuditError",
    "AuditLog",
    "AuditUnavailable",
    "Case",
    "Committed",
    "Entry",
    "Head",
    "LogDamaged",
    "LogReader",
    "Logged",
    "NotLogged",
    "PendingEntry",
    "ReplayRow",
    "Replayed",
    "Signer",
    "SqliteStore",
    "Store",
    "Verifier",
    "origin_of",
]

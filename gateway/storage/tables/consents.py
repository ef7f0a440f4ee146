"""Consents: records, their events, the keys of their subjects' tags, and their uses.

A consent's subject and representative stand in one encrypted column; everything else says nothing
about a person. `consent` holds every version of every consent; `consent_event` is insert-only.
`consent_use` is the provider's: which enquiries have used a consent that may not be used at will.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

consent = Table(
    "consent",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("issuer", Text, nullable=False),
    Column("people", LargeBinary, nullable=False),
    Column("subject_tag", Text, nullable=False),
    Column("representative_tag", Text),
    Column("client", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("service", Text),
    Column("purpose", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("often", Text, nullable=False),
    Column("times", Integer),
    Column("period_s", BigInteger),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("notice", Text, nullable=False),
    Column("notice_version", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("officer", Text),
    Column("state", Text, nullable=False),
    Column("granted_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
Index("consent_subject", consent.c.issuer, consent.c.subject_tag)
Index("consent_representative", consent.c.issuer, consent.c.representative_tag)
Index("consent_client", consent.c.client, consent.c.id)
Index("consent_provider", consent.c.provider, consent.c.id)
Index("consent_end", consent.c.state, consent.c.ends_at)

consent_event = Table(
    "consent_event",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    # The state before. It is looked up as the event is written, so that an event which does not fit the
    # consent as it stands by then finds none, and takes its whole transaction back.
    Column("was", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("actor", Text, nullable=False),
)

consent_key = Table(
    "consent_key",
    metadata,
    Column("name", Text, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
)

consent_use = Table(
    "consent_use",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("consent", Text, primary_key=True),
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)
Index("consent_use_expires", consent_use.c.expires)

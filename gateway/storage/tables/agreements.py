"""Agreements: signed versions, their signatures, revocations, and what waits to be delivered.

`holder` is the hosted member whose copy a row is, `counterpart` the other one: two members on one gateway
each keep their own. Rows are only added; what waits for delivery goes away once it was delivered, and
`agreement_change` is how every node learns that something was added, and about what.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

agreement_version = Table(
    "agreement_version",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("counterpart", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("document", Text, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
)

agreement_signature = Table(
    "agreement_signature",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("counterpart", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("signer", Text, primary_key=True),
    Column("jws", Text, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
)

# What one side alone declared: every version up to this one is over.
agreement_revocation = Table(
    "agreement_revocation",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("counterpart", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("signer", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("jws", Text, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
)

agreement_delivery = Table(
    "agreement_delivery",
    metadata,
    Column("delivery", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("counterpart", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("client", Text, nullable=False),
    Column("typ", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("refused", Text),
)
Index("agreement_delivery_next", agreement_delivery.c.next_at)

agreement_change = Table(
    "agreement_change",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("holder", Text, nullable=False),
    Column("counterpart", Text, nullable=False),
    Column("id", Text, nullable=False),
)

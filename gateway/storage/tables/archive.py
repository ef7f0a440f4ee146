"""The policy archive: every policy that ever decided here, by its version. No person is in it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text

metadata = MetaData()

policy_archive = Table(
    "policy_archive",
    metadata,
    Column("version", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
)

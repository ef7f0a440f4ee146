"""Representations: who may consent for whom. Who that is stands in one encrypted column."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text

metadata = MetaData()

representation = Table(
    "consent_representation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("people", LargeBinary, nullable=False),
    Column("subject_tag", Text, nullable=False),
    Column("representative_tag", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
Index("representation_subject", representation.c.issuer, representation.c.subject_tag)
Index("representation_representative", representation.c.issuer, representation.c.representative_tag)

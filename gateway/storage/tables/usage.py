"""Usage: what clients have used of their allowances, notices for subjects, declared emergencies."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text

metadata = MetaData()

usage_count = Table(
    "usage_count",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("begins", BigInteger, primary_key=True, autoincrement=False),
    Column("ends", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
)
Index("usage_count_ends", usage_count.c.ends)

subject_notice = Table(
    "subject_notice",
    metadata,
    Column("exchange", Text, primary_key=True),
    Column("member", Text, nullable=False),
    Column("subject_tag", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)
Index("subject_notice_subject", subject_notice.c.member, subject_notice.c.subject_tag)
Index("subject_notice_expires", subject_notice.c.expires)

emergency = Table(
    "emergency",
    metadata,
    Column("id", Text, primary_key=True),
    Column("member", Text, nullable=False),
    Column("purposes", Text, nullable=False),
    Column("areas", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
Index("emergency_member", emergency.c.member, emergency.c.valid_until)

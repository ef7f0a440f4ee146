"""People: role grants, API tokens, sessions, acts that wait for a second pair of eyes.

People stand here as issuer-bound pseudonyms, tokens and sessions as SHA-256 of 256 random bits. No row is
changed but by being taken away: a grant, token or session ends by its deletion, which is an entry of the log.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text

metadata = MetaData()

people_key = Table(
    "people_key",
    metadata,
    Column("name", Text, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
)

people_grant = Table(
    "people_grant",
    metadata,
    Column("person", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("granted_at", BigInteger, nullable=False),
)

people_token = Table(
    "people_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("owner", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)
Index("people_token_digest", people_token.c.digest, unique=True)
Index("people_token_owner", people_token.c.owner)

people_session = Table(
    "people_session",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("person", Text, nullable=False),
    Column("citizen", LargeBinary),
    Column("expires", BigInteger, nullable=False),
)
Index("people_session_person", people_session.c.person)

people_sign_in = Table(
    "people_sign_in",
    metadata,
    Column("state", LargeBinary, primary_key=True),
    Column("expires", BigInteger, nullable=False),
)

people_proposal = Table(
    "people_proposal",
    metadata,
    Column("id", Text, primary_key=True),
    Column("act", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)
Index("people_proposal_member", people_proposal.c.member, people_proposal.c.proposed_at)

people_decision = Table(
    "people_decision",
    metadata,
    Column("proposal", Text, primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
)

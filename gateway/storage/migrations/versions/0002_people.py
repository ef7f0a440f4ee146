"""People: role grants, API tokens, sessions, acts that wait for a second pair of eyes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "people_key",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "people_grant",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "member", "role"),
    )
    op.create_table(
        "people_token",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("people_token_digest", "people_token", ["digest"], unique=True)
    op.create_index("people_token_owner", "people_token", ["owner"], unique=False)
    op.create_table(
        "people_session",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("citizen", sa.LargeBinary(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("people_session_person", "people_session", ["person"], unique=False)
    op.create_table(
        "people_sign_in",
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state"),
    )
    op.create_table(
        "people_proposal",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("people_proposal_member", "people_proposal", ["member", "proposed_at"], unique=False)
    op.create_table(
        "people_decision",
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("proposal"),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("people_decision")
    op.drop_index("people_proposal_member", table_name="people_proposal")
    op.drop_table("people_proposal")
    op.drop_table("people_sign_in")
    op.drop_index("people_session_person", table_name="people_session")
    op.drop_table("people_session")
    op.drop_index("people_token_owner", table_name="people_token")
    op.drop_index("people_token_digest", table_name="people_token")
    op.drop_table("people_token")
    op.drop_table("people_grant")
    op.drop_table("people_key")

"""The tables of `gateway.storage.tables.consents`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "consent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=False),
        sa.Column("subject_tag", sa.Text(), nullable=False),
        sa.Column("representative_tag", sa.Text(), nullable=True),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("often", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=True),
        sa.Column("period_s", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("notice_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", "version"),
    )
    op.create_index("consent_end", "consent", ["state", "ends_at"], unique=False)
    op.create_index("consent_representative", "consent", ["issuer", "representative_tag"], unique=False)
    op.create_index("consent_subject", "consent", ["issuer", "subject_tag"], unique=False)
    op.create_table(
        "consent_event",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", "state"),
    )
    op.create_table(
        "consent_key",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "consent_use",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "consent", "slot"),
    )
    op.create_index("consent_use_expires", "consent_use", ["expires"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("consent_use_expires", table_name="consent_use")
    op.drop_table("consent_use")
    op.drop_table("consent_key")
    op.drop_table("consent_event")
    op.drop_index("consent_subject", table_name="consent")
    op.drop_index("consent_representative", table_name="consent")
    op.drop_index("consent_end", table_name="consent")
    op.drop_table("consent")

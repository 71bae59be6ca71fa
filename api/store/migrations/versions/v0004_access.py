"""Keys that expire and say when they were last used; requests that are carried out once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("keys", sa.Column("expires_ms", sa.BigInteger(), nullable=True))
    op.add_column("keys", sa.Column("last_used_ms", sa.BigInteger(), nullable=True))
    op.create_table(
        "requests",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("claimed_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_requests")),
    )
    op.create_index(op.f("ix_requests_claimed_ms"), "requests", ["claimed_ms"], unique=False)
    op.create_index(op.f("ix_requests_key_id_claimed_ms"), "requests", ["key_id", "claimed_ms"], unique=False)
    op.create_index(op.f("ix_audit_at_ms"), "audit", ["at_ms"], unique=False)

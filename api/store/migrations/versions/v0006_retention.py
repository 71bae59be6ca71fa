"""Hours of series, which events still have samples, and what was erased on request."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, the column and the indices; events that are there may have samples."""
    op.create_table(
        "series_hours",
        sa.Column("topic_id", sa.String(length=200), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("negative", sa.Integer(), nullable=False),
        sa.Column("positive", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("minutes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("topic_id", "hour", name=op.f("pk_series_hours")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_series_hours_hour"), "series_hours", ["hour"], unique=False)
    op.create_index(op.f("ix_series_minute"), "series", ["minute"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("url_sha256", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "url_sha256", name=op.f("pk_erasures")),
    )
    op.add_column(
        "alert_events", sa.Column("has_samples", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(sa.text("UPDATE alert_events SET has_samples = true WHERE origin = 'machine'"))
    op.create_index(
        op.f("ix_alert_events_has_samples_decided_ms"),
        "alert_events",
        ["has_samples", "decided_ms"],
        unique=False,
    )

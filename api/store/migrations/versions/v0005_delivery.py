"""Channels, quiet hours, groups, escalation, the circuit breaker and the response clock."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table; a delivery is unique with its purpose."""
    _endpoints()
    with op.batch_alter_table("deliveries", table_kwargs={"sqlite_autoincrement": True}) as deliveries:
        deliveries.add_column(
            sa.Column("purpose", sa.String(length=40), nullable=False, server_default="event")
        )
        deliveries.add_column(sa.Column("group_key", sa.String(length=220), nullable=True))
        deliveries.add_column(sa.Column("carried_by", sa.String(length=60), nullable=True))
        deliveries.drop_constraint(op.f("uq_deliveries_alert_id_revision_endpoint_id"), type_="unique")
        deliveries.create_unique_constraint(
            op.f("uq_deliveries_alert_id_revision_endpoint_id_purpose"),
            ["alert_id", "revision", "endpoint_id", "purpose"],
        )
    op.create_index(op.f("ix_deliveries_carried_by"), "deliveries", ["carried_by"], unique=False)
    _deadlines()


def _endpoints() -> None:
    """How an endpoint is reached and when, and how it has answered."""
    for column in (
        sa.Column("channel", sa.String(length=20), nullable=False, server_default="webhook"),
        sa.Column("language", sa.String(length=2), nullable=False, server_default="vi"),
        sa.Column("quiet_hours", sa.String(length=11), nullable=True),
        sa.Column("group_seconds", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("escalation_minutes", sa.Integer(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failing_since_ms", sa.BigInteger(), nullable=True),
        sa.Column("paused_until_ms", sa.BigInteger(), nullable=True),
    ):
        op.add_column("endpoints", column)


def _deadlines() -> None:
    """By when people must have done what about an alert."""
    op.create_table(
        "deadlines",
        sa.Column("alert_id", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("goal", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("met_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("alert_id", "severity", "goal", "number", name=op.f("pk_deadlines")),
    )
    op.create_index(op.f("ix_deadlines_due_ms"), "deadlines", ["due_ms"], unique=False)

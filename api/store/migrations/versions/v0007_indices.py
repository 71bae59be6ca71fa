"""Indices by which alerts and dead letters are listed in their order, whatever the filter."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PLACE = ["opened_ms", "alert_id"]
_FORMER = (["state", "severity"], ["topic_id", "opened_ms"])
_NEW = (
    ["state", *_PLACE],
    ["human_state", *_PLACE],
    ["severity", *_PLACE],
    ["kind", *_PLACE],
    ["topic_id", *_PLACE],
    ["state", "topic_id", "severity"],
    ["updated_ms"],
)


def upgrade() -> None:
    """Replace two indices by better ones and add the others."""
    for columns in _FORMER:
        op.drop_index(op.f("ix_alerts_" + "_".join(columns)), "alerts")
    for columns in _NEW:
        op.create_index(op.f("ix_alerts_" + "_".join(columns)), "alerts", columns, unique=False)
    op.create_index(op.f("ix_deliveries_state_seq"), "deliveries", ["state", "seq"], unique=False)

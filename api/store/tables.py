"""The tables. Times are milliseconds since 1970 unless the name says otherwise.

``alert_events.seq`` is the one journal: machine events and officers' actions in the order in which the store
learnt of them; the live stream resumes by it and deliveries are born with it. A line about an endpoint that
was disabled has the endpoint's id for an alert's.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_SERIAL = BigInteger().with_variant(Integer, "sqlite")

topics = Table(
    "topics",
    METADATA,
    Column("topic_id", String(200), primary_key=True),
    Column("name_vi", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("parent", String(200)),
)

alerts = Table(
    "alerts",
    METADATA,
    Column("alert_id", String(200), primary_key=True),
    Column("topic_id", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("severity", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("human_state", String(20), nullable=False),
    Column("verdict", String(20)),
    Column("handled_by", String(200)),
    Column("handled_ms", BigInteger),
    Column("assignee", String(200)),
    Column("verdict_reason", Text),
    Column("handling_revision", Integer, nullable=False, server_default="0"),
    Column("revision", Integer, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "opened_ms", "alert_id"),
    Index(None, "state", "opened_ms", "alert_id"),
    Index(None, "human_state", "opened_ms", "alert_id"),
    Index(None, "severity", "opened_ms", "alert_id"),
    Index(None, "kind", "opened_ms", "alert_id"),
    Index(None, "topic_id", "opened_ms", "alert_id"),
    Index(None, "state", "topic_id", "severity"),
    Index(None, "updated_ms"),
)

alert_events = Table(
    "alert_events",
    METADATA,
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    Column("alert_id", String(200), nullable=False),
    Column("origin", String(20), nullable=False),
    Column("revision", Integer),
    Column("event", String(20), nullable=False),
    Column("kind", String(20)),
    Column("severity", String(20)),
    Column("actor", String(200)),
    Column("at_ms", BigInteger, nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("has_samples", Boolean, nullable=False, server_default=false()),
    Index(None, "has_samples", "decided_ms"),
    UniqueConstraint("alert_id", "revision"),
    sqlite_autoincrement=True,
)

series = Table(
    "series",
    METADATA,
    Column("topic_id", String(200), primary_key=True),
    Column("minute", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("negative", Integer, nullable=False),
    Column("positive", Integer, nullable=False),
    Column("expected", Float),
    Column("low", Float),
    Column("high", Float),
    Index(None, "minute"),
    sqlite_with_rowid=False,
)

series_hours = Table(
    "series_hours",
    METADATA,
    Column("topic_id", String(200), primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("negative", Integer, nullable=False),
    Column("positive", Integer, nullable=False),
    Column("expected", Float),
    Column("low", Float),
    Column("high", Float),
    Column("minutes", LargeBinary, nullable=False),
    Index(None, "hour"),
    sqlite_with_rowid=False,
)

erasures = Table(
    "erasures",
    METADATA,
    Column("source", String(200), primary_key=True),
    Column("mention_sha256", String(64), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)

endpoints = Table(
    "endpoints",
    METADATA,
    Column("endpoint_id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("min_severity", String(20), nullable=False),
    Column("kinds", Text, nullable=False, server_default="[]"),
    Column("topics", Text, nullable=False, server_default="[]"),
    Column("state", String(20), nullable=False),
    Column("disabled_reason", String(40)),
    Column("secret", Text, nullable=False),
    Column("previous_secret", Text),
    Column("previous_until_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("channel", String(20), nullable=False, server_default="webhook"),
    Column("language", String(2), nullable=False, server_default="vi"),
    Column("quiet_hours", String(11)),
    Column("group_seconds", Integer, nullable=False, server_default="0"),
    Column("escalation_minutes", Integer),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since_ms", BigInteger),
    Column("paused_until_ms", BigInteger),
    Column("revision", Integer, nullable=False, server_default="1"),
)

deliveries = Table(
    "deliveries",
    METADATA,
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    Column("delivery_id", String(60), nullable=False, unique=True),
    Column("endpoint_id", String(40), nullable=False),
    Column("alert_id", String(200), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("event_seq", BigInteger, nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(40)),
    Column("silence_id", String(40)),
    Column("attempts", Integer, nullable=False),
    Column("round_attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("claim", String(40)),
    Column("claimed_ms", BigInteger),
    Column("decided_ms", BigInteger, nullable=False),
    Column("delivered_ms", BigInteger),
    Column("purpose", String(40), nullable=False, server_default="event"),
    Column("group_key", String(220)),
    Column("carried_by", String(60)),
    UniqueConstraint("alert_id", "revision", "endpoint_id", "purpose"),
    Index(None, "state", "next_ms"),
    Index(None, "state", "seq"),
    Index(None, "endpoint_id", "alert_id", "state"),
    Index(None, "carried_by"),
    sqlite_autoincrement=True,
)

deadlines = Table(
    "deadlines",
    METADATA,
    Column("alert_id", String(200), primary_key=True),
    Column("severity", String(20), primary_key=True),
    Column("goal", String(20), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("start", String(20), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("met_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Index(None, "due_ms"),
)

silences = Table(
    "silences",
    METADATA,
    Column("silence_id", String(40), primary_key=True),
    Column("matchers", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("starts_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Index(None, "ends_ms"),
)

planned_events = Table(
    "planned_events",
    METADATA,
    Column("event_id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("topics", Text, nullable=False),
    Column("starts_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Column("factor", Float, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("cancelled_by", String(200)),
    Column("cancelled_ms", BigInteger),
    Column("revision", Integer, nullable=False),
    Column("published_revision", Integer, nullable=False),
    Index(None, "ends_ms"),
)

corrections = Table(
    "corrections",
    METADATA,
    Column("correction_id", String(40), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("mention", String(16), nullable=False),
    Column("source", Text, nullable=False),
    Column("url_sha256", String(64)),
    Column("alert_id", String(200), nullable=False),
    Column("topic_id", String(200), nullable=False),
    Column("label", String(20), nullable=False),
    Column("gist", Text),
    Column("given_by", String(200), nullable=False),
    Column("given_ms", BigInteger, nullable=False),
    Column("taken_back_by", String(200)),
    Column("taken_back_ms", BigInteger),
    Column("revision", Integer, nullable=False),
    Column("published_revision", Integer, nullable=False),
    UniqueConstraint("mention"),
    Index(None, "alert_id"),
)

attempts = Table(
    "attempts",
    METADATA,
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    Column("delivery_id", String(60), nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    Column("outcome", String(40)),
    Column("status", Integer),
    Column("answer", Text),
    UniqueConstraint("delivery_id", "number"),
    Index(None, "outcome"),
    sqlite_autoincrement=True,
)

keys = Table(
    "keys",
    METADATA,
    Column("key_id", String(40), primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
    Column("expires_ms", BigInteger),
    Column("last_used_ms", BigInteger),
)

requests = Table(
    "requests",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("claimed_ms", BigInteger, nullable=False),
    Column("status", Integer),
    Column("body", Text),
    Index(None, "claimed_ms"),
    Index(None, "key_id", "claimed_ms"),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)

consumed = Table(
    "consumed",
    METADATA,
    Column("topic", String(200), primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    METADATA,
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("object", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "object"),
    Index(None, "at_ms"),
    sqlite_autoincrement=True,
)

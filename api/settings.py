"""Settings of the API process: one frozen model, read once."""

import re
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from api.channels.email import Encryption
from api.egress import AllowRule, parse_rule
from api.response import Rule
from api.response import parse_rule as parse_deadline
from api.store.address import parse_address
from api.terms import Terms

DATABASE_FILE = "haidang.db"
ADMIN_KEY_FILE = "admin.key"
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


class ApiSettings(BaseModel):
    """Everything the API process can be told; an unknown name or a bad value is refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kafka_bootstrap: str = Field(
        default="127.0.0.1:19092",
        min_length=3,
        description="Kafka brokers, host:port separated by commas",
    )
    data_dir: Path = Field(
        default=Path("haidang-data"), description="Folder of the database and of admin.key"
    )
    api_host: str = Field(default="127.0.0.1", min_length=1, description="Address the API listens on")
    api_port: int = Field(
        default=8080, ge=0, le=65535, description="Port the API listens on; 0 lets the system choose"
    )
    database_url: str | None = Field(
        default=None,
        min_length=3,
        repr=False,
        description="Address of the store: sqlite:///PATH or "
        "postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME; by default SQLite in the data folder",
    )
    egress_allow: tuple[str, ...] = Field(
        default=(),
        description="Internal webhook receivers that may be reached, each as CIDR:port, e.g. 10.1.0.0/16:443",
    )
    worker_metrics_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Where the worker serves its metrics; if set, /metrics appends the worker's families",
    )
    webhook_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        default=10.0, description="How long one delivery attempt may take"
    )
    webhook_disable_hours: Annotated[float, Field(gt=0, le=720)] = Field(
        default=120.0, description="An endpoint that has failed for this long is disabled"
    )
    response_deadlines: tuple[str, ...] = Field(
        default=(
            "critical:acknowledged:detection:15",
            "critical:informed:detection:60",
            "critical:informed:detection:300",
            "critical:informed:detection:1440",
        ),
        description="By when people must have answered an alert, each as SEVERITY:GOAL:START:MINUTES; "
        "goals acknowledged, informed; starts onset, detection",
    )
    console_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$",
        description="Where officers find the console; if set, messages to people link to it",
    )
    alertmanager_refresh_seconds: Annotated[float, Field(ge=1, le=300)] = Field(
        default=60.0, description="How often Alertmanager endpoints hear again of what fires"
    )
    smtp_host: str | None = Field(
        default=None, min_length=1, description="SMTP server that takes our mail; if not set, e-mail is off"
    )
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(default=587, description="Its port")
    smtp_encryption: Encryption = Field(
        default=Encryption.STARTTLS, description="How the connection to it is protected: starttls, tls, none"
    )
    smtp_ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities that may sign its certificate; if not set, the system's",
    )
    smtp_from: str = Field(
        default="haidang@localhost",
        pattern=r"^[^\s@<>]+@[^\s@<>]+$",
        description="Address that our mail comes from",
    )
    smtp_user: str | None = Field(default=None, min_length=1, description="User name for the SMTP server")
    smtp_password: SecretStr | None = Field(default=None, description="Password for the SMTP server")
    apprise_schemes: tuple[Annotated[str, Field(pattern=r"^[a-z0-9]+$")], ...] = Field(
        default=(),
        description="Schemes of Apprise that endpoints may have, e.g. tgram; by default none",
    )
    webhook_rotation_hours: Annotated[float, Field(ge=0, le=720)] = Field(
        default=24.0, description="How long the previous secret still signs after a rotation"
    )
    webhook_lanes: Annotated[int, Field(ge=1, le=64)] = Field(
        default=4, description="Attempts under way at once to one endpoint"
    )
    session_hours: Annotated[float, Field(gt=0, le=720)] = Field(
        default=12.0, description="How long a console sign-in lasts"
    )
    kafka_produce_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        default=10.0,
        description="How long a posted envelope may take to reach Kafka before the answer is 503",
    )

    rate_limit_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        default=1200,
        description="Requests a minute that one API key may send, in one burst or evenly; 0 sets no limit",
    )
    cors_origins: tuple[str, ...] = Field(
        default=(),
        description="Web origins whose pages may read the API with a key, each exactly as browsers send it, "
        "e.g. https://dashboard.example",
    )

    @field_validator("cors_origins")
    @classmethod
    def _origins_are_exact(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what is no single origin: no wildcard, no path."""
        for origin in value:
            if ORIGIN.fullmatch(origin) is None:
                raise ValueError("an origin is https://host or http://host, with a port if not the usual one")
        return value

    keep_samples_hours: Annotated[int, Field(ge=1, le=720)] = Field(
        default=72, description="How long samples of mentions stay with the alerts in the store"
    )
    keep_minutes_days: Annotated[int, Field(ge=3, le=92)] = Field(
        default=7,
        description="How long what was expected is kept by minute; later by hour",
    )
    keep_counts_months: Annotated[int, Field(ge=1, le=120)] = Field(
        default=13, description="How long counts are kept, in months of 31 days"
    )
    keep_audit_months: Annotated[int, Field(ge=1, le=240)] = Field(
        default=24, description="How long the audit log is kept, in months of 31 days"
    )

    @field_validator("smtp_ca_file")
    @classmethod
    def _authorities_are_readable(cls, value: Path | None) -> Path | None:
        """Refuse a file in which no certificate can be read."""
        if value is not None:
            try:
                ssl.create_default_context(cafile=value)
            except OSError as error:
                raise ValueError("is not a file of certificates in PEM form that can be read") from error
        return value

    @field_validator("database_url")
    @classmethod
    def _address_is_usable(cls, value: str | None) -> str | None:
        """Refuse what is no address of a database that the store can use."""
        if value is not None:
            parse_address(value)
        return value

    @field_validator("egress_allow")
    @classmethod
    def _rules_parse(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a rule that cannot be read, naming it."""
        for rule in value:
            parse_rule(rule)
        return value

    @field_validator("response_deadlines")
    @classmethod
    def _deadlines_parse(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a deadline that cannot be read, naming it."""
        for rule in value:
            parse_deadline(rule)
        return value

    @property
    def deadline_rules(self) -> tuple[Rule, ...]:
        """By when people must have answered, parsed."""
        return tuple(parse_deadline(rule) for rule in self.response_deadlines)

    @property
    def terms(self) -> Terms:
        """How long things are kept."""
        return Terms(
            samples_hours=self.keep_samples_hours,
            minutes_days=self.keep_minutes_days,
            counts_months=self.keep_counts_months,
            audit_months=self.keep_audit_months,
        )

    @property
    def store_url(self) -> str:
        """Address of the store, the default one resolved."""
        if self.database_url is not None:
            return self.database_url
        return f"sqlite:///{self.data_dir / DATABASE_FILE}"

    @property
    def admin_key_path(self) -> Path:
        """File that receives the first administrator's key."""
        return self.data_dir / ADMIN_KEY_FILE

    @property
    def allow_rules(self) -> tuple[AllowRule, ...]:
        """The allow-list, parsed."""
        return tuple(parse_rule(rule) for rule in self.egress_allow)

    @property
    def rotation(self) -> timedelta:
        """Overlap of two secrets after a rotation."""
        return timedelta(hours=self.webhook_rotation_hours)

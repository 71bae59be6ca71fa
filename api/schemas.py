"""The shapes of answers, for the OpenAPI document and its readers."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from api.breaker import Circuit
from api.keys import Role
from api.letter import Language
from api.outcome import DeadReason, Outcome
from api.response import Goal, Standing, Start
from api.routing import HoldReason, WithheldReason
from api.store.states import (
    AlertState,
    AlertVerdict,
    ChannelName,
    DeliveryState,
    EndpointState,
    HumanState,
    Origin,
    Purpose,
)
from detectors.events import AlertKind, EventName, EvidenceName, Severity
from detectors.gist import Label

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list; ``next`` is the cursor of the page after it, null at the end."""

    items: list[Item]
    next: str | None = None


class Name(BaseModel):
    """A text in Vietnamese and in English."""

    vi: str
    en: str


class TopicRef(BaseModel):
    """The topic that an alert is about."""

    id: str
    name: Name


class Span(BaseModel):
    """A span of event time."""

    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")


class Shares(BaseModel):
    """Negative share, observed and usual, 0 to 1."""

    observed: float
    expected: float


class Evidence(BaseModel):
    """One detector's score beside its threshold."""

    name: EvidenceName
    score: float
    threshold: float
    since: datetime | None = None
    detector: str | None = None


class SampleCorrection(BaseModel):
    """What an officer calls a sample."""

    id: str
    label: Label
    by: str


class Sample(BaseModel):
    """One masked mention."""

    title_or_text: str
    source: str
    url: str | None = None
    published_at: datetime
    mention: str | None = Field(None, description="64 bits of source and id, in hexadecimal digits")
    correction: SampleCorrection | None = Field(None, description="In the detail of one alert")


class Model(BaseModel):
    """What is needed to reproduce the decision."""

    version: str
    config_hash: str


class AlertEvent(BaseModel):
    """Alert event v1; fields may be added, none is renamed."""

    model_config = ConfigDict(extra="allow")

    schema_: Literal["haidang.alert.v1"] = Field(alias="schema")
    alert_id: str
    revision: int = Field(ge=1)
    event: EventName
    at: datetime = Field(description="Stream time of the decision")
    topic: TopicRef
    kind: AlertKind
    severity: Severity
    confidence: float = Field(ge=0, le=1)
    onset: datetime = Field(description="Estimated start of the change")
    window: Span
    observed: int
    expected: float
    interval: tuple[float, float]
    negative: Shares
    evidence: list[Evidence]
    phrases: list[str]
    sources: dict[str, int]
    samples: list[Sample]
    reason: str
    headline: Name
    model: Model


class Deadline(BaseModel):
    """By when people must have done what about an alert, and how that stands."""

    severity: Severity
    goal: Goal
    number: int = Field(description="The second informed is met by the second publication")
    start: Start = Field(alias="from")
    minutes: int
    due_at: datetime
    state: Standing
    met_at: datetime | None = None
    remaining_seconds: int = Field(description="Negative when overdue; 0 once it no longer runs")


class Alert(AlertEvent):
    """The latest event of an alert, and where it stands with the machine and with people."""

    state: AlertState
    human_state: HumanState
    verdict: AlertVerdict | None = None
    verdict_reason: str | None = None
    assignee: str | None = None
    handling_revision: int = Field(0, description="Counts the officers' actions; for compare-and-set")
    handled_by: str | None = None
    handled_at: datetime | None = None
    opened_at: datetime
    deadlines: list[Deadline] | None = Field(None, description="In the detail of one alert")


class JournalLine(BaseModel):
    """One line of an alert's history: an event of the machine, an officer's action, or an escalation."""

    seq: int
    origin: Origin
    at: datetime
    event: str
    by: str | None = None
    data: dict[str, Any] = Field(
        description="Alert event v1; the action with verdict and comment; or, of ``escalated``, the deadline "
        "and the endpoints that were told"
    )


class Topic(BaseModel):
    """A watched topic."""

    id: str
    name: Name
    parent: str | None = None
    open_alerts: int


class Point(BaseModel):
    """Counts of one step; nothing was expected of a step that the worker has not closed."""

    at: datetime
    count: int
    negative: int
    positive: int
    expected: float | None = None
    interval: tuple[float, float] | None = None


class Series(BaseModel):
    """A topic's counts over time."""

    topic: str
    step: int = Field(description="Seconds")
    points: list[Point]


class Accepted(BaseModel):
    """How many mentions Kafka has taken."""

    accepted: int


class Endpoint(BaseModel):
    """Someone who is told of alerts; a webhook's secret is shown once, when it is made or rotated."""

    id: str
    name: str
    channel: ChannelName
    url: str = Field(description="Of an apprise endpoint only the scheme: the rest is its token")
    language: Language
    min_severity: Severity
    kinds: list[AlertKind]
    topics: list[str]
    quiet_hours: str | None = Field(None, description="HH:MM-HH:MM, +07:00")
    group_seconds: int
    escalation_minutes: int | None = None
    circuit: Circuit
    failures: int = Field(description="In a row; 0 after a success")
    failing_since: datetime | None = None
    paused_until: datetime | None = None
    state: EndpointState
    disabled_reason: str | None = None
    created_at: datetime
    created_by: str
    revision: int = Field(description="Goes up with every change of it; for compare-and-set")
    secret: str | None = None


class Tested(BaseModel):
    """What a test delivery brought."""

    outcome: Outcome
    status: int | None = None
    took_ms: int


class Attempt(BaseModel):
    """One attempt of a delivery."""

    number: int
    started_at: datetime
    took_ms: int | None = None
    outcome: Outcome | None = Field(None, description="null while under way")
    status: int | None = None
    answer: str | None = Field(None, description="The first bytes of the receiver's answer")


class Delivery(BaseModel):
    """One event, escalation or notice for one endpoint; ``id`` is the webhook-id of all its attempts."""

    id: str
    endpoint: str
    purpose: Purpose
    alert_id: str = Field(description="Of a notice, the endpoint that was disabled")
    revision: int
    state: DeliveryState
    reason: DeadReason | WithheldReason | HoldReason | None = Field(
        None, description="Why it was not or not yet sent"
    )
    carried_by: str | None = Field(None, description="The delivery that it went with, where they are grouped")
    silence: str | None = None
    attempts: list[Attempt]
    decided_at: datetime
    next_at: datetime | None = None
    delivered_at: datetime | None = None


class WebhookBody(BaseModel):
    """Webhook body v1, below 20 kB, signed by Standard Webhooks 1.0.

    ``endpoint.disabled`` and ``endpoint.test`` carry other ``data``: no alert.
    """

    type: Literal["alert.opened", "alert.raised", "alert.updated", "alert.closed", "alert.escalated"]
    timestamp: datetime = Field(description="The event's `at`")
    data: AlertEvent
    message: Name | None = Field(None, description="What a person reads")
    group: list[AlertEvent] = Field([], description="Alerts that were grouped with `data`")
    deadline: Deadline | None = Field(None, description="What is about to pass, of alert.escalated")


class Replayed(BaseModel):
    """How many dead letters are due again."""

    replayed: int


class Me(BaseModel):
    """Who the key belongs to."""

    name: str
    role: Role


class FieldProblem(BaseModel):
    """One bad field."""

    field: str
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = Field(None, description="The first bad field, e.g. 3.published_at")
    errors: list[FieldProblem] | None = None

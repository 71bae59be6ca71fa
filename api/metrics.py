"""The API's metrics, all in one place; every label value known at start-up is there from start-up.

| metric | kind | meaning |
|---|---|---|
| ``haidang_alert_events_total{event,kind,severity}`` | counter | alert events in the store |
| ``haidang_alerts_open{severity}`` | gauge | alerts that the machine holds open |
| ``haidang_detection_delay_seconds`` | histogram | onset to opened, in stream time |
| ``haidang_delivery_attempts_total{outcome}`` | counter | webhook attempts that ended |
| ``haidang_delivery_delay_seconds`` | histogram | decision (its Kafka record) to first attempt |
| ``haidang_deliveries{state}`` | gauge | deliveries in the store |
| ``haidang_response_deadlines{goal,state}`` | gauge | by when officers must have answered |
| ``haidang_endpoints{channel,circuit}`` | gauge | active endpoints and whether deliveries flow to them |
| ``haidang_projection_unreadable_total{topic}`` | counter | records the projector passed over |
| ``haidang_posted_mentions_total{outcome}`` | counter | mentions posted over HTTP |
| ``haidang_worker_metrics_up`` | gauge | 1 when the worker's metrics were appended |
"""

from collections import Counter as Counts
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from sqlalchemy import Connection, func, select

from api.breaker import Circuit
from api.clock import now_ms
from api.outcome import Outcome
from api.response import Goal, Standing
from api.store import Store, deadlines, outbox
from api.store.projection import ALERTS, CATALOGUE, SERIES, Projected
from api.store.states import AlertState, ChannelName, DeliveryState, EndpointState, Origin
from api.store.tables import alert_events, alerts, attempts, deliveries, endpoints
from detectors.events import AlertKind, EventName, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

DETECTION_BUCKETS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400)
DELIVERY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60, 600, 3600)


class Posted(StrEnum):
    """What became of mentions posted over HTTP."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"


class Metrics:
    """The API's metric families and the registry that holds them."""

    def __init__(self) -> None:
        """Make every family with its known label values at zero."""
        disable: Callable[[], None] = disable_created_metrics  # the library leaves it untyped
        disable()
        self.registry = CollectorRegistry()
        self._make_alert_families()
        self._make_delivery_families()
        self._make_response_families()
        self.unreadable = Counter(
            "haidang_projection_unreadable", "Records passed over", ("topic",), registry=self.registry
        )
        self.posted = Counter(
            "haidang_posted_mentions", "Mentions posted over HTTP", ("outcome",), registry=self.registry
        )
        self._start_at_zero()

    def _make_alert_families(self) -> None:
        """Make what is said of alerts."""
        self.alert_events = Counter(
            "haidang_alert_events",
            "Alert events in the store",
            ("event", "kind", "severity"),
            registry=self.registry,
        )
        self.alerts_open = Gauge("haidang_alerts_open", "Open alerts", ("severity",), registry=self.registry)
        self.detection_delay = Histogram(
            "haidang_detection_delay_seconds",
            "Onset to opened, stream time",
            buckets=DETECTION_BUCKETS,
            registry=self.registry,
        )

    def _make_delivery_families(self) -> None:
        """Make what is said of deliveries."""
        self.delivery_attempts = Counter(
            "haidang_delivery_attempts", "Webhook attempts that ended", ("outcome",), registry=self.registry
        )
        self.delivery_delay = Histogram(
            "haidang_delivery_delay_seconds",
            "Decision to first attempt",
            buckets=DELIVERY_BUCKETS,
            registry=self.registry,
        )
        self.deliveries = Gauge(
            "haidang_deliveries", "Deliveries in the store", ("state",), registry=self.registry
        )

        self.endpoints = Gauge(
            "haidang_endpoints", "Active endpoints", ("channel", "circuit"), registry=self.registry
        )

    def _make_response_families(self) -> None:
        """Make what is said of the officers' deadlines."""
        self.response_deadlines = Gauge(
            "haidang_response_deadlines",
            "By when officers must have answered",
            ("goal", "state"),
            registry=self.registry,
        )

    def _start_at_zero(self) -> None:
        """Name every label value that is known."""
        for channel, circuit in product(ChannelName, Circuit):
            self.endpoints.labels(channel, circuit)
        for goal, standing in product(Goal, Standing):
            self.response_deadlines.labels(goal, standing)
        for labels in product(EventName, AlertKind, Severity):
            self.alert_events.labels(*labels)
        for severity in Severity:
            self.alerts_open.labels(severity)
        for outcome in Outcome:
            self.delivery_attempts.labels(outcome)
        for state in DeliveryState:
            self.deliveries.labels(state)
        for topic in (ALERTS, SERIES, CATALOGUE):
            self.unreadable.labels(topic)
        for posted in Posted:
            self.posted.labels(posted)

    def seed(self, store: Store) -> None:
        """Count what the store holds from before this process, so that counters outlive a restart."""
        kinds = (alert_events.c.event, alert_events.c.kind, alert_events.c.severity)
        machine = alert_events.c.origin == Origin.MACHINE
        with store.read() as connection:
            for *labels, number in connection.execute(
                select(*kinds, func.count()).where(machine).group_by(*kinds)
            ):
                self.alert_events.labels(*labels).inc(number)
            ended = select(attempts.c.outcome, func.count()).where(attempts.c.outcome.is_not(None))
            for outcome, number in connection.execute(ended.group_by(attempts.c.outcome)):
                self.delivery_attempts.labels(outcome).inc(number)

    def projected(self, batch: Projected) -> None:
        """Count what one batch of the projector changed."""
        for head in batch.events:
            self.alert_events.labels(head.event, head.kind, head.severity).inc()
            if head.event is EventName.OPENED:
                self.detection_delay.observe(max(0.0, (head.at - head.onset).total_seconds()))
        for record, _ in batch.unreadable:
            self.unreadable.labels(record.topic).inc()

    def _set_response(self, connection: Connection, now: int) -> None:
        """Set the gauges of endpoints and deadlines to what the store says now."""
        standing = deadlines.counts(connection, now)
        for goal, state in product(Goal, Standing):
            self.response_deadlines.labels(goal, state).set(standing.get((goal, state), 0))
        active = select(endpoints).where(endpoints.c.state == EndpointState.ACTIVE)
        circuits = Counts(
            (ChannelName(row.channel), outbox.health(row).circuit(now)) for row in connection.execute(active)
        )
        for channel, circuit in product(ChannelName, Circuit):
            self.endpoints.labels(channel, circuit).set(circuits[channel, circuit])

    def render(self, store: Store) -> bytes:
        """Give the families as Prometheus text; gauges are read from the store now."""
        with store.read() as connection:
            is_open = alerts.c.state == AlertState.OPEN
            opened = connection.execute(
                select(alerts.c.severity, func.count()).where(is_open).group_by(alerts.c.severity)
            )
            by_severity = {row[0]: row[1] for row in opened}
            states = connection.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))
            by_state = {row[0]: row[1] for row in states}
            self._set_response(connection, now_ms())
        for severity in Severity:
            self.alerts_open.labels(severity).set(by_severity.get(severity, 0))
        for state in DeliveryState:
            self.deliveries.labels(state).set(by_state.get(state, 0))
        return generate_latest(self.registry)

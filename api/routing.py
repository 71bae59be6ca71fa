"""Who is told of an alert event, and for what named reason someone is not: pure."""

from dataclasses import dataclass
from enum import StrEnum

from detectors.events import AlertKind, EventName, Severity


class WithheldReason(StrEnum):
    """Why an endpoint was not told of an event."""

    BELOW_SEVERITY = "below_severity"
    OTHER_KIND = "other_kind"
    OTHER_TOPIC = "other_topic"
    SILENCED = "silenced"
    INHIBITED = "inhibited"


@dataclass(frozen=True)
class Subscription:
    """What an endpoint wants; empty kinds or topics mean all. A topic includes those below it.

    ``told``: it was told of an earlier event of the same alert.
    """

    min_severity: Severity
    kinds: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    told: bool = False


@dataclass(frozen=True)
class Matchers:
    """Which alerts a silence is for: one of each list that is not empty. A topic includes those below it."""

    alerts: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    kinds: tuple[AlertKind, ...] = ()
    severities: tuple[Severity, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What is known of an event: ``lineage`` is its topic and all topics above it."""

    alert_id: str
    event: EventName
    kind: AlertKind
    severity: Severity
    lineage: frozenset[str]
    silenced: bool = False
    crisis_open: bool = False


def matches(matchers: Matchers, facts: Facts) -> bool:
    """Whether a silence is for this event; one without any matcher is for none."""
    wanted = (
        (matchers.alerts, frozenset({facts.alert_id})),
        (matchers.topics, facts.lineage),
        (matchers.kinds, frozenset({str(facts.kind)})),
        (matchers.severities, frozenset({str(facts.severity)})),
    )
    given = [(values, found) for values, found in wanted if values]
    return bool(given) and all(not found.isdisjoint(map(str, values)) for values, found in given)


def withheld(wish: Subscription, facts: Facts) -> WithheldReason | None:
    """Say why an endpoint is not told of an event; None when it is.

    Who was told of an alert is told of its later events and its end, whatever its severity has become; only
    a silence keeps them back. An open crisis mutes the surge of the same topic.
    """
    if not wish.told and (reason := _unwanted(wish, facts)) is not None:
        return reason
    if facts.silenced:
        return WithheldReason.SILENCED
    ends = wish.told and facts.event is EventName.CLOSED
    if facts.kind is AlertKind.SURGE and facts.crisis_open and not ends:
        return WithheldReason.INHIBITED
    return None


def _unwanted(wish: Subscription, facts: Facts) -> WithheldReason | None:
    """Say what of an event an endpoint has not subscribed to."""
    if facts.severity.rank < wish.min_severity.rank:
        return WithheldReason.BELOW_SEVERITY
    if wish.kinds and facts.kind not in wish.kinds:
        return WithheldReason.OTHER_KIND
    if wish.topics and wish.topics.isdisjoint(facts.lineage):
        return WithheldReason.OTHER_TOPIC
    return None

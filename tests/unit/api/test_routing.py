"""Who is told of an event, and why someone is not."""

import pytest

from api.routing import Facts, Matchers, Subscription, WithheldReason, matches, withheld
from detectors.events import AlertKind, EventName, Severity

ALL = Subscription(Severity.INFO)


def facts(event: EventName = EventName.OPENED, *, silenced: bool = False, crisis_open: bool = False) -> Facts:
    """Give a surge in a topic that has one above it."""
    above = frozenset({"hospital", "health"})
    return Facts("a", event, AlertKind.SURGE, Severity.WARNING, above, silenced, crisis_open)


@pytest.mark.parametrize(
    ("wish", "event", "reason"),
    [
        (ALL, facts(), None),
        (Subscription(Severity.CRITICAL), facts(), WithheldReason.BELOW_SEVERITY),
        (Subscription(Severity.CRITICAL, told=True), facts(EventName.CLOSED), None),
        (Subscription(Severity.INFO, frozenset({"crisis"})), facts(), WithheldReason.OTHER_KIND),
        (Subscription(Severity.INFO, topics=frozenset({"water"})), facts(), WithheldReason.OTHER_TOPIC),
        (Subscription(Severity.INFO, topics=frozenset({"health"})), facts(), None),
        (ALL, facts(silenced=True), WithheldReason.SILENCED),
        (ALL, facts(crisis_open=True), WithheldReason.INHIBITED),
        (Subscription(Severity.INFO, told=True), facts(EventName.CLOSED, crisis_open=True), None),
    ],
)
def test_each_decision_not_to_send_has_a_reason(
    wish: Subscription, event: Facts, reason: WithheldReason | None
) -> None:
    """None means that it is sent."""
    assert withheld(wish, event) == reason


@pytest.mark.parametrize(
    ("matchers", "hit"),
    [
        (Matchers(), False),
        (Matchers(topics=("health",)), True),
        (Matchers(topics=("health",), kinds=(AlertKind.CRISIS,)), False),
        (Matchers(alerts=("a", "b"), severities=(Severity.WARNING,)), True),
    ],
)
def test_a_silence_is_for_what_fits_all_its_lists(matchers: Matchers, hit: object) -> None:
    """And for nothing when it names nothing."""
    assert matches(matchers, facts()) is hit

"""The incident rule."""

import pytest
from detector_support import START

from detectors.decision import Decision
from detectors.events import AlertKind, DecisionReason, EventName, Severity
from detectors.incident import Figures, Incident, Rule, advance, alert_id_of, is_of_a_story

HOUR = 3600
RULE = Rule(quiet=12 * HOUR, pause=600)
NOTHING = Decision(None, None, DecisionReason.NORMAL)
SURGE = Decision(AlertKind.SURGE, Severity.INFO, DecisionReason.VOLUME_WITHOUT_NEGATIVITY)
CRISIS = Decision(AlertKind.CRISIS, Severity.WARNING, DecisionReason.VOLUME_AND_NEGATIVITY)
ANGER = Decision(AlertKind.NEGATIVITY, Severity.WARNING, DecisionReason.NEGATIVITY_ALONE)


def opened(decision: Decision = CRISIS) -> Incident:
    """Return an alert that has just opened with 100 mentions, half of them negative."""
    assert decision.kind is not None
    assert decision.severity is not None
    return Incident(
        alert_id=alert_id_of("water", START),
        opened=START,
        onset=START - 300,
        revision=1,
        kind=decision.kind,
        severity=decision.severity,
        reason=decision.reason,
        last_signal=START,
        last_event=START,
        told_count=100,
        told_share=0.5,
    )


def step(
    incident: Incident, decision: Decision, seconds: int, count: int = 100, share: float = 0.5
) -> EventName | None:
    """Advance to `seconds` after the opening."""
    return advance(incident, decision, START + seconds, Figures(2, count, share), RULE)


def test_an_alert_id_depends_on_topic_and_opening_alone() -> None:
    """The same twice; another topic or minute gives another."""
    assert alert_id_of("water", START) == alert_id_of("water", START) == "water-20260928T0000Z-d32e"
    assert len({alert_id_of(t, at) for t in ("water", "power") for at in (START, START + 60)}) == 4


@pytest.mark.parametrize("topic", ["water", "y-te", "an-ninh-20260928T0000Z", "thiên-tai"])
def test_the_id_of_a_story_is_told_from_the_topics_own(topic: str) -> None:
    """Opened in the same minute; what is no alert id of the topic is neither."""
    assert is_of_a_story(topic, alert_id_of(topic, START, "story7"))
    assert not is_of_a_story(topic, alert_id_of(topic, START))
    assert not is_of_a_story(topic, alert_id_of("power", START, "story7"))
    assert not any(is_of_a_story(topic, broken) for broken in ("", topic, f"{topic}-", f"{topic}-2026-d32e"))


def test_a_repeated_signal_says_nothing_new() -> None:
    """The same count and share within the hour make no event."""
    incident = opened()
    assert [step(incident, CRISIS, s) for s in range(60, HOUR, 60)] == [None] * 59
    assert incident.revision == 1


def test_a_lasting_signal_of_the_same_size_is_not_told_again() -> None:
    """Ten hours of four fifths to one and a half times the told count say nothing new."""
    incident = opened()
    counts = [80, 100, 150, 120, 90]
    assert {step(incident, CRISIS, s, counts[s // HOUR % 5]) for s in range(600, 10 * HOUR, 600)} == {None}


def test_a_doubled_handful_is_no_news() -> None:
    """From 5 to 12 mentions is less than ten more."""
    incident = opened()
    incident.told_count = 5
    assert step(incident, CRISIS, HOUR, 12) is None
    assert step(incident, CRISIS, HOUR + 60, 15) is EventName.UPDATED


def test_the_share_of_a_few_mentions_is_no_news() -> None:
    """Fifteen mentions say little about a share."""
    incident = opened()
    incident.told_count = 20
    assert step(incident, CRISIS, HOUR, 15, 0.9) is None
    assert step(incident, CRISIS, HOUR, 20, 0.9) is EventName.UPDATED


@pytest.mark.parametrize(("count", "share"), [(200, 0.5), (40, 0.5), (100, 0.35), (100, 0.65)])
def test_a_moved_figure_is_told_after_the_pause_and_not_before(count: int, share: float) -> None:
    """At most one update each ten minutes."""
    incident = opened()
    assert step(incident, CRISIS, 540, count, share) is None
    assert step(incident, CRISIS, 600, count, share) is EventName.UPDATED
    assert step(incident, CRISIS, 660, count * 3, share) is None


def test_a_higher_severity_is_told_at_once() -> None:
    """From info to warning within the pause; kind and reason follow."""
    incident = opened(SURGE)
    assert step(incident, CRISIS, 60) is EventName.RAISED
    assert (incident.kind, incident.severity, incident.revision) == (AlertKind.CRISIS, Severity.WARNING, 2)


def test_severity_never_falls() -> None:
    """A weaker decision leaves the alert as it is."""
    incident = opened(CRISIS)
    step(incident, SURGE, 900, 300)
    assert (incident.kind, incident.severity) == (AlertKind.CRISIS, Severity.WARNING)


def test_negativity_sharpens_to_a_crisis() -> None:
    """An alert as severe as before can turn out to be a crisis, after the pause."""
    incident = opened(ANGER)
    assert step(incident, CRISIS, 60) is None
    assert step(incident, CRISIS, 600) is EventName.UPDATED
    assert incident.kind is AlertKind.CRISIS


def test_twelve_quiet_hours_close_and_a_signal_restarts_them() -> None:
    """Quiet counts from the last signal."""
    incident = opened()
    step(incident, CRISIS, 6 * HOUR)
    assert step(incident, NOTHING, 18 * HOUR - 60) is None
    assert step(incident, NOTHING, 18 * HOUR) is EventName.CLOSED


def test_calming_is_told_for_two_hours() -> None:
    """A falling share after the last signal is news, a day later it is not."""
    assert step(opened(), NOTHING, HOUR, 80, 0.2) is EventName.UPDATED
    assert step(opened(), NOTHING, 3 * HOUR, 80, 0.2) is None


def test_a_stored_incident_is_the_same() -> None:
    """Dump and load change nothing."""
    assert Incident.load(opened().dump()) == opened()

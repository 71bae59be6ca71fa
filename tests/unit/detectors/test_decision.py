"""Each row of the joint decision."""

import itertools

import pytest

from detectors.decision import Level, Reading, decide
from detectors.events import AlertKind, DecisionReason, Severity

HIGH, EXTREME = Level.HIGH, Level.EXTREME
NEGATIVITY, SURGE, CRISIS = AlertKind.NEGATIVITY, AlertKind.SURGE, AlertKind.CRISIS
INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL

ROWS = [
    (Reading(), None, None, DecisionReason.NORMAL),
    (Reading(volume=HIGH, warming_up=True), None, None, DecisionReason.WARMING_UP),
    (Reading(joint=EXTREME, warming_up=True), None, None, DecisionReason.WARMING_UP),
    (Reading(volume=HIGH, has_text=False), SURGE, WARNING, DecisionReason.COUNTS_HIGH),
    (Reading(volume=EXTREME, has_text=False), SURGE, WARNING, DecisionReason.COUNTS_HIGH),
    (Reading(volume=HIGH, joint=HIGH, few_voices=True), NEGATIVITY, INFO, DecisionReason.FEW_VOICES),
    (Reading(negative=HIGH, few_voices=True), NEGATIVITY, INFO, DecisionReason.FEW_VOICES),
    (Reading(volume=EXTREME, joint=EXTREME), CRISIS, CRITICAL, DecisionReason.VOLUME_AND_HOSTILITY),
    (Reading(volume=HIGH, joint=EXTREME), CRISIS, WARNING, DecisionReason.VOLUME_AND_NEGATIVITY),
    (Reading(volume=EXTREME, joint=HIGH), CRISIS, WARNING, DecisionReason.VOLUME_AND_NEGATIVITY),
    (Reading(joint=HIGH), CRISIS, WARNING, DecisionReason.VOLUME_AND_NEGATIVITY),
    (Reading(volume=HIGH, positive=True), AlertKind.POSITIVE, INFO, DecisionReason.VOLUME_POSITIVE),
    (Reading(volume=EXTREME), SURGE, INFO, DecisionReason.VOLUME_WITHOUT_NEGATIVITY),
    (Reading(volume=HIGH, few_voices=True), SURGE, INFO, DecisionReason.VOLUME_WITHOUT_NEGATIVITY),
    (Reading(negative=HIGH), NEGATIVITY, WARNING, DecisionReason.NEGATIVITY_ALONE),
]


@pytest.mark.parametrize(("reading", "kind", "severity", "reason"), ROWS)
def test_each_row_of_the_table(
    reading: Reading, kind: AlertKind | None, severity: Severity | None, reason: DecisionReason
) -> None:
    """The reading gets the kind, severity and reason of its row."""
    assert decide(reading) == (kind, severity, reason)


def test_overwhelming_evidence_speaks_while_warming_up() -> None:
    """Only warming up keeps quiet, not overwhelming evidence."""
    reading = Reading(volume=EXTREME, joint=EXTREME, warming_up=True, overwhelming=True)
    assert decide(reading).severity is CRITICAL


def every_reading() -> list[Reading]:
    """Return all readings there are."""
    flags = (False, True)
    return [Reading(*values) for values in itertools.product(Level, Level, Level, *[flags] * 5)]


def test_volume_without_negativity_never_pages() -> None:
    """With text, however high the counts."""
    for reading in every_reading():
        if reading.has_text and not reading.joint and not reading.negative:
            assert decide(reading).severity in (None, INFO)


def test_a_handful_of_voices_never_pages() -> None:
    """With text, eighty comments of five people are not eighty people."""
    for reading in every_reading():
        if reading.has_text and reading.few_voices:
            assert decide(reading).severity in (None, INFO)


def test_kind_and_severity_come_together() -> None:
    """Either both are told or neither."""
    for reading in every_reading():
        decision = decide(reading)
        assert (decision.kind is None) == (decision.severity is None)

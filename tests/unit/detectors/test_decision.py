"""Each row of the joint decision."""

import itertools

import pytest

from detectors.decision import Level, Reading, decide
from detectors.events import AlertKind, DecisionReason, Severity

HIGH, EXTREME = Level.HIGH, Level.EXTREME
NEGATIVITY, SURGE, CRISIS = AlertKind.NEGATIVITY, AlertKind.SURGE, AlertKind.CRISIS
INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL

OVERWHELMING = {"warming_up": True, "overwhelming": True}
ROWS = [
    (Reading(), None, None, DecisionReason.NORMAL),
    (Reading(few_voices=True, copies=True, planned=True), None, None, DecisionReason.NORMAL),
    (Reading(volume=EXTREME, first_heard=True, **OVERWHELMING), SURGE, INFO, DecisionReason.FIRST_HEARD),
    (Reading(joint=EXTREME, first_heard=True), None, None, DecisionReason.WARMING_UP),
    (Reading(volume=HIGH, warming_up=True), None, None, DecisionReason.WARMING_UP),
    (Reading(joint=HIGH, warming_up=True), CRISIS, INFO, DecisionReason.VOLUME_AND_NEGATIVITY),
    (Reading(negative=HIGH, warming_up=True), NEGATIVITY, INFO, DecisionReason.NEGATIVITY_ALONE),
    (Reading(joint=EXTREME, warming_up=True, first_day=True), None, None, DecisionReason.WARMING_UP),
    (Reading(volume=EXTREME, has_text=False, **OVERWHELMING), SURGE, WARNING, DecisionReason.COUNTS_HIGH),
    (Reading(volume=HIGH, has_text=False, planned=True), SURGE, INFO, DecisionReason.PLANNED),
    (Reading(volume=HIGH, has_text=False), SURGE, WARNING, DecisionReason.COUNTS_HIGH),
    (Reading(volume=EXTREME, has_text=False), SURGE, WARNING, DecisionReason.COUNTS_HIGH),
    (Reading(volume=EXTREME, joint=EXTREME, copies=True), NEGATIVITY, INFO, DecisionReason.COPIES),
    (Reading(negative=HIGH, copies=True, few_voices=True), NEGATIVITY, INFO, DecisionReason.COPIES),
    (Reading(volume=HIGH, copies=True), SURGE, INFO, DecisionReason.COPIES),
    (Reading(volume=HIGH, joint=HIGH, few_voices=True), NEGATIVITY, INFO, DecisionReason.FEW_VOICES),
    (Reading(negative=HIGH, few_voices=True), NEGATIVITY, INFO, DecisionReason.FEW_VOICES),
    (Reading(volume=HIGH, planned=True), SURGE, INFO, DecisionReason.PLANNED),
    (Reading(volume=EXTREME, joint=HIGH, planned=True), SURGE, INFO, DecisionReason.PLANNED),
    (
        Reading(volume=HIGH, joint=EXTREME, planned=True),
        CRISIS,
        WARNING,
        DecisionReason.VOLUME_AND_NEGATIVITY,
    ),
    (Reading(negative=HIGH, planned=True), NEGATIVITY, WARNING, DecisionReason.NEGATIVITY_ALONE),
    (Reading(volume=EXTREME, joint=EXTREME), CRISIS, CRITICAL, DecisionReason.VOLUME_AND_HOSTILITY),
    (Reading(volume=HIGH, joint=EXTREME), CRISIS, WARNING, DecisionReason.VOLUME_AND_NEGATIVITY),
    (Reading(volume=EXTREME, joint=HIGH), CRISIS, WARNING, DecisionReason.VOLUME_AND_NEGATIVITY),
    (Reading(joint=HIGH), CRISIS, WARNING, DecisionReason.VOLUME_AND_NEGATIVITY),
    (Reading(volume=HIGH, positive=True), AlertKind.POSITIVE, INFO, DecisionReason.VOLUME_POSITIVE),
    (Reading(volume=EXTREME), SURGE, INFO, DecisionReason.VOLUME_WITHOUT_NEGATIVITY),
    (Reading(volume=HIGH, few_voices=True), SURGE, INFO, DecisionReason.VOLUME_WITHOUT_NEGATIVITY),
    (Reading(negative=HIGH), NEGATIVITY, WARNING, DecisionReason.NEGATIVITY_ALONE),
    (Reading(joint=HIGH, faint=True), CRISIS, INFO, DecisionReason.VOLUME_AND_NEGATIVITY),
    (Reading(negative=HIGH, faint=True), NEGATIVITY, INFO, DecisionReason.NEGATIVITY_ALONE),
    (Reading(named=True), SURGE, INFO, DecisionReason.RIVER),
    (Reading(named=True, has_text=False), SURGE, INFO, DecisionReason.RIVER),
    (Reading(named=True, warming_up=True), None, None, DecisionReason.WARMING_UP),
    (Reading(named=True, joint=HIGH), CRISIS, WARNING, DecisionReason.VOLUME_AND_NEGATIVITY),
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
    return [Reading(*values) for values in itertools.product(Level, Level, Level, *[flags] * 11)]


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


def test_copies_and_beginnings_never_page() -> None:
    """A campaign whose originals are no signal, and a topic whose usual is unknown."""
    for reading in every_reading():
        if reading.first_heard or (reading.has_text and reading.copies):
            assert decide(reading).severity in (None, INFO)


def test_what_is_planned_pages_only_when_it_turns_hostile() -> None:
    """Volume, with or without a raised share, is expected of a planned event; extreme hostility is not."""
    for reading in every_reading():
        if reading.planned and reading.volume and reading.joint is not EXTREME:
            assert decide(reading).severity in (None, INFO)


def test_a_named_detector_alone_never_pages() -> None:
    """It pages only where volume or negativity does, and then as they do."""
    for reading in every_reading():
        if not (reading.volume or reading.negative or reading.joint):
            assert decide(reading).severity in (None, INFO)
        elif not reading.named:
            assert decide(reading) == decide(reading._replace(named=True))


def test_kind_and_severity_come_together() -> None:
    """Either both are told or neither."""
    for reading in every_reading():
        decision = decide(reading)
        assert (decision.kind is None) == (decision.severity is None)


def test_what_is_faint_is_told_as_ever_and_never_pages_once_warm() -> None:
    """Kind and reason stay; only the severity is that of the watch list."""
    for reading in every_reading():
        if reading.faint and not (reading.warming_up or reading.first_heard):
            plain = decide(reading._replace(faint=False))
            assert decide(reading) == plain._replace(severity=plain.severity and INFO)

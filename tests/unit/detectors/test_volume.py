"""Volume against level, hour and weekend."""

import pytest
from detector_support import DAY_MINUTES, RIVER_CHECKS, START, Talk, ordinary, steps, windows
from hypothesis import given
from hypothesis import strategies as st

from detectors.crowd import SourceSpread
from detectors.decision import Level
from detectors.settings import DetectionSettings
from detectors.share import ShareBaseline
from detectors.volume import HOURS, Place, VolumeEvidence, WindowVolume, place_of

WEEK = 7 * 86_400


@pytest.mark.parametrize("check", RIVER_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("estimator", [WindowVolume, ShareBaseline, SourceSpread])
def test_our_estimators_keep_the_conventions_of_river(estimator: type, check: object) -> None:
    """Clone, pickle, parameters and documentation are as River wants them."""
    check(estimator())  # type: ignore[operator]


def read(evidence: VolumeEvidence, talk: list[Talk]) -> list[Level]:
    """Return the level after each minute, learning as the monitor does."""
    levels = []
    for closed in steps(talk):
        place = place_of(closed.at, 0)
        levels.append(evidence.read(closed, place).level)
        evidence.learn(closed, place)
    return levels


@given(st.integers(0, 2_000_000_000), st.integers(-720, 840))
def test_a_place_repeats_each_week(at: int, offset_minutes: int) -> None:
    """Whole weeks change no hour and no weekend."""
    assert place_of(at, offset_minutes * 60) == place_of(at + WEEK, offset_minutes * 60)


def test_a_place_belongs_to_the_hour_that_just_passed() -> None:
    """01:00 sharp ends the hour from midnight; weekends have cells of their own."""
    assert place_of(START + 3600, 0).cell == 0
    assert place_of(START + 5 * 86_400 + 3600, 0).cell == HOURS
    assert place_of(START + 7 * 86_400 + 3600, 0).cell == 0


def test_a_place_leans_to_the_nearer_neighbour() -> None:
    """In the middle of an hour it leans to none, at its edge halfway."""
    assert place_of(START + 1801, 0).lean == 0.0
    assert place_of(START + 2, 0).neighbour == 2 * HOURS - 1
    assert place_of(START + 3600, 0) == Place(0, 1, pytest.approx(0.5, abs=0.001))


def test_a_window_expects_what_it_has_learnt() -> None:
    """A steady count is expected and scores about nothing."""
    window = WindowVolume()
    for _ in range(500):
        window.learn_one({"count": 12, "cell": 3, "neighbour": 4, "lean": 0.0})
    assert window.score_one({"count": 12, "cell": 3, "neighbour": 4}) == pytest.approx(0.0, abs=0.1)
    assert window.score_one({"count": 48, "cell": 3, "neighbour": 4}) > 5


def test_a_busy_hour_raises_what_is_expected_of_it_alone() -> None:
    """The factor of an hour follows its own counts."""
    window = WindowVolume()
    for _ in range(20):
        for cell in range(HOURS):
            place = Place(cell, cell, 0.0)
            window.learn(90.0 if cell == 8 else 30.0, place, window.mean(place))
    assert window.mean(Place(8, 8, 0.0)) > 2 * window.mean(Place(9, 9, 0.0))


@given(st.integers(0, 300), st.integers(0, 300))
def test_more_mentions_never_score_less(one: int, other: int) -> None:
    """The score rises with the count."""
    window = WindowVolume()
    window.learn(20.0, Place(0, 0, 0.0), 0.0)
    low, high = sorted((one, other))
    assert window.score(low, 20.0) <= window.score(high, 20.0)


def test_a_step_of_the_rate_is_a_signal_within_minutes() -> None:
    """From one in two minutes to five a minute: seen within ten minutes."""
    evidence = VolumeEvidence(DetectionSettings(topics=10), 60)
    talk = ordinary(3 * DAY_MINUTES, rate=0.5) + ordinary(10, rate=5.0, seed=2)
    levels = read(evidence, talk)
    assert any(levels[-10:])


def test_three_mentions_are_no_signal_however_rare_the_topic() -> None:
    """Near zero, the least number of mentions decides."""
    evidence = VolumeEvidence(DetectionSettings(topics=1, pages_per_week=100), 60)
    talk = [Talk(0)] * (3 * DAY_MINUTES) + [Talk(1)] * 3 + [Talk(0)] * 30
    assert not any(read(evidence, talk))


def test_a_burst_does_not_echo_for_a_day() -> None:
    """The 24-hour sum stays high for a day, but speaks only while arrivals do."""
    evidence = VolumeEvidence(DetectionSettings(topics=20), 60)
    burst = ordinary(60, rate=20.0, seed=3)
    calm = ordinary(20 * 60, rate=0.5, seed=4)
    levels = read(evidence, ordinary(4 * DAY_MINUTES, rate=0.5) + burst + calm)
    assert any(levels[-21 * 60 : -20 * 60])
    assert not any(levels[-15 * 60 :])


def test_an_onset_is_never_after_the_decision_nor_a_day_before() -> None:
    """The estimate stays within the longest window."""
    evidence = VolumeEvidence(DetectionSettings(), 60)
    evidence.read(windows(at=START), Place(0, 0, 0.0))
    assert evidence.onset(0, START + 10 * 86_400) == START + 9 * 86_400
    assert evidence.onset(0, START) == START


def test_a_backlog_is_no_signal() -> None:
    """Two hours of an outage arrive in one minute: what they tell is old, and each window is as usual."""
    evidence = VolumeEvidence(DetectionSettings(topics=20), 60)
    ordinary_talk = list(steps(ordinary(4 * DAY_MINUTES, rate=3.0)))
    read(evidence, ordinary(4 * DAY_MINUTES, rate=3.0))
    last = ordinary_talk[-1]
    for minute in range(60):
        arrived = 360 if minute == 0 else 3
        at = last.at + (minute + 1) * 60
        closed = windows(at=at, arrived=arrived, total=last.total)
        assert not evidence.read(closed, place_of(at, 0)).level


def test_a_ramp_is_seen_before_it_has_doubled() -> None:
    """From 2 to 6 a minute within four hours: a signal within two."""
    rates = [2.0 + 4.0 * minute / 240 for minute in range(120)]
    ramp = [ordinary(1, rate=rate, seed=500 + i)[0] for i, rate in enumerate(rates)]
    evidence = VolumeEvidence(DetectionSettings(topics=20), 60)
    assert any(read(evidence, ordinary(7 * DAY_MINUTES, rate=2.0) + ramp)[-120:])


def test_an_evidence_restored_before_its_first_step_is_as_new() -> None:
    """Nothing read, nothing learnt: dump and restore change no later score."""
    fresh, again = VolumeEvidence(DetectionSettings(), 60), VolumeEvidence(DetectionSettings(), 60)
    again.restore(fresh.dump())
    talk = ordinary(200, rate=3.0)
    assert read(fresh, talk) == read(again, talk)
    assert fresh.dump() == again.dump()

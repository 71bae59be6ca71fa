"""Detectors of river.anomaly that the settings name."""

import msgspec
import pytest
from detector_support import DAY_MINUTES, ordinary, steps, watch
from pydantic import ValidationError

from detectors.events import AlertEvent, DecisionReason, Severity, decode_event, encode_event
from detectors.monitor import TopicMonitor
from detectors.named import NamedEvidence, features_of
from detectors.river_anomaly import FEATURES
from detectors.settings import DetectionSettings, NamedDetector
from detectors.windows import WINDOW_SECONDS

EVERY = [
    "river.anomaly.GaussianScorer",
    "river.anomaly.HalfSpaceTrees",
    "river.anomaly.LODA",
    "river.anomaly.OneClassSVM",
    "river.anomaly.LocalOutlierFactor",
    "river.anomaly.PredictiveAnomalyDetection",
    "river.anomaly.StandardAbsoluteDeviation",
]
TREES = NamedDetector(name="river.anomaly.HalfSpaceTrees", parameters={"n_trees": 5, "window_size": 96})


def chosen(*detectors: object) -> DetectionSettings:
    """Return settings that name the detectors."""
    return DetectionSettings.model_validate({"topics": 20, "detectors": detectors})


def monitor(settings: DetectionSettings) -> TopicMonitor:
    """Return a monitor of these settings."""
    return TopicMonitor("water", "Nước", "Water", settings, settings.digest())


def odd_hour() -> list[AlertEvent]:
    """Return what is told of four ordinary days and two hours of praise, with trees named."""
    talk = [
        *ordinary(4 * DAY_MINUTES, rate=1.0),
        *ordinary(120, rate=1.5, share=0.0, joy=1.0, seed=5),
    ]
    return watch(steps(talk), monitor(chosen(TREES)))


@pytest.mark.parametrize("name", EVERY)
def test_any_detector_of_river_anomaly_can_be_named(name: str) -> None:
    """By its dotted name alone; it is told as evidence under that name, and stored without pickle."""
    settings = chosen(name)
    watcher = monitor(settings)
    feed = list(steps([*ordinary(2 * DAY_MINUTES, rate=0.3), *ordinary(60, rate=20.0, share=0.8, seed=2)]))
    events = watch(feed, watcher)
    evidence = [e for event in events for e in event.evidence if e.name == "river"]
    assert {e.detector for e in evidence} == {name}
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(watcher.dump()))
    again = TopicMonitor.load(stored, "water", "Nước", "Water", settings, settings.digest())
    more = list(steps(ordinary(120, rate=5.0, share=0.8, seed=3), start=feed[-1].at))
    assert [encode_event(e) for e in watch(more, again)] == [encode_event(e) for e in watch(more, watcher)]
    assert again.dump() == watcher.dump()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "river.cluster.KMeans",
            "'river.cluster.KMeans' is no detector of river.anomaly; choose one of river",
        ),
        ("os.system", "'os.system' is no detector of river.anomaly"),
        ("river.anomaly.QuantileFilter", "'river.anomaly.QuantileFilter' is no detector"),
        (
            {"name": "river.anomaly.LODA", "parameters": {"trees": 3}},
            "has no parameter 'trees'; it has n_bins",
        ),
        (
            {"name": "river.anomaly.HalfSpaceTrees", "parameters": {"n_trees": "many"}},
            "does not work with these",
        ),
        ({"name": "river.anomaly.LODA", "color": 1}, "Extra inputs are not permitted"),
    ],
)
def test_anything_else_is_refused_in_one_clear_line(given: object, said: str) -> None:
    """Only detectors, only their parameters, and the choice is named."""
    with pytest.raises(ValidationError) as refused:
        chosen(given)
    assert said in str(refused.value)


def test_another_detector_changes_the_config_hash() -> None:
    """What shapes a decision is part of its digest."""
    assert len({chosen().digest(), chosen(TREES).digest(), chosen("river.anomaly.LODA").digest()}) == 3


def test_features_lie_between_nothing_and_all() -> None:
    """Seven bytes, a half where counts are as usual, and never beyond 1."""
    talk = list(steps(ordinary(300, rate=3.0, share=1.0), authors=1000))[-1]
    vector = features_of(talk, [float(total) for total in talk.total])
    assert len(vector) == len(FEATURES)
    named = dict(zip(FEATURES, vector, strict=True))
    assert 120 <= named["hour"] <= 128
    assert (named["negative"], named["authors"], named["copies"]) == (255, 255, 0)
    silent = msgspec.structs.replace(talk, total=(0,) * 5, negative=(0,) * 5, positive=(0,) * 5, authors=0)
    assert features_of(silent, [0.0] * 5)[:4] == bytes(4)


def test_a_named_detector_tells_at_info_at_most() -> None:
    """What volume and negativity take for ordinary is told when the trees find it odd, and does not page."""
    events = odd_hour()
    assert not any(event.pages for event in events)
    odd = [event for event in events if event.reason is DecisionReason.RIVER]
    assert odd
    for event in odd:
        assert event.severity is Severity.INFO
        evidence = next(e for e in event.evidence if e.name == "river")
        assert evidence.score >= evidence.threshold
        assert event.confidence >= 0.5
        assert decode_event(encode_event(event)) == event


def test_without_a_name_nothing_is_computed_or_told() -> None:
    """The default: no evidence, an empty state."""
    evidence = NamedEvidence(chosen(), 60)
    for closed in steps(ordinary(100)):
        assert evidence.read(closed, [1.0] * len(WINDOW_SECONDS)) == ()
        evidence.learn(closed, [1.0] * len(WINDOW_SECONDS))
    assert evidence.dump()["vectors"] == b""


def test_settings_that_name_other_detectors_learn_from_what_was_kept() -> None:
    """The vectors belong to the topic: another detector begins with them, its calibration anew."""
    one = NamedEvidence(chosen(TREES), 60)
    for closed in steps(ordinary(3 * DAY_MINUTES)):
        one.read(closed, [2.5, 7.5, 30.0, 180.0, 720.0])
        one.learn(closed, [2.5, 7.5, 30.0, 180.0, 720.0])
    other = NamedEvidence(chosen("river.anomaly.GaussianScorer"), 60)
    other.restore(one.dump())
    assert other.dump()["vectors"] == one.dump()["vectors"]
    assert other.readings == ()

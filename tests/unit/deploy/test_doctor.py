"""What the doctor says of what it finds."""

import pytest

from deploy.doctor import Finding, Level, disk_level, judge_endpoints, judge_skew, judge_worker, lag_of

READY = 'x 1\nhaidang_worker_ready 1.0\nhaidang_stream_lag_records{partition="0",topic="mentions"} 5.0\n'


@pytest.mark.parametrize(
    ("free_bytes", "level"), [(10**8, Level.FAIL), (10**9, Level.WARN), (10**10, Level.OK)]
)
def test_free_space_is_judged(free_bytes: int, level: Level) -> None:
    """Kafka stops on a full disk: below 0.3 GB is a failure, below 2 GB a warning."""
    assert disk_level(free_bytes) is level


@pytest.mark.parametrize(
    ("skew_seconds", "level", "word"),
    [
        (0.0, Level.OK, "within"),
        (-1.9, Level.OK, "within"),
        (30.0, Level.FAIL, "ahead of"),
        (-30.0, Level.FAIL, "behind"),
    ],
)
def test_the_brokers_clock_is_compared(skew_seconds: float, level: Level, word: str) -> None:
    """A wrong clock dates alerts wrongly: it is a failure with its side and size."""
    finding = judge_skew(skew_seconds)
    assert finding.level is level
    assert word in finding.text


def test_a_worker_that_does_not_run_or_is_not_ready_is_a_warning() -> None:
    """The doctor may well be asked before anything is started."""
    assert judge_worker(0, "ConnectionRefusedError", "127.0.0.1:9108").level is Level.WARN
    assert judge_worker(200, "haidang_worker_ready 0.0\n", "127.0.0.1:9108").level is Level.WARN


def test_a_ready_worker_tells_its_lag() -> None:
    """The sum over all partitions, in records."""
    finding = judge_worker(200, READY, "127.0.0.1:9108")
    assert (finding.level, finding.text) == (Level.OK, "ready, 5 records behind")
    assert lag_of(READY + 'haidang_stream_lag_records{partition="1",topic="mentions"} 7.0\n') == 12
    assert lag_of("") == 0


def test_a_disabled_endpoint_is_named() -> None:
    """Nobody gets warned through it: that is worth a warning, with what to do."""
    items: list[dict[str, object]] = [{"id": "ep_1", "state": "active"}, {"id": "ep_2", "state": "disabled"}]
    (finding,) = judge_endpoints({"items": items})
    assert finding.level is Level.WARN
    assert "ep_2" in finding.text
    assert "ep_1" not in finding.text
    (fine,) = judge_endpoints({"items": items[:1]})
    assert fine.level is Level.OK


def test_a_finding_is_one_line() -> None:
    """Level, subject, text."""
    assert str(Finding(Level.OK, "disk", "9 GB free")) == "OK   disk: 9 GB free"

"""What the doctor says of what it finds."""

from pathlib import Path

import pytest
from api_support import fresh_store
from sqlalchemy import text
from store_support import store_address

from api.store import look
from deploy.doctor import (
    Finding,
    Level,
    disk_level,
    examine_store,
    judge_endpoints,
    judge_skew,
    judge_store,
    judge_worker,
    lag_of,
)
from deploy.settings import SettingsError, load

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


@pytest.mark.stores("sqlite", "postgresql")
def test_the_store_is_judged_by_its_form(tmp_path: Path) -> None:
    """One that is used answers; one of a newer program fails, with what to do."""
    address = store_address(tmp_path)
    with fresh_store(tmp_path) as store:
        found = judge_store(look(address), "it")
        assert (found.level, found.text) == (Level.OK, "it answers")
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        assert "newest form" in judge_store(look(address), "it").text
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert judge_store(look(address), "it").level is Level.FAIL


def test_a_store_that_does_not_answer_fails_without_its_password() -> None:
    """The setting is named, and what the server said."""
    [found] = examine_store(load({"HAIDANG_DATABASE_URL": "postgresql+psycopg://u:hunter2@127.0.0.1:1/d"}))
    assert found.level is Level.FAIL
    assert "HAIDANG_DATABASE_URL" in found.text
    assert "hunter2" not in found.text


@pytest.mark.parametrize(
    "address",
    ["mysql://u:hunter2@h/d", "postgresql://u:hunter2@h", "postgresql://u:hunter2@h:port/d", "haidang.db"],
)
def test_an_address_that_is_none_is_refused_without_its_password(address: str) -> None:
    """Before anything starts, and the setting is named."""
    with pytest.raises(SettingsError, match="HAIDANG_DATABASE_URL") as refused:
        load({"HAIDANG_DATABASE_URL": address})
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(load({"HAIDANG_DATABASE_URL": "postgresql://u:hunter2@h/d"}))

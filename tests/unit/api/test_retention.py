"""Retention and erasure: what was kept long enough goes, what was erased stays away."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from api_support import Log, alert_event, fresh_store, keep
from sqlalchemy import insert, select

from api.housekeeper import Housekeeper
from api.settings import ApiSettings
from api.store import Store, audit, retention, samples, tables
from api.store.retention import DAY_MS, HOUR_MS
from api.store.samples import Erasure
from api.terms import Terms
from detectors.events import AlertEvent, EventName, Sample, mention_key

TERMS = Terms(samples_hours=72, minutes_days=7, counts_months=13, audit_months=24)
NOW_MS = 1_800_000_000_000
NOW_MINUTE = NOW_MS // 60_000
BAO_A, BAO_B = ("bao-a", "https://bao-a.example/1"), ("bao-b", "https://bao-b.example/2")


class HeldClock:
    """A clock that stands."""

    def now_ms(self) -> int:
        """Give the same moment each time."""
        return NOW_MS


def tidy(store: Store) -> dict[str, int]:
    """Keep house once."""
    return Housekeeper(store, HeldClock(), TERMS).round()


def event(revision: int = 1, *of: tuple[str, str | None]) -> AlertEvent:
    """Give an event with samples of these sources and links; their ids are their places, 0 and up."""
    name = EventName.OPENED if revision == 1 else EventName.UPDATED
    at = datetime(2026, 1, 1, tzinfo=UTC)
    found = tuple(
        Sample("text", source, url, at, f"{mention_key(source, str(place)):016x}")
        for place, (source, url) in enumerate(of)
    )
    return msgspec.structs.replace(alert_event("a", revision, name), samples=found)


def shown(store: Store) -> tuple[list[str], list[list[str]]]:
    """Give the sources of the samples that the alert shows, and of those of each of its events."""
    with store.read() as connection:
        [alert] = connection.execute(select(tables.alerts.c.body)).scalars()
        lines = select(tables.alert_events.c.body).order_by(tables.alert_events.c.seq)
        bodies = connection.execute(lines).scalars().all()
    return sources(alert), [sources(body) for body in bodies]


def sources(body: str) -> list[str]:
    """Give the sources of an event's samples."""
    return [sample["source"] for sample in msgspec.json.decode(body)["samples"]]


def erase(store: Store, source: str, mention: str | None = None) -> int:
    """Erase."""
    with store.write() as connection:
        return samples.erase(connection, Erasure(source, mention), NOW_MS)


def test_samples_go_after_their_hours_and_the_rest_of_the_event_stays(tmp_path: Path) -> None:
    """By when the event was decided; the alert that shows it loses them too."""
    log = Log()
    limit_ms = NOW_MS - TERMS.samples_hours * HOUR_MS
    with fresh_store(tmp_path) as store:
        keep(store, [log.alert(event(1, BAO_A), at_ms=limit_ms - 1)])
        keep(store, [log.alert(event(2, BAO_A, BAO_B), at_ms=limit_ms)])
        assert tidy(store)["samples"] == 1
        assert shown(store) == (["bao-a", "bao-b"], [[], ["bao-a", "bao-b"]])
        assert tidy(store)["samples"] == 0
        with store.read() as connection:
            line = tables.alert_events.c
            first = connection.execute(select(line.body).where(line.revision == 1)).scalar_one()
        assert msgspec.json.decode(first) == msgspec.json.decode(msgspec.json.encode(event(1)))


def test_the_alert_loses_what_its_latest_event_loses(tmp_path: Path) -> None:
    """Also when that is the only one."""
    with fresh_store(tmp_path) as store:
        keep(store, [Log().alert(event(1, BAO_A), at_ms=0)])
        assert tidy(store)["samples"] == 1
        assert shown(store) == ([], [[]])


def test_housekeeping_goes_on_until_all_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one step has is no reason to wait for the next round."""
    monkeypatch.setattr(retention, "BATCH_ROWS", 3)
    log = Log()
    with fresh_store(tmp_path) as store:
        keep(store, [log.alert(alert_event(f"a{number}"), at_ms=0) for number in range(7)])
        assert tidy(store)["samples"] == 7


def test_the_audit_log_goes_after_its_months(tmp_path: Path) -> None:
    """Never sooner."""
    limit_ms = NOW_MS - TERMS.audit_months * 31 * DAY_MS
    with fresh_store(tmp_path) as store:
        with store.write() as connection:
            for at_ms in (limit_ms - 1, limit_ms):
                audit.note(connection, "desk", "alert_close", "a", at_ms)
        assert tidy(store)["audit"] == 1
        with store.read() as connection:
            assert list(connection.execute(select(tables.audit.c.at_ms)).scalars()) == [limit_ms]


@pytest.mark.parametrize("behind_days", [0, 500])
def test_counts_are_rolled_up_and_forgotten_by_the_newest(tmp_path: Path, behind_days: int) -> None:
    """A replay of last year's data is rolled up as it was then, and nothing of it is forgotten at once."""
    newest = NOW_MINUTE - behind_days * 1440
    minutes = [newest, newest - 7 * 1440 - 60, newest - 13 * 31 * 1440 - 60]
    value = {"schema": "haidang.series.v1", "rows": [["health", minute, 3, 1, 1] for minute in minutes]}
    with fresh_store(tmp_path) as store:
        keep(store, [Log().json("series", value)])
        done = tidy(store)
        assert (done["rolled_up"], done["counts"]) == (2, 1)
        with store.read() as connection:
            assert list(connection.execute(select(tables.series.c.minute)).scalars()) == [newest]
            hours = connection.execute(select(tables.series_hours.c.hour)).scalars()
            assert list(hours) == [minutes[1] // 60]


def test_an_empty_store_needs_no_housekeeping(tmp_path: Path) -> None:
    """Nothing is done, nothing fails."""
    with fresh_store(tmp_path) as store:
        assert not any(tidy(store).values())


def test_a_source_is_erased_everywhere_and_stays_away(tmp_path: Path) -> None:
    """From the alert, its events, kept answers and what comes later; others stay."""
    log = Log()
    with fresh_store(tmp_path) as store:
        keep(store, [log.alert(event(1, BAO_A, BAO_B)), log.alert(event(2, BAO_B, BAO_A))])
        answer = {"name": "n", "key_id": "k", "digest": "d", "claimed_ms": 1, "status": 200}
        with store.write() as connection:
            body = msgspec.json.encode(event(2, BAO_A, BAO_B)).decode()
            connection.execute(insert(tables.requests).values(**answer, body=body))
        assert erase(store, "bao-a") == 2
        assert shown(store) == (["bao-b"], [["bao-b"], ["bao-b"]])
        keep(store, [log.alert(event(3, BAO_A))])
        assert shown(store) == ([], [["bao-b"], ["bao-b"], []])
        with store.read() as connection:
            assert sources(connection.execute(select(tables.requests.c.body)).scalar_one()) == ["bao-b"]
            [line] = connection.execute(select(tables.audit)).all()
        assert (line.action, line.object) == ("source_erase", "bao-a")


def test_a_mention_is_erased_by_its_link(tmp_path: Path) -> None:
    """Its neighbours of the same source stay; the link itself is not kept."""
    other = ("bao-a", "https://bao-a.example/other")
    with fresh_store(tmp_path) as store:
        keep(store, [Log().alert(event(1, BAO_A, other, ("bao-a", None)))])
        assert erase(store, *BAO_A) == 1
        assert shown(store)[0] == ["bao-a", "bao-a"]
        with store.read() as connection:
            for table in (tables.erasures, tables.audit, tables.alerts, tables.alert_events):
                assert BAO_A[1] not in str(connection.execute(select(table)).all())


def test_a_mention_is_erased_by_its_id_and_stays_away(tmp_path: Path) -> None:
    """Of its source alone: ids are no one else's. The id itself is not kept."""
    log, mention_id = Log(), "bài-2026/117"
    mine = f"{mention_key('bao-a', mention_id):016x}"
    first = event(1, BAO_A, BAO_A, BAO_B)
    named = [msgspec.structs.replace(first.samples[0], mention=mine), *first.samples[1:]]
    with fresh_store(tmp_path) as store:
        keep(store, [log.alert(msgspec.structs.replace(first, samples=tuple(named)))])
        assert [erase(store, "bao-b", mention_id), erase(store, "bao-a", mention_id)] == [0, 1]
        assert shown(store)[0] == ["bao-a", "bao-b"]
        second = msgspec.structs.replace(event(2, BAO_A), samples=tuple(named))
        keep(store, [log.alert(second)])
        assert shown(store)[0] == ["bao-a", "bao-b"]
        with store.read() as connection:
            for table in (tables.erasures, tables.audit):
                assert mention_id not in str(connection.execute(select(table)).all())


def test_erasing_what_is_not_there_is_remembered_too(tmp_path: Path) -> None:
    """Once, however often it is asked for."""
    with fresh_store(tmp_path) as store:
        assert [erase(store, "bao-a"), erase(store, "bao-a")] == [0, 0]
        keep(store, [Log().alert(event(1, BAO_A, BAO_B))])
        assert shown(store)[0] == ["bao-b"]


def test_the_terms_are_those_of_the_settings() -> None:
    """Samples 72 h, minutes 7 days, counts 13 months, audit 24 months."""
    assert ApiSettings().terms == TERMS

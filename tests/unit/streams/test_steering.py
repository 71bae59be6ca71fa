"""What officers say finds its place among the observations."""

import msgspec
import pytest
from core_support import START_MINUTE, Desk, catalogue, tick

from detectors.orders import Cancelled, Order, PlannedEvent, Verdict, VerdictName
from detectors.stories import STORY_DESK
from streams import observation as wire
from streams.catalogue import Catalogue
from streams.journal import restore
from streams.mention import Reason, Rejection
from streams.pipeline import Monitors
from streams.steering import CALENDAR, FEEDBACK, partitions_of, read_order

PLANNED = {"schema": "haidang.calendar.v1", "id": "e1", "topics": [], "from": 600, "to": 1200, "factor": 4.0}
SAID = {"schema": "haidang.feedback.v1", "topic": "chu-de-1", "alert_id": "a1", "verdict": "useful"}
EXAM = PlannedEvent("exam", ("chu-de-0",), START_MINUTE * 60, START_MINUTE * 60 + 3600, 4.0)


def read(topic: str, value: object) -> Order | Rejection:
    """Read one record by a catalogue in which topic 2 is below topic 1."""
    topics = list(catalogue().topics)
    topics[2] = msgspec.structs.replace(topics[2], parent="chu-de-1")
    return read_order(topic, msgspec.json.encode(value), Catalogue.of(topics))


def test_a_verdict_goes_to_the_partition_of_its_topic() -> None:
    """One order in one partition; null takes the verdict back."""
    assert read(FEEDBACK, SAID) == Verdict("chu-de-1", "a1", VerdictName.USEFUL)
    assert read(FEEDBACK, SAID | {"verdict": None}) == Verdict("chu-de-1", "a1", None)
    both = {wire.home_partition(topic, 4) for topic in ("chu-de-1", STORY_DESK)}
    assert set(partitions_of(Verdict("chu-de-1", "a1", None), 4)) == both


def test_a_planned_event_concerns_the_topics_below_those_it_names() -> None:
    """And all partitions when it names none."""
    named = read(CALENDAR, PLANNED | {"topics": ["chu-de-1"]})
    assert named == PlannedEvent("e1", ("chu-de-1", "chu-de-2"), 600, 1200, 4.0)
    everything = read(CALENDAR, PLANNED)
    assert isinstance(everything, PlannedEvent)
    assert list(partitions_of(everything, 4)) == [0, 1, 2, 3]
    assert read(CALENDAR, PLANNED | {"cancelled": True}) == Cancelled("e1")


@pytest.mark.parametrize(
    ("topic", "value", "field"),
    [
        (FEEDBACK, SAID | {"verdict": "great"}, "verdict"),
        (FEEDBACK, SAID | {"topic": ""}, "topic"),
        (FEEDBACK, SAID | {"schema": "haidang.feedback.v9"}, "schema"),
        (CALENDAR, PLANNED | {"factor": 0.5}, "factor"),
        (CALENDAR, PLANNED | {"to": 600}, "to"),
        (CALENDAR, PLANNED | {"from": "tomorrow"}, "from"),
        (CALENDAR, PLANNED | {"topics": [""]}, "topics[0]"),
        (CALENDAR, [], ""),
    ],
)
def test_what_cannot_be_read_names_its_field(topic: str, value: object, field: str) -> None:
    """A foreign writer's record becomes a dead letter and steers nothing."""
    found = read(topic, value)
    assert isinstance(found, Rejection)
    assert (found.reason, found.field) == (Reason.BAD_VALUE, field)
    assert isinstance(read_order(topic, None, catalogue()), Rejection)
    assert isinstance(read_order(topic, b"\xff\xfe", catalogue()), Rejection)


def ordered(*orders: Order) -> bytes:
    """Return an observations record of orders."""
    return wire.encode(wire.Observations(orders=list(orders)))


def test_an_order_reaches_the_topics_that_it_concerns_and_no_other() -> None:
    """What is planned for topic 0 is known there and to the desk of its stories, also after a restart."""
    desk = Desk().run([ordered(EXAM)])
    for _ in range(2):
        dumps = {topic: state.monitor.dump() for topic, state in desk.watch.topics.items()}
        calendars = {topic: dump.get("calendar") for topic, dump in dumps.items()}
        assert {topic for topic, planned in calendars.items() if planned} == {"chu-de-0", STORY_DESK}
        desk.start()


def test_a_verdict_moves_the_precision_of_its_topic() -> None:
    """False alarms on topic 1: its pages are believed less, those of the others as before."""
    said = [Verdict("chu-de-1", f"a{n}", VerdictName.FALSE_ALARM) for n in range(4)]
    desk = Desk().run([ordered(*said), ordered(Verdict("gone", "a9", VerdictName.CRISIS))])
    assert desk.watch.topics["chu-de-1"].monitor.precision == 0.25
    assert desk.watch.topics["chu-de-0"].monitor.precision == 0.5


def test_a_topic_that_is_added_later_knows_what_is_planned() -> None:
    """An event for all topics holds for one that the catalogue gets after it was planned."""
    everywhere = PlannedEvent("tet", (), START_MINUTE * 60, START_MINUTE * 60 + 3600, 4.0)
    desk = Desk(topics=2).run([ordered(everywhere), wire.encode(tick(START_MINUTE * 60_000, 0))])
    watch, _ = restore(desk.table, Monitors(catalogue(3), 14.0).of(0, 1), 1)
    assert watch.topics["chu-de-2"].monitor.dump()["calendar"]


def test_what_is_over_is_not_kept_for_later_topics() -> None:
    """Of thousands of planned events the watch keeps those to come, at most 1,024."""
    many = [PlannedEvent(f"e{n}", ("chu-de-0",), n, n + 60, 2.0) for n in range(2000)]
    desk = Desk().run([ordered(*many)])
    assert len(desk.watch.planned) == 1024
    assert "e0" not in desk.watch.planned

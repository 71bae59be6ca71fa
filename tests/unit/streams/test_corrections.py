"""A correction is in force from its mark on, whoever reads the log and however often."""

from __future__ import annotations

from enum import StrEnum

import msgspec
import pytest
from core_support import ANGRY, START_MINUTE, Desk, catalogue, mention, record, tick
from hypothesis import given
from hypothesis import strategies as st

from detectors.gist import Gist, Label
from detectors.orders import Correction
from streams import observation as wire
from streams.classify import Classifier, Record
from streams.corrections import Corrections, Passed, encode_mark, mark_of, read_mark
from streams.journal import newer
from streams.mention import Outcome, Reason, Rejection
from streams.pipeline import Pipeline
from streams.steering import CALENDAR, CORRECTIONS, FEEDBACK, observed, read_correction
from streams.understanding import Understanding, bundled_polarity, polarity_words

TEXT = str(mention("m", 0.0, mood=ANGRY)["text"])
UNDERSTANDING = Understanding(catalogue())
GIST = bundled_polarity().gist(polarity_words("", TEXT))
SAID = {
    "schema": "haidang.correction.v1",
    "id": "cor_1",
    "revision": 1,
    "number": 1,
    "label": "neutral",
    "gist": msgspec.to_builtins(GIST),
}


def correction(
    number: int = 1, revision: int = 1, label: Label | None = Label.NEUTRAL, gist: Gist = GIST
) -> Correction:
    """Return a correction; without a label what takes it back."""
    return Correction(f"cor_{number}", revision, number, label, None if label is None else gist)


def marked(offset: int, said: Correction) -> Record:
    """Return the record that brings a correction into force."""
    return Record(0, offset, 0, encode_mark(mark_of(said)))


def said_again(offset: int) -> Record:
    """Return a record with the words that were corrected."""
    return record(offset, mention(f"m{offset}", offset, mood=ANGRY))


def negatives(corrections: Corrections, *records: Record) -> list[int]:
    """Return P(negative) of each mention of the records, in thousandths."""
    classifier = Classifier(catalogue(), UNDERSTANDING, 1, lambda _: corrections)
    [observations] = classifier.classify(records).observations
    return [milli for rows in observations.rows if rows.topic == "chu-de-0" for milli in rows.negative]


def test_the_mention_behind_the_mark_is_judged_otherwise_and_none_before() -> None:
    """One correction changes the next prediction; taken back, it is as before."""
    corrections = Corrections()
    given, back = correction(), correction(revision=2, label=None)
    corrections.hear(given)
    corrections.hear(back)
    first, second, third = negatives(
        corrections, said_again(0), marked(1, given), said_again(2), marked(3, back), said_again(4)
    )
    assert first == third
    assert second < first - 50


def test_an_envelope_before_the_mark_knows_nothing_of_it() -> None:
    """All mentions of one record are judged alike: a mark stands between records."""
    corrections = Corrections()
    corrections.hear(correction())
    before = record(0, *(mention(f"m{n}", n, mood=ANGRY) for n in range(3)))
    found = negatives(corrections, before, marked(1, correction()), said_again(2))
    assert len(set(found[:3])) == 1
    assert found[3] < found[0]


def test_a_mark_that_stands_for_nothing_is_a_dead_letter() -> None:
    """A stranger who may write mentions cannot correct; a mark that came twice is no stranger's."""
    corrections = Corrections()
    classifier = Classifier(catalogue(), UNDERSTANDING, 1, lambda _: corrections)
    classified = classifier.classify([marked(0, correction(7))])
    assert [refused.rejection.reason for refused in classified.refused] == [Reason.BAD_VALUE]
    assert classified.outcomes == {Outcome.REJECTED: 1}
    corrections.hear(correction())
    assert not classifier.classify([marked(1, correction()), marked(2, correction())]).refused


def test_a_mark_does_not_move_time() -> None:
    """Neither as progress nor as a mention: a batch of marks alone tells the detect stage nothing."""
    corrections = Corrections()
    corrections.hear(correction())
    classified = Classifier(catalogue(), UNDERSTANDING, 1, lambda _: corrections).classify(
        [marked(0, correction())]
    )
    assert classified.observations == [wire.Observations()]
    assert not classified.outcomes


@pytest.mark.parametrize(
    "value",
    [
        b'{"schema":"haidang.mark.v1","correction":"cor_1","revision":1,"id":"m1","text":"x"}',
        b'{"schema":"haidang.mark.v1","correction":"cor_1"}',
        b'{"schema":"haidang.mark.v1","correction":"\xff","revision":1}',
        b'{"id":"m1","schema":"haidang.mark.v1"}',
        None,
    ],
)
def test_what_only_looks_like_a_mark_is_read_as_a_mention(value: bytes | None) -> None:
    """The schema of mentions then says what is wrong with it, if anything."""
    assert read_mark(value) is None


class Death(StrEnum):
    """How far the reader came with a batch before it died."""

    JUDGED = "judged"
    KEPT = "kept"
    ACKNOWLEDGED = "acknowledged"


class State:
    """The state table of one partition, as it is recovered."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def write(self, entries: dict[str, bytes]) -> None:
        """Keep for each key what includes most."""
        for key, value in entries.items():
            if newer(value, self.values.get(key)):
                self.values[key] = value


changes = st.lists(st.tuples(st.integers(1, 4), st.sampled_from([*Label, None])), min_size=1, max_size=12)
deaths = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(Death)), max_size=12)


@given(changes, deaths, st.lists(st.integers(0, 40), max_size=6))
def test_however_the_reader_dies_each_record_is_judged_by_the_same_corrections(
    said: list[tuple[int, Label | None]], died: list[tuple[int, Death]], repeated: list[int]
) -> None:
    """State is kept once a batch was told on, so what is judged again later is a duplicate and counts not."""
    log, orders = _log(said, repeated)
    reference = _read(log, orders)
    state, place, told = State(), 0, 0
    for order in orders:
        state.write(Corrections.restore(state.values).hear(order))
    for records, death in [*died, (len(log), Death.ACKNOWLEDGED)]:
        corrections, end = Corrections.restore(state.values), min(place + records, len(log))
        for offset in range(place, end):
            marks = log[offset]
            if marks is None:
                assert corrections.at(offset).weights == reference[offset] or offset < told
            else:
                assert corrections.pass_mark(offset, mark_of(marks)) is not Passed.UNKNOWN
        if death is not Death.JUDGED:
            state.write(corrections.entries())
            told = max(told, end)
        if death is Death.ACKNOWLEDGED:
            place = end


def _log(
    said: list[tuple[int, Label | None]], repeated: list[int]
) -> tuple[list[Correction | None], list[Correction]]:
    """Return marks with a mention (None) behind each, some marks again later, and the orders."""
    revisions: dict[int, int] = {}
    orders = []
    for number, label in said:
        revisions[number] = revisions.get(number, 0) + 1
        orders.append(correction(number, revisions[number], label))
    log: list[Correction | None] = [one for order in orders for one in (order, None)]
    for place in repeated:
        order = orders[place % len(orders)]
        log.insert(max(place, log.index(order) + 1), order)
    return [*log, None], orders


def _read(log: list[Correction | None], orders: list[Correction]) -> dict[int, object]:
    """Return the weights by which each mention is judged by a reader that never dies."""
    corrections, found = Corrections(), {}
    for order in orders:
        corrections.hear(order)
    for offset, one in enumerate(log):
        if one is None:
            found[offset] = corrections.at(offset).weights
        else:
            corrections.pass_mark(offset, mark_of(one))
    return found


def test_the_order_of_arrival_does_not_matter() -> None:
    """Partitions that heard the same corrections in another order judge alike."""
    forth, back = Corrections(), Corrections()
    said = [correction(n, label=label) for n, label in enumerate([*Label, Label.NEGATIVE], 1)]
    for corrections, order in ((forth, said), (back, said[::-1])):
        for offset, one in enumerate(order):
            corrections.hear(one)
            corrections.pass_mark(offset, mark_of(one))
    assert forth.at(99) is back.at(99)
    assert forth.in_force == back.in_force == 4


def test_of_a_correction_that_was_taken_back_nothing_is_left_in_the_state() -> None:
    """Once its mark is passed, no hash of the text stays; it is not taken for new again."""
    state, corrections = State(), Corrections()
    for offset, one in enumerate([correction(), correction(revision=2, label=None)]):
        state.write(corrections.hear(one))
        corrections.pass_mark(offset, mark_of(one))
    corrections.at(9)
    state.write(corrections.entries())
    assert max(map(len, state.values.values())) < 60
    restored = Corrections.restore(state.values)
    assert restored.hear(correction()) == {}
    assert restored.pass_mark(10, mark_of(correction())) is Passed.REPEATED
    assert not restored.at(11).has_learned


def test_a_correction_goes_to_every_partition_and_to_no_topic() -> None:
    """It is no order: windows and monitors never hear of it, and no minute closes for it."""
    found = observed(CORRECTIONS, msgspec.json.encode(SAID), catalogue(), 4)
    assert not isinstance(found, Rejection)
    observations, partitions = found
    assert observations == wire.Observations(corrections=[correction()])
    assert list(partitions) == [0, 1, 2, 3]
    assert wire.decode(wire.encode(observations)) == observations
    desk = Desk().run([wire.encode(tick(START_MINUTE))])
    before = desk.watch.closed
    desk.run([wire.encode(observations)])
    assert desk.watch.closed == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"label": "great"}, "label"),
        ({"gist": None}, "gist"),
        ({"id": "a/b"}, "id"),
        ({"id": ""}, "id"),
        ({"revision": 0}, "revision"),
        ({"number": 1 << 31}, "number"),
        ({"schema": "haidang.correction.v9"}, "schema"),
        ({"gist": SAID["gist"] | {"grams": [1 << 20]}}, "gist.grams[0]"),  # type: ignore[operator]
        ({"gist": SAID["gist"] | {"grams": [1] * 481}}, "gist.grams"),  # type: ignore[operator]
        ({"gist": SAID["gist"] | {"negative": 1e9}}, "gist.negative"),  # type: ignore[operator]
    ],
)
def test_a_correction_that_cannot_be_read_names_its_field(change: dict[str, object], field: str) -> None:
    """A foreign writer's record becomes a dead letter and corrects nothing."""
    found = read_correction(msgspec.json.encode(SAID | change))
    assert isinstance(found, Rejection)
    assert (found.reason, found.field) == (Reason.BAD_VALUE, field)
    assert isinstance(read_correction(None), Rejection)


def test_other_topics_are_read_as_before() -> None:
    """A verdict goes to its topic's partition, a planned event where it concerns; neither is a correction."""
    verdict = {"schema": "haidang.feedback.v1", "topic": "chu-de-1", "alert_id": "a", "verdict": None}
    planned = {"schema": "haidang.calendar.v1", "id": "e", "from": 1, "to": 2, "factor": 2.0}
    for topic, value in ((FEEDBACK, verdict), (CALENDAR, planned)):
        found = observed(topic, msgspec.json.encode(value), catalogue(), 4)
        assert not isinstance(found, Rejection)
        assert found[0].orders
        assert not found[0].corrections


def test_offline_a_correction_is_in_force_from_its_mark_or_from_the_beginning() -> None:
    """With the marks in the file the backtest repeats the live run; without, it tells what if."""
    records = [said_again(0), marked(1, correction()), said_again(2)]
    with_marks = Corrections.replayed([correction()], [record.value for record in records])
    without = Corrections.replayed([correction()], [])
    usual = negatives(Corrections(), said_again(0))
    assert negatives(with_marks, *records)[0] == usual[0]
    assert negatives(with_marks, said_again(3)) == negatives(without, said_again(0)) != usual


def test_a_dump_that_says_things_twice_or_late_says_no_more() -> None:
    """Kafka gives a record at least once, and an older revision may come again behind a newer one."""
    once, twice = correction(), correction(revision=2, label=Label.POSITIVE)
    dumped = Corrections.replayed([once, once, twice, twice, once], [])
    assert dumped.at(0) is Corrections.replayed([once, twice], []).at(0)
    assert Corrections.replayed([twice, once], []).at(0).weights == dumped.at(0).weights
    assert dumped.in_force == 1


def test_the_pipeline_counts_by_the_corrections() -> None:
    """What the backtest drives judges as the worker does."""
    stream = [said_again(n) for n in range(40)]
    usual = Pipeline(catalogue(), 14.0)
    eased = Pipeline(catalogue(), 14.0, corrections=Corrections.replayed([correction()], []))
    sums = []
    for pipeline in (usual, eased):
        list(pipeline.run(stream))
        minutes = range(START_MINUTE, START_MINUTE + 2)
        sums.append(sum(pipeline.watch.topics["chu-de-0"].windows.counts(minute)[1] for minute in minutes))
    assert sums[0] == 40
    assert sums[1] <= sums[0]

"""A Kafka record becomes one outcome per element, whatever its bytes are."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.mention import (
    MAX_RECORD_BYTES,
    Kind,
    Mention,
    Reason,
    Rejection,
    Source,
    arrival_ms,
    encode_dead_letter,
    is_stale,
    mention_hash,
    parse_record,
    published_ms,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "dead_letter_v1.json"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NOW_MS = 1_795_489_200_000
GOOD = {"id": "a1", "published_at": "2026-11-24T09:58:00+07:00", "text": "Cầu Ánh Dương tắc"}
GOOD_JSON = json.dumps(GOOD, ensure_ascii=False).encode()


def parse(value: bytes | None) -> list[Mention | Rejection]:
    """Parse a record that reached Kafka at `NOW`."""
    return parse_record(value, appended_ms=NOW_MS, known_topics=frozenset({"cau-anh-duong"}))


def envelope(*elements: bytes) -> bytes:
    """Put elements into one record."""
    return b"[" + b",".join(elements) + b"]"


def mention(**changes: object) -> Mention:
    """Make a valid mention, published two minutes before `NOW`."""
    (made,) = parse(json.dumps(GOOD | changes).encode())
    assert isinstance(made, Mention)
    return made


def rejected(value: bytes | None) -> Rejection:
    """Parse a record that has exactly one outcome, a rejection."""
    (rejection,) = parse(value)
    assert isinstance(rejection, Rejection)
    return rejection


def test_a_lone_object_is_one_mention() -> None:
    """What was sent is what is read, with the defaults of what was not."""
    assert parse(GOOD_JSON) == [
        Mention(
            id="a1",
            published_at=datetime(2026, 11, 24, 9, 58, tzinfo=timezone(timedelta(hours=7))),
            text="Cầu Ánh Dương tắc",
            source=Source("", Kind.OTHER),
        )
    ]


def test_an_envelope_keeps_its_order() -> None:
    """500 mentions come out as they went in."""
    elements = [json.dumps(GOOD | {"id": str(i)}).encode() for i in range(500)]
    assert [m.id for m in parse(envelope(*elements)) if isinstance(m, Mention)] == [
        str(i) for i in range(500)
    ]


def test_an_empty_envelope_has_no_outcome() -> None:
    """It holds no mention, so there is nothing to count or reject."""
    assert parse(b"[]") == []


@pytest.mark.parametrize("space", [b" ", b"\n", b"\r\n\t "])
def test_white_space_around_a_record_is_no_fault(space: bytes) -> None:
    """JSON allows it before and after."""
    assert parse(space + GOOD_JSON + space) == parse(GOOD_JSON)
    assert parse(space + envelope(GOOD_JSON) + space) == parse(GOOD_JSON)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(None, Reason.NOT_JSON, id="tombstone"),
        pytest.param(b"", Reason.NOT_JSON, id="empty"),
        pytest.param(b"xin chao", Reason.NOT_JSON, id="plain text"),
        pytest.param(b"{", Reason.NOT_JSON, id="object cut off"),
        pytest.param(GOOD_JSON[:-1], Reason.NOT_JSON, id="mention cut off"),
        pytest.param(envelope(GOOD_JSON)[:-1], Reason.NOT_JSON, id="envelope cut off"),
        pytest.param(GOOD_JSON + b"x", Reason.NOT_JSON, id="something after the object"),
        pytest.param(GOOD_JSON + b"\n" + GOOD_JSON, Reason.NOT_JSON, id="two lines"),
        pytest.param(envelope(b'{"id": 1} x'), Reason.NOT_JSON, id="garbage in the envelope"),
        pytest.param(envelope(GOOD_JSON, b'{"id":NaN}'), Reason.NOT_JSON, id="NaN"),
        pytest.param(b"\xef\xbb\xbf" + GOOD_JSON, Reason.NOT_JSON, id="byte order mark"),
        pytest.param(GOOD_JSON.decode().encode("utf-16"), Reason.NOT_JSON, id="UTF-16"),
        pytest.param(b"\x00" * 100, Reason.NOT_JSON, id="zeros"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, Reason.NOT_JSON, id="bottomless"),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, Reason.NOT_JSON, id="bottomless object"),
        pytest.param(b"5", Reason.WRONG_TYPE, id="number"),
        pytest.param(b'"text"', Reason.WRONG_TYPE, id="string"),
        pytest.param(b"null", Reason.WRONG_TYPE, id="null"),
        pytest.param(b"true", Reason.WRONG_TYPE, id="true"),
    ],
)
def test_a_record_that_cannot_be_read_is_rejected_as_a_whole(value: bytes | None, reason: Reason) -> None:
    """There are no elements to tell apart, so the index is -1."""
    rejection = rejected(value)
    assert (rejection.reason, rejection.field, rejection.index) == (reason, "", -1)


def test_an_envelope_of_501_is_rejected_as_a_whole() -> None:
    """Its producer breaks the contract; counting part of it would hide that."""
    rejection = rejected(envelope(*[GOOD_JSON] * 501))
    assert (rejection.reason, rejection.index) == (Reason.ENVELOPE_TOO_LARGE, -1)
    assert "500" in rejection.detail


def test_a_record_above_4_mib_is_rejected_unread() -> None:
    """One byte decides."""
    padding = MAX_RECORD_BYTES - len(GOOD_JSON)
    assert parse(GOOD_JSON + b" " * padding) == parse(GOOD_JSON)
    rejection = rejected(GOOD_JSON + b" " * (padding + 1))
    assert (rejection.reason, rejection.index) == (Reason.RECORD_TOO_LARGE, -1)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        pytest.param(GOOD_JSON.replace(b"a1", b"\xe9"), "id", id="Latin-1 id"),
        pytest.param(
            GOOD_JSON.decode().replace("Cầu Ánh Dương tắc", "Nhà vua").encode("latin-1"),
            "text",
            id="Latin-1 text",
        ),
        pytest.param(GOOD_JSON.replace(b"a1", b"\\ud800"), "id", id="lone surrogate"),
        pytest.param(GOOD_JSON.replace(b"a1", b"\\udc00x"), "id", id="low surrogate"),
        pytest.param(GOOD_JSON.replace(b"a1", b"\\u0000"), "id", id="NUL"),
    ],
)
def test_bytes_that_are_no_text_are_named_by_field(bad: bytes, field: str) -> None:
    """The neighbours count all the same."""
    first, rejection, last = parse(envelope(GOOD_JSON, bad, GOOD_JSON))

    assert isinstance(first, Mention)
    assert isinstance(last, Mention)
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.field, rejection.index) == (Reason.BAD_VALUE, field, 1)
    assert rejected(bad).field == field


def test_bad_text_in_an_unknown_field_does_no_harm() -> None:
    """Unknown fields are ignored, whatever is in them."""
    for junk in (b'"\\ud800"', b'"\xe9"', b'"\\u0000"', b"1e999", b"1" * 5000, b'{"id":[]}'):
        (read,) = parse(GOOD_JSON[:-1] + b',"junk":' + junk + b"}")
        assert read == mention()


def test_surrogate_pairs_are_ordinary_text() -> None:
    """Emoji arrive escaped from many producers."""
    assert mention(text="😀").text == "😀"
    assert b"\\ud83d" in json.dumps(GOOD | {"text": "😀"}).encode()


def test_an_escaped_backslash_before_u0000_is_not_nul() -> None:
    r"""The text ``\u0000`` spelled out holds six ordinary characters."""
    assert mention(text=r"\u0000").text == r"\u0000"


def test_the_last_of_two_equal_fields_counts() -> None:
    """As in every JSON parser in use."""
    (read,) = parse(GOOD_JSON[:-1] + b',"id":"b2"}')
    assert isinstance(read, Mention)
    assert read.id == "b2"


def test_topics_named_twice_are_one() -> None:
    """A mention counts once per topic; the order of the sender stays."""
    assert mention(topics=["cau-anh-duong", "cau-anh-duong"]).topics == ("cau-anh-duong",)
    assert mention(topics=[]).topics == ()
    assert mention().topics is None


@pytest.mark.parametrize(
    ("published", "fetched", "field"),
    [
        pytest.param(15 * 60, None, None, id="published 15 min ahead"),
        pytest.param(15 * 60 + 1, None, "published_at", id="published more than 15 min ahead"),
        pytest.param(0, 5 * 60, None, id="fetched 5 min ahead"),
        pytest.param(0, 5 * 60 + 1, "fetched_at", id="fetched more than 5 min ahead"),
        pytest.param(20 * 60, 5 * 60, None, id="both ahead"),
        pytest.param(-3600, -3600 - 15 * 60, None, id="replay, published 15 min ahead"),
        pytest.param(-3600, -3600 - 15 * 60 - 1, "published_at", id="replay, published more ahead"),
    ],
)
def test_future_is_measured_by_arrival_and_by_the_broker(
    published: int, fetched: int | None, field: str | None
) -> None:
    """Clocks may differ by minutes; beyond that the time is wrong and would move the whole stream."""
    sent = GOOD | {"published_at": (NOW + timedelta(seconds=published)).isoformat()}
    if fetched is not None:
        sent["fetched_at"] = (NOW + timedelta(seconds=fetched)).isoformat()
    (outcome,) = parse(json.dumps(sent).encode())

    assert (outcome.field if isinstance(outcome, Rejection) else None) == field
    if isinstance(outcome, Rejection):
        assert outcome.reason is Reason.TIME_IN_FUTURE


def test_arrival_is_fetched_at_else_the_append() -> None:
    """Milliseconds are kept, also where a float could not hold them exactly."""
    assert arrival_ms(mention(), NOW_MS) == NOW_MS
    fetched = mention(fetched_at="2026-11-24T09:59:00.001+07:00")
    assert arrival_ms(fetched, NOW_MS) == NOW_MS - 59_999
    assert published_ms(fetched) == NOW_MS - 120_000


def test_older_than_48_hours_on_arrival_is_stale() -> None:
    """Exactly 48 hours is still news; the age on arrival counts, not the age today."""
    two_days = NOW - timedelta(hours=48)
    assert not is_stale(mention(published_at=two_days.isoformat()), NOW_MS)
    older = (two_days - timedelta(milliseconds=1)).isoformat()
    assert is_stale(mention(published_at=older), NOW_MS)
    assert not is_stale(mention(published_at=older, fetched_at=older), NOW_MS)


def test_the_hash_of_a_mention_never_changes() -> None:
    """It is kept for 48 hours across restarts, so it may depend on nothing but source and id."""
    known = mention(source={"name": "Báo Ánh Dương"})
    assert mention_hash(known) == 0x9995FFF5543099F8
    assert mention_hash(known) == mention_hash(mention(source={"name": "Báo Ánh Dương"}, text="khác"))
    assert mention_hash(known) != mention_hash(mention(source={"name": "Báo Ánh Dương "}))
    assert mention_hash(mention(id="bc", source={"name": "a"})) != mention_hash(
        mention(id="c", source={"name": "ab"})
    )


def test_a_mention_shows_neither_text_nor_author() -> None:
    """Whatever logs it cannot leak a person."""
    private = mention(text="lời riêng tư", title="tít riêng", author_key="nguyen-van-a")
    for shown in (repr(private), str(private), f"{private}", repr([private]), str(private.__rich_repr__())):
        assert not any(secret in shown for secret in ("riêng", "nguyen-van-a"))
        assert "a1" in shown


def test_dead_letter_v1_is_the_golden_one() -> None:
    """Others read it; a change here is a new version."""
    rejection = Rejection(Reason.BAD_VALUE, "source.kind", "allowed: press, social, forum, video or other", 7)
    letter = encode_dead_letter(rejection, topic="mentions", partition=2, offset=41, at_ms=NOW_MS + 5)

    assert letter == GOLDEN.read_bytes().strip()


def test_the_same_rejection_is_the_same_dead_letter() -> None:
    """A batch that is done again repeats its bytes, so that readers can drop the second."""
    rejection = rejected(b"x")
    place = {"topic": "mentions", "partition": 0, "offset": 1, "at_ms": NOW_MS}
    assert encode_dead_letter(rejection, **place) == encode_dead_letter(rejection, **place)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=10,
)
near_mentions = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values | st.just("a"),
        "published_at": json_values | st.datetimes().map(lambda t: t.isoformat() + "Z"),
        "text": json_values,
        "title": json_values,
        "fetched_at": json_values | st.datetimes().map(lambda t: t.isoformat() + "+07:00"),
        "source": json_values
        | st.fixed_dictionaries({}, optional={"name": json_values, "kind": json_values}),
        "url": json_values,
        "lang": json_values,
        "reach": json_values,
        "topics": json_values | st.lists(json_values, max_size=3),
        "author_key": json_values,
        "junk": json_values,
    },
)


@given(st.binary(max_size=300))
@example(b'{"id":"\xff"}')
@example(b"[1,]")
def test_arbitrary_bytes_never_raise(value: bytes) -> None:
    """Whatever a producer writes, the stream goes on, and a whole rejection stands alone."""
    outcomes = parse(value)
    whole = [item for item in outcomes if isinstance(item, Rejection) and item.index == -1]
    assert not whole or len(outcomes) == 1


@given(st.data())
def test_a_damaged_record_never_raises(data: st.DataObject) -> None:
    """One byte changed anywhere in a good envelope, the likeliest damage there is."""
    value = bytearray(envelope(GOOD_JSON, GOOD_JSON))
    value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    assert len(parse(bytes(value))) in (1, 2)


@given(st.lists(near_mentions | json_values, max_size=6))
def test_each_element_has_exactly_one_outcome_at_its_place(elements: list[object]) -> None:
    """Good neighbours of bad elements survive, wherever they stand; NaN alone makes it no JSON."""
    encoded = [json.dumps(element).encode() for element in elements]
    woven = [part for element in encoded for part in (element, GOOD_JSON)]
    outcomes = parse(envelope(*woven))

    if any(b"NaN" in part or b"Infinity" in part for part in encoded):
        return
    assert len(outcomes) == len(woven)
    assert all(isinstance(outcome, Mention) for outcome in outcomes[1::2])
    for index, outcome in enumerate(outcomes):
        assert isinstance(outcome, Mention) or outcome.index == index


@given(near_mentions)
def test_an_element_is_judged_alike_alone_and_in_company(element: dict[str, object]) -> None:
    """Both paths, whole envelopes at once and element by element, are one contract."""
    encoded = json.dumps(element, allow_nan=True).encode()
    (alone,) = parse(envelope(encoded))
    company = parse(envelope(encoded, b"{}"))[0]
    assert alone == company


@given(st.text(), st.text())
def test_valid_mentions_survive_a_round_trip(identity: str, text: str) -> None:
    """Encode what was parsed and parse it again: nothing is lost."""
    for outcome in parse(json.dumps(GOOD | {"id": identity, "text": text}).encode()):
        if isinstance(outcome, Mention):
            assert parse(msgspec.json.encode(outcome)) == [outcome]

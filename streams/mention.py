"""Mention v1: what a Kafka record of the topic ``mentions`` may hold, and what each of its elements became.

Pure: bytes and the broker's append time in, mentions and rejections out. A record's value is one JSON object
or a JSON array of up to 500 (an envelope). Each element has exactly one outcome, in the order of the record;
a bad element never takes its neighbours along.

Two paths lead to the same outcomes. The fast one decodes a whole envelope into typed structs at once. Only
where that fails does the slow one take the envelope apart, element by element, and name field and reason.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from detectors.events import mention_key

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

MAX_ENVELOPE: Final = 500
"""Mentions in one envelope."""
MAX_RECORD_BYTES: Final = 4 * 1024 * 1024
"""Bytes of one record's value: an ordinary envelope of 500 is 0.3 MB."""
MAX_TEXT: Final = 20_000
"""Characters of ``text``, and of ``title``."""
MAX_TOPICS: Final = 100
"""Ids that one mention may bring along."""
STALE_AFTER_MS: Final = 48 * 3600 * 1000
"""A mention older than this on arrival is archive, not news."""
PUBLISHED_AHEAD_MS: Final = 15 * 60 * 1000
"""How far ``published_at`` may lie after arrival: publishers' clocks differ by minutes."""
FETCHED_AHEAD_MS: Final = 5 * 60 * 1000
"""How far ``fetched_at`` may lie after the broker's append: connectors run on synchronised machines."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_Name = Annotated[str, Meta(max_length=200)]
_Time = Annotated[datetime, Meta(tz=True)]
_Text = Annotated[str, Meta(max_length=MAX_TEXT)]
_Url = Annotated[str, Meta(max_length=4096, pattern=r"^(?:[Hh][Tt][Tt][Pp][Ss]?://\S+)?\Z")]
_Lang = Annotated[str, Meta(max_length=35, pattern=r"^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*\Z")]


class Kind(StrEnum):
    """Where a mention was said; ``other`` when its connector does not know."""

    PRESS = "press"
    SOCIAL = "social"
    FORUM = "forum"
    VIDEO = "video"
    OTHER = "other"


class Outcome(StrEnum):
    """What became of one element of a record; also the label of ``haidang_mentions_total``."""

    COUNTED = "counted"
    UNMATCHED = "unmatched"
    DUPLICATE = "duplicate"
    STALE = "stale"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why something became a dead letter: log field, metric label and field of the dead letter alike."""

    NOT_JSON = "not_json"
    RECORD_TOO_LARGE = "record_too_large"
    ENVELOPE_TOO_LARGE = "envelope_too_large"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    BAD_VALUE = "bad_value"
    TIME_WITHOUT_OFFSET = "time_without_offset"
    TIME_IN_FUTURE = "time_in_future"
    TEXT_TOO_LONG = "text_too_long"
    UNKNOWN_TOPIC = "unknown_topic"
    INTERNAL_ERROR = "internal_error"


class Source(msgspec.Struct, frozen=True, gc=False):
    """The outlet: name of the paper, page or forum, and its kind."""

    name: _Name = ""
    kind: Kind = Kind.OTHER


class Mention(msgspec.Struct, frozen=True, gc=False):
    """One article, post or comment, valid as of its arrival.

    (``source.name``, ``id``) identifies it. Times are aware; the offset is the sender's. ``topics`` is None
    when matching shall find them and () when the sender found none. ``author_key`` serves one distinct count
    and is then dropped: neither it nor the text shows in ``repr``, so that no log line can hold them.
    """

    id: Annotated[str, Meta(min_length=1, max_length=256)]
    published_at: _Time
    text: _Text
    title: _Text = ""
    fetched_at: _Time | None = None
    source: Source = Source()
    url: _Url | None = None
    lang: _Lang | None = None
    reach: Annotated[int, Meta(ge=0, le=1_000_000_000_000)] | None = None
    topics: Annotated[tuple[str, ...], Meta(max_length=MAX_TOPICS)] | None = None
    author_key: Annotated[str, Meta(max_length=1024)] | None = None

    def __repr__(self) -> str:
        """Identity, time and length; never text or author."""
        return (
            f"Mention(id={self.id!r}, source={self.source.name!r}, "
            f"published_at={self.published_at.isoformat()!r}, {len(self.text)} characters)"
        )

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Show what ``repr`` shows."""
        return [("id", self.id), ("source", self.source.name), ("characters", len(self.text))]


class Rejection(msgspec.Struct, frozen=True):
    """Why one element, or a whole record, is not counted.

    ``field`` is a dotted path ("source.kind") or "" when no single field is at fault; ``index`` the position
    in the envelope, 0 for a lone object, -1 for the whole record. ``detail`` says what is allowed and never
    repeats what was sent.
    """

    reason: Reason
    field: str
    detail: str
    index: int


class DeadLetter(msgspec.Struct, frozen=True, tag_field="schema", tag="haidang.dead_letter.v1"):
    """A rejection with its place on Kafka, where the payload can be read while retention lasts."""

    reason: Reason
    field: str
    detail: str
    topic: str
    partition: int
    offset: int
    index: int
    at: str


_ALLOWED: Final[Mapping[str, str]] = {
    "": "a JSON object (one mention) or a JSON array of up to 500 of them, in UTF-8",
    "id": "a string of 1 to 256 characters, unique within its source",
    "published_at": "an RFC 3339 time with offset, 1970 or later, such as 2026-11-24T10:00:00+07:00",
    "text": f"a string of up to {MAX_TEXT} characters",
    "title": f"a string of up to {MAX_TEXT} characters",
    "fetched_at": "an RFC 3339 time with offset, 1970 or later, such as 2026-11-24T10:00:00+07:00",
    "source": "an object with name and kind",
    "source.name": "a string of up to 200 characters",
    "source.kind": "press, social, forum, video or other",
    "url": "an http or https link of up to 4096 characters",
    "lang": "a BCP 47 language tag such as vi or en-US",
    "reach": "a whole number from 0 to 1000000000000",
    "topics": f"an array of up to {MAX_TOPICS} topic ids of the catalogue",
    "author_key": "a string of up to 1024 characters",
}
_FIELDS: Final = tuple(Mention.__struct_fields__)
_OPTIONAL: Final = frozenset(_FIELDS) - {"id", "published_at", "text"}
_STRINGS: Final = ("id", "text", "title", "url", "author_key")
# msgspec reports bad UTF-8 as UnicodeDecodeError and bottomless nesting as RecursionError; the standard
# library's parser reports everything as ValueError, of which the former is one.
_UNREADABLE: Final = (msgspec.DecodeError, ValueError, RecursionError)

_ENVELOPE_DECODER: Final = msgspec.json.Decoder(Annotated[list[Mention], Meta(max_length=MAX_ENVELOPE)])
_MENTION_DECODER: Final = msgspec.json.Decoder(Mention)
_ELEMENTS_DECODER: Final = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT_DECODER: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()


def parse_record(
    value: bytes | None, *, appended_ms: int, known_topics: Container[str]
) -> list[Mention | Rejection]:
    """Return the outcome of each element of a record, in order; never raises.

    Parameters
    ----------
    value
        The record's value; None (a tombstone) is rejected as a whole.
    appended_ms
        The broker's append time in epoch milliseconds: arrival when ``fetched_at`` is absent, and the clock
        that "in the future" is measured by.
    known_topics
        Ids that ``topics`` may name.

    Returns
    -------
    list of Mention or Rejection
        One per element; [] for an empty envelope; one Rejection with index -1 when the record as a whole
        cannot be read or is too large. Repeated ids in ``topics`` are folded into one.

    """
    decoded = _decode(value)
    if isinstance(decoded, Rejection):
        return [decoded]
    has_nul = value is not None and b"\\u0000" in value
    outcomes = list(decoded)
    for index, item in enumerate(decoded):
        if isinstance(item, Mention):
            outcomes[index] = _judge(item, index, appended_ms, known_topics, has_nul=has_nul)
    return outcomes


def arrival_ms(mention: Mention, appended_ms: int) -> int:
    """When it was known, in epoch milliseconds: ``fetched_at``, else the broker's append time."""
    return appended_ms if mention.fetched_at is None else _epoch_ms(mention.fetched_at)


def published_ms(mention: Mention) -> int:
    """When it was said, in epoch milliseconds (event time)."""
    return _epoch_ms(mention.published_at)


def is_stale(mention: Mention, appended_ms: int) -> bool:
    """Whether it was more than 48 hours old on arrival: archive, never news."""
    return arrival_ms(mention, appended_ms) - published_ms(mention) > STALE_AFTER_MS


def mention_hash(mention: Mention) -> int:
    """Return 64 bits of (``source.name``, ``id``), the same in every process and version."""
    return mention_key(mention.source.name, mention.id)


def encode_dead_letter(rejection: Rejection, *, topic: str, partition: int, offset: int, at_ms: int) -> bytes:
    """Return dead letter v1 as JSON; ``at_ms`` is the append time of the rejected record (epoch ms)."""
    at = (_EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds")
    letter = DeadLetter(
        reason=rejection.reason,
        field=rejection.field,
        detail=rejection.detail,
        topic=topic,
        partition=partition,
        offset=offset,
        index=rejection.index,
        at=at.replace("+00:00", "Z"),
    )
    return _ENCODER.encode(letter)


def _epoch_ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def _decode(value: bytes | None) -> list[Mention | Rejection] | Rejection:
    """Decode the whole record at once, or take it apart where that fails."""
    if value is None:
        return _whole(Reason.NOT_JSON, "the record has no value")
    if len(value) > MAX_RECORD_BYTES:
        return _whole(Reason.RECORD_TOO_LARGE, f"allowed: up to {MAX_RECORD_BYTES} bytes in a record")
    is_object = value[:1] == b"{" or value.lstrip()[:1] == b"{"
    try:
        if is_object:
            return [_MENTION_DECODER.decode(value)]
        return [*_ENVELOPE_DECODER.decode(value)]
    except _UNREADABLE:
        return _take_apart(value, is_object=is_object)


def _take_apart(value: bytes, *, is_object: bool) -> list[Mention | Rejection] | Rejection:
    """Find out which elements are good; only called when the record as a whole did not decode."""
    elements = _split(value, is_object=is_object)
    if isinstance(elements, Rejection):
        return elements
    if len(elements) > MAX_ENVELOPE:
        return _whole(Reason.ENVELOPE_TOO_LARGE, f"allowed: up to {MAX_ENVELOPE} mentions in an envelope")
    return [_parse_element(element, index) for index, element in enumerate(elements)]


def _split(value: bytes, *, is_object: bool) -> list[bytes] | Rejection:
    """Return the JSON of each element, none of them judged yet."""
    try:
        if is_object:
            _OBJECT_DECODER.decode(value)
            return [value]
        return [bytes(element) for element in _ELEMENTS_DECODER.decode(value)]
    except msgspec.ValidationError:
        return _whole(Reason.WRONG_TYPE, f"allowed: {_ALLOWED['']}")
    except _UNREADABLE:
        return _split_leniently(value)


def _split_leniently(value: bytes) -> list[bytes] | Rejection:
    """Split what msgspec cannot even skip: a lone surrogate anywhere makes it give the whole record up.

    The standard library reads those, so that only the element which holds one is lost. Unknown fields are
    left out here, since a surrogate in them does no harm.
    """
    try:
        parsed = json.loads(value.decode(), parse_constant=_refuse_constant)
        elements = parsed if isinstance(parsed, list) else [parsed]
        return [json.dumps(_known_part(element)).encode() for element in elements]
    except (ValueError, RecursionError):
        return _whole(Reason.NOT_JSON, f"allowed: {_ALLOWED['']}")


def _refuse_constant(name: str) -> float:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _known_part(element: object) -> object:
    if not isinstance(element, dict):
        return element
    return {name: value for name, value in element.items() if name in _FIELDS}


def _parse_element(element: bytes, index: int) -> Mention | Rejection:
    try:
        return _MENTION_DECODER.decode(element)
    except _UNREADABLE:
        return _parse_without_nulls(element, index)


def _parse_without_nulls(element: bytes, index: int) -> Mention | Rejection:
    """Try again with null optional fields left out (null means absent), then name what is wrong."""
    try:
        fields = _without_nulls(element)
        return _MENTION_DECODER.decode(_ENCODER.encode(fields))
    except msgspec.ValidationError as error:
        return _explain(str(error), index)
    except _UNREADABLE:
        return _locate_unreadable(element, index)


def _without_nulls(element: bytes) -> dict[str, msgspec.Raw]:
    fields = {
        name: raw
        for name, raw in _OBJECT_DECODER.decode(element).items()
        if name in _FIELDS and not (name in _OPTIONAL and bytes(raw) == b"null")
    }
    source = bytes(fields.get("source", b""))
    if source.startswith(b"{"):
        kept = {name: raw for name, raw in _OBJECT_DECODER.decode(source).items() if bytes(raw) != b"null"}
        fields["source"] = msgspec.Raw(_ENCODER.encode(kept))
    return fields


def _explain(message: str, index: int) -> Rejection:
    """Turn msgspec's message into reason and field.

    Only its fixed phrases are read, and the path from the end: the message about an unknown ``source.kind``
    quotes the value, which could imitate the others.
    """
    before, _, path = message.rpartition(" - at `$")
    problem, field = (before, _field_of(path)) if before else (message, "")
    if problem.startswith("Object missing required field `"):
        field = f"{field}.{problem.split('`')[1]}".strip(".")
        return _reject(Reason.MISSING_FIELD, field, index)
    return _reject(_reason_of(problem, field), field, index)


def _field_of(path: str) -> str:
    return path.removesuffix("`").partition("[")[0].strip(".")


def _reason_of(problem: str, field: str) -> Reason:
    if problem.startswith("Invalid enum value"):
        return Reason.BAD_VALUE
    if problem.endswith("with a timezone component"):
        return Reason.TIME_WITHOUT_OFFSET
    if ", got `" in problem:
        return Reason.WRONG_TYPE
    if field in ("text", "title") and " of length <= " in problem:
        return Reason.TEXT_TOO_LONG
    return Reason.BAD_VALUE


def _locate_unreadable(element: bytes, index: int) -> Rejection:
    """Name the field whose bytes are no UTF-8 or hold a lone surrogate; "" when it is a field's name."""
    try:
        fields = _OBJECT_DECODER.decode(element)
    except _UNREADABLE:
        fields = _object_of_surrogates(element)
    bad = (name for name in _FIELDS if name in fields and not _is_readable(bytes(fields[name])))
    field = next(bad, None)
    if field is None:
        return _reject(Reason.NOT_JSON, "", index)
    return Rejection(Reason.BAD_VALUE, field, f"allowed: {_ALLOWED[field]}, all of it valid Unicode", index)


def _object_of_surrogates(element: bytes) -> dict[str, msgspec.Raw]:
    try:
        parsed = json.loads(element.decode())
    except (ValueError, RecursionError):
        return {}
    return {name: msgspec.Raw(json.dumps(value).encode()) for name, value in parsed.items()}


def _is_readable(value: bytes) -> bool:
    try:
        _ANY_DECODER.decode(value)
    except _UNREADABLE:
        return False
    return True


def _judge(
    mention: Mention, index: int, appended_ms: int, known_topics: Container[str], *, has_nul: bool
) -> Mention | Rejection:
    """Check what no schema can: times against the broker's clock, topics against the catalogue, NUL."""
    fault = _time_fault(mention, index, appended_ms)
    if fault is None and has_nul:
        fault = _nul_fault(mention, index)
    if fault is not None or mention.topics is None:
        return mention if fault is None else fault
    if not all(topic in known_topics for topic in mention.topics):
        return _reject(Reason.UNKNOWN_TOPIC, "topics", index)
    unique = tuple(dict.fromkeys(mention.topics))
    same = len(unique) == len(mention.topics)
    return mention if same else msgspec.structs.replace(mention, topics=unique)


def _time_fault(mention: Mention, index: int, appended_ms: int) -> Rejection | None:
    published = _epoch_ms(mention.published_at)
    arrival = appended_ms
    if mention.fetched_at is not None:
        arrival = _epoch_ms(mention.fetched_at)
        if arrival < 0:
            return _reject(Reason.BAD_VALUE, "fetched_at", index)
        if arrival > appended_ms + FETCHED_AHEAD_MS:
            detail = "allowed: at most 5 minutes after Kafka took the record"
            return Rejection(Reason.TIME_IN_FUTURE, "fetched_at", detail, index)
    if published < 0:
        return _reject(Reason.BAD_VALUE, "published_at", index)
    if published > arrival + PUBLISHED_AHEAD_MS:
        detail = "allowed: at most 15 minutes after arrival (fetched_at, else Kafka's time of the record)"
        return Rejection(Reason.TIME_IN_FUTURE, "published_at", detail, index)
    return None


def _nul_fault(mention: Mention, index: int) -> Rejection | None:
    """NUL ends strings in other programs and cannot be stored by PostgreSQL."""
    values = [(name, getattr(mention, name)) for name in _STRINGS]
    values.append(("source.name", mention.source.name))
    for name, value in values:
        if value is not None and "\0" in value:
            return Rejection(Reason.BAD_VALUE, name, f"allowed: {_ALLOWED[name]}, without NUL", index)
    return None


def _reject(reason: Reason, field: str, index: int) -> Rejection:
    verb = "required" if reason is Reason.MISSING_FIELD else "allowed"
    what = _ALLOWED[field] if field or reason is Reason.NOT_JSON else "an object with the fields of a mention"
    return Rejection(reason, field, f"{verb}: {what}", index)


def _whole(reason: Reason, detail: str) -> Rejection:
    return Rejection(reason, "", detail, -1)

"""Steering: what officers said on Kafka ``feedback``, ``calendar`` and ``corrections``, for the log (pure).

An order must have its place among the observations, so that a crash and a replay take the same decisions.
The steer agent therefore copies each record into the observations partitions that it concerns. A correction
goes to all of them, and from each into the partition of ``mentions`` of the same number (`corrections`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from detectors.gist import Gist, Label
from detectors.orders import MOST_FACTOR, Cancelled, Correction, PlannedEvent, Verdict, VerdictName
from detectors.stories import STORY_DESK
from streams.mention import Reason, Rejection
from streams.observation import Observations, home_partition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.orders import Order
    from streams.catalogue import Catalogue

__all__ = ["CALENDAR", "CORRECTIONS", "FEEDBACK", "concerned", "observed", "partitions_of", "read_correction"]
__all__ += ["read_order"]

FEEDBACK = "feedback"
CALENDAR = "calendar"
CORRECTIONS = "corrections"
_Id = Annotated[str, Meta(min_length=1, max_length=200)]
_Epoch: TypeAlias = Annotated[int, Meta(ge=0)]


class _Feedback(msgspec.Struct, frozen=True):
    """Feedback v1: an officer's verdict on an alert; null takes it back."""

    schema: Literal["haidang.feedback.v1"]
    topic: _Id
    alert_id: _Id
    verdict: VerdictName | None


class _Planned(msgspec.Struct, frozen=True, rename={"event_id": "id", "start": "from", "end": "to"}):
    """Calendar v1: a planned event; ``from`` and ``to`` in epoch seconds."""

    schema: Literal["haidang.calendar.v1"]
    event_id: _Id
    start: _Epoch
    end: _Epoch
    factor: Annotated[float, Meta(ge=1.0, le=MOST_FACTOR)]
    topics: tuple[_Id, ...] = ()
    cancelled: bool = False


class _Corrected(msgspec.Struct, frozen=True, rename={"correction_id": "id"}):
    """Correction v1: how a mention is to be judged; a label of null takes back what was said."""

    schema: Literal["haidang.correction.v1"]
    correction_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    revision: Annotated[int, Meta(ge=1, lt=1 << 31)]
    number: Annotated[int, Meta(ge=1, lt=1 << 31)]
    label: Label | None
    gist: Gist | None = None


_FEEDBACK = msgspec.json.Decoder(_Feedback)
_PLANNED = msgspec.json.Decoder(_Planned)
_CORRECTED = msgspec.json.Decoder(_Corrected)


def read_order(topic: str, value: bytes | None, catalogue: Catalogue) -> Order | Rejection:
    """Return the order that a record of the Kafka topic ``feedback`` or ``calendar`` stands for.

    A planned event also concerns the topics below those that it names. A record that cannot be read is a
    rejection with the field at fault.
    """
    try:
        if topic == FEEDBACK:
            said = _FEEDBACK.decode(value or b"")
            return Verdict(said.topic, said.alert_id, said.verdict)
        return _planned(_PLANNED.decode(value or b""), catalogue)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _rejection(error)


def read_correction(value: bytes | None) -> Correction | Rejection:
    """Return the correction that a record of the Kafka topic ``corrections`` stands for.

    What takes one back carries no gist. A record that cannot be read is a rejection with the field at fault.
    """
    try:
        said = _CORRECTED.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _rejection(error)
    if said.label is None:
        return Correction(said.correction_id, said.revision, said.number, None, None)
    if said.gist is None:
        return Rejection(Reason.BAD_VALUE, "gist", "must be there beside a label", -1)
    return Correction(said.correction_id, said.revision, said.number, said.label, said.gist)


def observed(
    topic: str, value: bytes | None, catalogue: Catalogue, partitions: int
) -> tuple[Observations, Iterable[int]] | Rejection:
    """Return what officers said as an observations record, and the partitions that it is for."""
    said = read_correction(value) if topic == CORRECTIONS else read_order(topic, value, catalogue)
    if isinstance(said, Rejection):
        return said
    if isinstance(said, Correction):
        return Observations(corrections=[said]), range(partitions)
    return Observations(orders=[said]), partitions_of(said, partitions)


def _rejection(error: Exception) -> Rejection:
    problem, _, place = str(error).partition(" - at `$")
    return Rejection(Reason.BAD_VALUE, place.rstrip("`").lstrip("."), problem, -1)


def _planned(found: _Planned, catalogue: Catalogue) -> Order | Rejection:
    if found.cancelled:
        return Cancelled(found.event_id)
    if found.end <= found.start:
        return Rejection(Reason.BAD_VALUE, "to", "must be after from", -1)
    topics = catalogue.with_topics_below(found.topics)
    return PlannedEvent(found.event_id, topics, found.start, found.end, found.factor)


def concerned(order: Order) -> frozenset[str] | None:
    """Return the topics that an order may concern, and the story desk; None: every topic."""
    match order:
        case Verdict():
            return frozenset((order.topic, STORY_DESK))
        case PlannedEvent() if order.topics:
            return frozenset((*order.topics, STORY_DESK))
        case _:
            return None


def partitions_of(order: Order, partitions: int) -> Iterable[int]:
    """Return the observations partitions whose topics, or story desk, an order may concern."""
    topics = concerned(order)
    if topics is None:
        return range(partitions)
    return sorted({home_partition(topic, partitions) for topic in topics})

"""Officers' corrections of polarity, each in force from its place in a partition of ``mentions`` (pure).

How a mention is judged must follow from the log alone, or a crash would judge it otherwise and a backtest
could not repeat it. So a correction takes effect at its *mark*, a record that the worker appends to each
partition of ``mentions`` once it has kept what the mark stands for: every mention behind the mark is judged
by it, none before, whoever reads the partition and whenever. A mark says no more than which correction; one
that stands for nothing, written by a stranger, is a dead letter.

Keys within a partition of the state table: ``k/<correction>/<revision>`` what was said,
``m/<correction>/<revision>`` the offset of its mark. Both are emptied once a later revision is in force: of
a correction that was taken back nothing is left of the text.
"""

from __future__ import annotations

import struct
from bisect import insort
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import msgspec

from detectors.orders import Correction
from detectors.polarity import Corrector, corrected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Corrections", "Mark", "Passed", "encode_mark", "mark_of", "read_mark"]

#: Behind it is the first record.
_BEGINNING = -1
#: Of two entries under one key the state table keeps the one whose header is larger (`journal.newer`).
_HEADER = struct.Struct(">QQ")
_LAST_OFFSET = (1 << 63) - 1
_SAID, _EMPTIED = _HEADER.pack(0, 0), _HEADER.pack((1 << 64) - 1, 0)


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record of ``mentions``: from here on this revision of a correction is in force."""

    schema: Literal["haidang.mark.v1"]
    correction: str
    revision: int


class Passed(StrEnum):
    """What a mark came to."""

    TAKEN = "taken"
    REPEATED = "repeated"
    UNKNOWN = "unknown"


#: Id and revision of a correction.
_Name: TypeAlias = tuple[str, int]


class _Place(NamedTuple):
    """From behind which offset a revision of a correction is in force."""

    offset: int
    name: _Name


_MARK = msgspec.json.Decoder(Mark)
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Correction)
#: What every mark of ours begins with, and hardly anything else: most records are mentions.
_BEGINS = b'{"schema":"haidang.mark.v1"'


def mark_of(correction: Correction) -> Mark:
    """Return the mark that brings a correction into force."""
    return Mark("haidang.mark.v1", correction.correction_id, correction.revision)


def encode_mark(mark: Mark) -> bytes:
    """Return the mark as a record's value."""
    return msgspec.json.encode(mark)


def read_mark(value: bytes | None) -> Mark | None:
    """Return the mark that a record of ``mentions`` is; None if it is none."""
    if value is None or not value.startswith(_BEGINS):
        return None
    try:
        return _MARK.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # whatever else it is, the schema of mentions will say


@lru_cache(maxsize=4)
def _corrector(in_force: tuple[Correction, ...]) -> Corrector:
    """Return what the corrections come to; partitions that have the same ones in force share it."""
    return corrected((one.gist, one.label) for one in in_force if one.gist and one.label)


class Corrections:
    """What was said of the polarity of mentions, and from where on, in one partition of ``mentions``."""

    def __init__(self) -> None:
        self._said: dict[_Name, Correction] = {}
        self._newest: dict[str, int] = {}
        self._places: list[_Place] = []
        self._passed = 0
        self._latest: dict[str, Correction] = {}
        self._corrector = _corrector(())
        self._unwritten: dict[str, bytes] = {}

    @property
    def in_force(self) -> int:
        """Number of corrections that the mentions read last are judged by."""
        return len(self._in_force())

    def hear(self, correction: Correction) -> dict[str, bytes]:
        """Take in what was said; return the state entries that must be durable before its mark is sent.

        Nothing when it was said before, or replaced since.
        """
        name = (correction.correction_id, correction.revision)
        if self._newest.get(correction.correction_id, 0) >= correction.revision:
            return {}
        self._know(name, correction)
        return {_key("k", name): _SAID + _ENCODER.encode(correction)}

    def pass_mark(self, offset: int, mark: Mark) -> Passed:
        """Take in that a mark stands at an offset; of two marks the first counts."""
        name = (mark.correction, mark.revision)
        if mark.revision > self._newest.get(mark.correction, 0):
            return Passed.UNKNOWN
        if name not in self._said or any(place.name == name for place in self._places):
            return Passed.REPEATED
        self.place(name, offset)
        self._unwritten[_key("m", name)] = _HEADER.pack(_LAST_OFFSET - offset, 0)
        return Passed.TAKEN

    def place(self, name: _Name, offset: int) -> None:
        """Let a revision of a correction be in force from behind an offset."""
        insort(self._places, _Place(offset, name))

    def at(self, offset: int) -> Corrector:
        """Return what a record at an offset is judged by; offsets are asked for in ascending order."""
        before = self._passed
        while self._passed < len(self._places) and self._places[self._passed].offset < offset:
            self._take(self._places[self._passed].name)
            self._passed += 1
        if self._passed != before:
            self._corrector = _corrector(self._in_force())
        return self._corrector

    def entries(self) -> dict[str, bytes]:
        """Return the state entries since the last call, due before what was read is acknowledged."""
        unwritten, self._unwritten = self._unwritten, {}
        return unwritten

    @classmethod
    def restore(cls, values: Mapping[str, bytes]) -> Corrections:
        """Return what the entries of a partition's state, of any kind, stand for."""
        found, marked = cls(), list[_Place]()
        for key, value in values.items():
            kind, _, rest = key.partition("/")
            if kind not in {"k", "m"}:
                continue
            correction_id, _, revision = rest.rpartition("/")
            name = (correction_id, int(revision))
            if value == _EMPTIED:
                found._know(name, None)
            elif kind == "k":
                found._know(name, _DECODER.decode(value[_HEADER.size :]))
            else:
                marked.append(_Place(_LAST_OFFSET - _HEADER.unpack_from(value)[0], name))
        found._places = sorted(place for place in marked if place.name in found._said)
        return found

    @classmethod
    def replayed(cls, said: Iterable[Correction], values: Iterable[bytes | None]) -> Corrections:
        """Return what was said, in force from its mark on, or without one from the beginning."""
        found = cls()
        marks = {(mark.correction, mark.revision) for mark in map(read_mark, values) if mark is not None}
        for correction in said:
            name = (correction.correction_id, correction.revision)
            if found.hear(correction) and name not in marks:
                found.place(name, _BEGINNING)
        return found

    def _know(self, name: _Name, correction: Correction | None) -> None:
        """Note what a revision says; None: it was replaced."""
        self._newest[name[0]] = max(name[1], self._newest.get(name[0], 0))
        if correction is not None:
            self._said[name] = correction

    def _take(self, name: _Name) -> None:
        """Bring a marked revision into force unless a later one is, and forget what is replaced."""
        former, new = self._latest.get(name[0]), self._said[name]
        replaced = new if former is not None and former.revision > new.revision else former
        if replaced is not new:
            self._latest[name[0]] = new
        if replaced is not None:
            gone = (replaced.correction_id, replaced.revision)
            del self._said[gone]
            self._unwritten |= {_key("k", gone): _EMPTIED, _key("m", gone): _EMPTIED}

    def _in_force(self) -> tuple[Correction, ...]:
        """Return what was not taken back, in the one order in which all partitions learn."""
        found = (one for one in self._latest.values() if one.label is not None)
        return tuple(sorted(found, key=lambda one: one.number))


def _key(kind: str, name: _Name) -> str:
    return f"{kind}/{name[0]}/{name[1]}"

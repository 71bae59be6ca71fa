"""How far a file has been sent, remembered between runs.

One small JSON file per input, cluster and Kafka topic. It is written only after the broker has acknowledged
what it says, so a kill at any moment makes the next run repeat at most the last half second, which the stream
counts once.
"""

import hashlib
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec


class Position(msgspec.Struct, frozen=True):
    """Place in an input up to which every line is acknowledged (or refused and reported).

    `offset` counts bytes of the uncompressed input, `last` is a digest of the last line before it,
    `last_bytes` that line's length with its line end: with them a file that merely grew is told from one that
    was replaced. With `by_arrival` it is a place in the copy in order of arrival, not in the file itself.
    """

    path: str
    size: int
    modified_ns: int
    inode: int
    by_arrival: bool = False
    offset: int = 0
    line: int = 0
    mentions: int = 0
    refused: int = 0
    last: str = ""
    last_bytes: int = 0
    complete: bool = False


class Resume(StrEnum):
    """What a remembered position means for the file as it is now."""

    NEW = "new"
    CONTINUE = "continue"
    GREW = "grew"
    COMPLETE = "complete"
    CHANGED = "changed"


@dataclass(frozen=True)
class Found:
    """Where to start and why there."""

    position: Position
    resume: Resume


def line_digest(line: bytes) -> str:
    """Short digest of a line as it stands in the file, line end included."""
    return hashlib.blake2b(line, digest_size=8).hexdigest()


def _same_file(position: Position, now: os.stat_result) -> bool:
    return (position.size, position.modified_ns, position.inode) == (now.st_size, now.st_mtime_ns, now.st_ino)


def _merely_grew(position: Position, path: Path, now: os.stat_result) -> bool:
    if position.by_arrival or position.inode != now.st_ino or now.st_size < position.size:
        return False
    with path.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            return False
        file.seek(position.offset - position.last_bytes)
        return line_digest(file.read(position.last_bytes)) == position.last


class PositionStore:
    """Positions of all inputs of one cluster and Kafka topic, under one folder."""

    def __init__(self, folder: Path, scope: str) -> None:
        """Keep positions in `folder`, made when needed; `scope` names cluster and Kafka topic."""
        self._folder = folder
        self._scope = scope

    def file(self, path: Path, *, by_arrival: bool = False) -> Path:
        """Position file of an input."""
        scope = f"{self._scope}\0{path.resolve()}\0{by_arrival}"
        name = hashlib.blake2b(scope.encode(errors="surrogateescape"), digest_size=8).hexdigest()
        return self._folder / f"{path.name}.{name}.json"

    def ordered_copy(self, path: Path) -> Path:
        """Where the copy of an input in order of arrival belongs; another name once the input has changed."""
        now = path.stat()
        return self.file(path, by_arrival=True).with_suffix(f".{now.st_size}-{now.st_mtime_ns}.ordered")

    def find(self, path: Path, *, fresh: bool = False, by_arrival: bool = False) -> Found:
        """Where to start in `path`; an unreadable position file counts as none. Raises OSError."""
        now = path.stat()
        start = Position(
            path=str(path.resolve()),
            size=now.st_size,
            modified_ns=now.st_mtime_ns,
            inode=now.st_ino,
            by_arrival=by_arrival,
        )
        known = None if fresh else self._read(self.file(path, by_arrival=by_arrival))
        if known is None:
            return Found(start, Resume.NEW)
        if _same_file(known, now):
            return Found(known, Resume.COMPLETE if known.complete else Resume.CONTINUE)
        if _merely_grew(known, path, now):
            grown = msgspec.structs.replace(
                known, size=start.size, modified_ns=start.modified_ns, complete=False
            )
            return Found(grown, Resume.GREW)
        return Found(start, Resume.CHANGED)

    def save(self, position: Position) -> None:
        """Write the position whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self.file(Path(position.path), by_arrival=position.by_arrival)
        draft = target.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(position))
        draft.replace(target)

    @staticmethod
    def _read(file: Path) -> Position | None:
        try:
            return msgspec.json.decode(file.read_bytes(), type=Position)
        except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
            return None

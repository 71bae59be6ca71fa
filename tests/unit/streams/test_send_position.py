"""How far a file has been sent is remembered exactly as long as the file stays what it was."""

import gzip
import os
from pathlib import Path

import msgspec
import pytest

from streams.send_position import Position, PositionStore, Resume, line_digest

LINES = [b'{"id":"1"}\n', b'{"id":"2"}\n', b'{"id":"3"}\n']


@pytest.fixture
def store(tmp_path: Path) -> PositionStore:
    """Positions of one cluster."""
    return PositionStore(tmp_path / "state", "cluster/mentions")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a file of three lines."""
    file = tmp_path / "mentions.jsonl"
    file.write_bytes(b"".join(LINES))
    return file


def _after_two(store: PositionStore, path: Path, *, complete: bool = False) -> Position:
    start = store.find(path).position
    return msgspec.structs.replace(
        start,
        offset=len(LINES[0]) + len(LINES[1]),
        line=2,
        mentions=2,
        last=line_digest(LINES[1]),
        last_bytes=len(LINES[1]),
        complete=complete,
    )


def test_an_unknown_file_starts_at_its_beginning(store: PositionStore, path: Path) -> None:
    """Nothing is remembered of it."""
    found = store.find(path)
    assert (found.resume, found.position.offset) == (Resume.NEW, 0)


def test_an_unchanged_file_continues_where_it_stopped(store: PositionStore, path: Path) -> None:
    """The position comes back as it was saved."""
    store.save(_after_two(store, path))
    found = store.find(path)
    assert found.resume is Resume.CONTINUE
    assert (found.position.line, found.position.mentions) == (2, 2)


def test_a_finished_file_is_known_as_such(store: PositionStore, path: Path) -> None:
    """So that it is not sent twice by mistake."""
    store.save(_after_two(store, path, complete=True))
    assert store.find(path).resume is Resume.COMPLETE


def test_fresh_forgets(store: PositionStore, path: Path) -> None:
    """Starting over is possible."""
    store.save(_after_two(store, path))
    assert store.find(path, fresh=True).resume is Resume.NEW


def test_a_file_that_grew_continues_also_when_it_was_finished(store: PositionStore, path: Path) -> None:
    """A log that is appended to is sent bit by bit."""
    store.save(_after_two(store, path, complete=True))
    with path.open("ab") as file:
        file.write(b'{"id":"4"}\n')
    found = store.find(path)
    assert (found.resume, found.position.line, found.position.complete) == (Resume.GREW, 2, False)


def test_a_file_with_another_beginning_starts_over(store: PositionStore, path: Path) -> None:
    """Same name, other content."""
    store.save(_after_two(store, path))
    with path.open("r+b") as file:
        file.write(b"#" * 200)
    assert store.find(path).resume is Resume.CHANGED


def test_a_shorter_file_starts_over(store: PositionStore, path: Path) -> None:
    """It cannot be the one that was sent."""
    store.save(_after_two(store, path))
    path.write_bytes(LINES[0])
    assert store.find(path).resume is Resume.CHANGED


def test_a_gzip_file_that_changed_starts_over(store: PositionStore, tmp_path: Path) -> None:
    """Its bytes do not tell where its lines are."""
    path = tmp_path / "mentions.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(LINES)))
    store.save(_after_two(store, path))
    with path.open("ab") as file:
        file.write(gzip.compress(b'{"id":"4"}\n'))
    assert store.find(path).resume is Resume.CHANGED


def test_a_position_in_the_copy_by_arrival_is_another_one(store: PositionStore, path: Path) -> None:
    """The same offset means another line there."""
    store.save(_after_two(store, path))
    assert store.find(path, by_arrival=True).resume is Resume.NEW


def test_the_copy_by_arrival_changes_its_name_with_the_file(store: PositionStore, path: Path) -> None:
    """An old copy is never taken for a new file."""
    before = store.ordered_copy(path)
    os.utime(path, ns=(1, 1))
    assert store.ordered_copy(path) != before


def test_another_cluster_knows_nothing(store: PositionStore, path: Path, tmp_path: Path) -> None:
    """What one cluster has, another may lack."""
    store.save(_after_two(store, path))
    assert PositionStore(tmp_path / "state", "other/mentions").find(path).resume is Resume.NEW


@pytest.mark.parametrize("content", [b"", b"{", b'{"path": 3}', b"\xff\xff"])
def test_a_damaged_position_counts_as_none(store: PositionStore, path: Path, content: bytes) -> None:
    """Sending again is harmless, skipping would lose."""
    store.save(_after_two(store, path))
    store.file(path).write_bytes(content)
    assert store.find(path).resume is Resume.NEW

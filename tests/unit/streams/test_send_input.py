"""Inputs: plain, gzipped, ordered by arrival."""

import gzip
import json
from pathlib import Path

import pytest

from streams.envelopes import LineReason
from streams.send_input import (
    InputError,
    content,
    in_arrival_order,
    is_regular,
    open_source,
    write_ordered,
)


def _line(number: int, minute: int | None) -> bytes:
    when = {} if minute is None else {"fetched_at": f"2026-11-01T00:{minute:02}:00Z"}
    return json.dumps({"id": number} | when).encode() + b"\n"


def _ids(path: Path) -> list[int]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("zipped", [False, True])
def test_a_source_starts_at_any_offset_of_its_uncompressed_content(tmp_path: Path, *, zipped: bool) -> None:
    """Plain or gzipped, whatever the name says."""
    lines = [_line(number, number) for number in range(50)]
    data = b"".join(lines)
    path = tmp_path / "mentions.jsonl"
    path.write_bytes(gzip.compress(data) if zipped else data)
    with open_source(str(path), offset=len(b"".join(lines[:20]))) as source:
        assert list(source.lines()) == lines[20:]
        assert source.bytes_read() == path.stat().st_size


def test_an_offset_beyond_the_end_reads_nothing(tmp_path: Path) -> None:
    """Nothing is left of it."""
    path = tmp_path / "mentions.jsonl.gz"
    path.write_bytes(gzip.compress(b"1\n"))
    with open_source(str(path), offset=99) as source:
        assert list(source.lines()) == []


def test_a_cut_gzip_file_names_itself(tmp_path: Path) -> None:
    """What could be read was sent; then the damage is reported."""
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"".join(_line(number, 0) for number in range(5000)))[:-9])
    with open_source(str(path)) as source, pytest.raises(InputError, match=r"cut\.gz: damaged gzip"):
        list(source.lines())


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_an_input_that_is_no_file_is_named(name: str) -> None:
    """One clear line each."""
    with pytest.raises(InputError, match=name):
        is_regular(name)


def test_standard_input_is_not_remembered() -> None:
    """It cannot be read twice."""
    assert not is_regular("-")


@pytest.mark.parametrize(
    ("line", "bare"), [(b"\r\n", b""), (b'\xef\xbb\xbf{"a":1}\r\n', b'{"a":1}'), (b"  1 \n", b"1")]
)
def test_line_ends_blanks_and_byte_order_marks_do_not_count(line: bytes, bare: bytes) -> None:
    """Files from Windows read the same."""
    assert content(line) == bare


def test_order_of_arrival_is_recognised(tmp_path: Path) -> None:
    """Equal arrivals and lines without one do not disturb it."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(_line(1, 1) + _line(2, 1) + _line(3, None) + _line(4, 2))
    assert in_arrival_order(str(path))
    path.write_bytes(_line(1, 1) + _line(2, None) + _line(3, 0))
    assert not in_arrival_order(str(path))


def test_ordering_is_stable_and_reports_what_it_leaves_out(tmp_path: Path) -> None:
    """A line without an arrival stays behind its predecessor; refused lines keep their number."""
    path = tmp_path / "a.jsonl.gz"
    lines = [_line(1, 5), _line(2, None), b"\n", b"broken\n", _line(3, 1), _line(4, 5).rstrip()]
    path.write_bytes(gzip.compress(b"".join(lines)))
    target = tmp_path / "state" / "a.ordered"
    assert write_ordered(str(path), target) == [(4, LineReason.NOT_JSON)]
    assert _ids(target) == [3, 1, 2, 4]
    assert [file.name for file in target.parent.iterdir()] == ["a.ordered"]

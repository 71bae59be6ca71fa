"""A CSV of counts is taken whole or refused with line, problem and fix."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.counts_csv import CountsError, parse_counts

HEADER = "timestamp,value"


@settings(max_examples=50, deadline=None)
@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - naive on purpose
    st.integers(1, 86_400),
    st.lists(st.integers(0, 1 << 40), min_size=2, max_size=30),
)
def test_every_sound_file_comes_back_as_written(start: datetime, step: int, values: list[int]) -> None:
    """Naive stamps are UTC: the row's own time is the event's."""
    start = start.replace(microsecond=0)
    lines = [f"{start + n * timedelta(seconds=step)},{value}" for n, value in enumerate(values)]
    counts = parse_counts([HEADER, *lines], "a.csv")
    assert counts.step == step
    assert [value for _, value in counts.rows] == values
    assert datetime.fromtimestamp(counts.rows[0][0], UTC).replace(tzinfo=None) == start


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=6), st.booleans())
def test_anything_else_is_refused_in_one_clear_line(lines: list[str], header: bool) -> None:  # noqa: FBT001
    """Whatever the lines hold, nothing else is raised."""
    written = [HEADER, *lines] if header else lines
    with contextlib.suppress(CountsError):
        parse_counts(written, "a.csv")


@pytest.mark.parametrize(
    ("lines", "line", "fix"),
    [
        (["time,value"], 1, "timestamp,value"),
        ([], 1, "timestamp,value"),
        ([HEADER, "2026-11-24 10:00:00"], 2, "write timestamp,value"),
        ([HEADER, "yesterday,4"], 2, "write it as 2026-11-24 10:05:00"),
        ([HEADER, "2026-11-24 10:00:00,-1"], 2, "0 or more"),
        ([HEADER, "2026-11-24 10:00:00,nan"], 2, "0 or more"),
        ([HEADER, "2026-11-24 10:00:00,inf"], 2, "0 or more"),
        ([HEADER, "2026-11-24 10:00:00,many"], 2, "0 or more"),
        ([HEADER, "2026-11-24 10:00:00,1", "2026-11-24 10:00:00,1"], 3, "keep one row a time"),
        ([HEADER, "2026-11-24 10:05:00,1", "2026-11-24 10:00:00,1"], 3, "sort the rows"),
        (
            [HEADER, "2026-11-24 10:00:00,1", "2026-11-24 10:05:00,1", "2026-11-24 10:15:00,1"],
            4,
            "with 0 where nothing was counted",
        ),
        ([HEADER, '2026-11-24 10:00:00,"1', "2026-11-24 10:05:00,1"], 3, "0 or more"),
    ],
)
def test_a_fault_names_line_and_fix(lines: list[str], line: int, fix: str) -> None:
    """Whoever wrote the file can mend it."""
    with pytest.raises(CountsError, match=f"^a.csv: line {line}: .*{fix}"):
        parse_counts(lines, "a.csv")


def test_one_row_is_not_enough() -> None:
    """The interval is told from two."""
    with pytest.raises(CountsError, match="at least 2"):
        parse_counts([HEADER, "2026-11-24 10:00:00,1"], "a.csv")


def test_offsets_fractions_and_a_byte_order_mark_are_understood() -> None:
    """What spreadsheets write."""
    lines = ["\ufeffTimestamp, Value", "2026-11-24T10:00:00+07:00,1.6", "2026-11-24T03:05:00Z,2"]
    assert parse_counts(lines, "a.csv").rows == [(1_795_489_200, 2), (1_795_489_500, 2)]

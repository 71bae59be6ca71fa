"""A CSV of counts per equal interval (``timestamp,value``), checked before anything is decided (pure)."""

from __future__ import annotations

import csv
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Counts", "CountsError", "parse_counts"]

_COLUMNS = ["timestamp", "value"]
_LEAST_ROWS = 2


class CountsError(ValueError):
    """A counts file that cannot be used; the message names line, problem and fix."""


class Counts(NamedTuple):
    """Counts with their interval: ``rows`` are (epoch seconds, count), ``step`` seconds apart."""

    step: int
    rows: list[tuple[int, int]]


def parse_counts(lines: Iterable[str], origin: str) -> Counts:
    """Return the counts of a CSV file; a time without offset is taken as UTC, a fraction is rounded.

    Raises
    ------
    CountsError
        If a line is not ``timestamp,value``, a value is no number >= 0, or the times are not in order and
        equally far apart.

    """
    rows: list[tuple[int, int]] = []
    step = 0
    for line, fields in _rows(lines, origin):
        at, count = _stamp(fields[0], line, origin), _count(fields[1], line, origin)
        if rows:
            step = _check_step(at - rows[-1][0], step, line, origin)
        rows.append((at, count))
    if len(rows) < _LEAST_ROWS:
        raise CountsError(f"{origin}: {len(rows)} rows of counts; at least {_LEAST_ROWS} are needed")
    return Counts(step, rows)


def _rows(lines: Iterable[str], origin: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines)
    try:
        header = [name.strip().lower().lstrip("\ufeff") for name in next(reader, [])]
        if header != _COLUMNS:
            raise CountsError(f"{origin}: line 1: the header must be 'timestamp,value'")
        for fields in reader:
            if not fields:
                continue
            if len(fields) != len(_COLUMNS):
                raise CountsError(
                    f"{origin}: line {reader.line_num}: {len(fields)} fields; write timestamp,value"
                )
            yield reader.line_num, fields
    except csv.Error as error:
        raise CountsError(f"{origin}: line {reader.line_num}: {error}; write timestamp,value") from error


def _stamp(text: str, line: int, origin: str) -> int:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CountsError(
            f"{origin}: line {line}: {text[:40]!r} is no time; write it as 2026-11-24 10:05:00"
        ) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _count(text: str, line: int, origin: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise CountsError(f"{origin}: line {line}: {text[:40]!r} is no count; write a number of 0 or more")
    return round(value)


def _check_step(seconds: int, step: int, line: int, origin: str) -> int:
    if seconds == 0:
        raise CountsError(f"{origin}: line {line}: the time stands there twice; keep one row a time")
    if seconds < 0:
        raise CountsError(f"{origin}: line {line}: earlier than the line before; sort the rows by time")
    if step and seconds != step:
        raise CountsError(
            f"{origin}: line {line}: {seconds} s after the line before where {step} s are usual; "
            "write one row per interval, with 0 where nothing was counted"
        )
    return seconds

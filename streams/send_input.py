"""Inputs of `haidang send`: plain or gzipped files and standard input, read from a byte offset on."""

import gzip
import io
import stat
import sys
import zlib
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from streams.envelopes import LineReason, arrival_seconds, refusal

STDIN = "-"
_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_SKIP_BYTES = 1 << 20


class InputError(Exception):
    """An input cannot be read; the message names it and says why."""


def is_regular(name: str) -> bool:
    """Whether the input is a file that can be read again: only of such a one the position is remembered.

    Raises InputError when there is no such input.
    """
    if name == STDIN:
        return False
    try:
        mode = Path(name).stat().st_mode
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        raise InputError(f"{name}: a folder, not a file of JSON Lines")
    return stat.S_ISREG(mode)


class Source:
    """An open input: its lines, and how far the file behind it has been read."""

    def __init__(self, name: str, raw: BinaryIO, offset: int) -> None:
        """Read `raw` from `offset` (bytes of uncompressed input) on."""
        self.name = name
        self._raw = raw
        buffered = io.BufferedReader(cast("io.RawIOBase", raw), 1 << 18)
        zipped = buffered.peek(2)[:2] == _GZIP_MAGIC
        self._lines = gzip.GzipFile(fileobj=buffered) if zipped else buffered
        self._start = offset
        self._seek(offset, seekable=not zipped)

    def _seek(self, offset: int, *, seekable: bool) -> None:
        if offset and seekable:
            self._lines.seek(offset)
            return
        while offset > 0:
            skipped = len(self._lines.read(min(offset, _SKIP_BYTES)))
            if not skipped:
                break
            offset -= skipped

    def lines(self) -> Iterator[bytes]:
        """Lines as they stand, line ends included. Raises InputError when the input is damaged."""
        try:
            yield from self._lines
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{self.name}: damaged gzip file ({error})") from error
        except OSError as error:
            raise InputError(f"{self.name}: {error.strerror}") from error

    def bytes_read(self) -> int:
        """Bytes of the file (compressed ones of a gzip file) read so far; 0 when the input cannot say."""
        try:
            return self._raw.tell()
        except OSError:
            return 0


@contextmanager
def open_source(name: str, offset: int = 0) -> Iterator[Source]:
    """Open an input at `offset`. Raises InputError when it cannot be opened."""
    if name == STDIN:
        yield Source("<stdin>", cast("BinaryIO", sys.stdin.buffer), 0)
        return
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(Path(name).open("rb", buffering=0))
        except OSError as error:
            raise InputError(f"{name}: {error.strerror}") from error
        yield Source(name, cast("BinaryIO", raw), offset)


def content(line: bytes) -> bytes:
    """Line without its end, surrounding blanks and byte order mark; empty: nothing to send."""
    return line.strip().removeprefix(_BOM)


def in_arrival_order(name: str) -> bool:
    """Whether no line of the file arrives before an earlier one; lines without an arrival are passed over."""
    latest = float("-inf")
    with open_source(name) as source:
        for line in source.lines():
            arrival = arrival_seconds(line)
            if arrival is None:
                continue
            if arrival < latest:
                return False
            latest = arrival
    return True


def write_ordered(name: str, target: Path) -> list[tuple[int, LineReason]]:
    """Write the lines of a file to `target` by arrival; return what was left out and why.

    Lines of equal arrival keep their order, a line without one stays behind its predecessor; blank and
    refused lines (number from 1, reason) are left out. The file, decompressed if need be, must fit on disk
    twice; of memory it takes about 50 bytes a line.
    """
    plain = _plain_copy(name, target.with_suffix(".plain"))
    index = _Index()
    index.read(plain)
    draft = target.with_suffix(".new")
    with plain.open("rb") as source, draft.open("wb") as out:
        for number in sorted(range(len(index.arrivals)), key=index.arrivals.__getitem__):
            source.seek(index.offsets[number])
            out.write(content(source.readline()) + b"\n")
    draft.replace(target)
    plain.unlink()
    return index.refused


def _plain_copy(name: str, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_source(name) as source, target.open("wb") as out:
        out.writelines(source.lines())
    return target


class _Index:
    """Arrival and offset of every line worth sending."""

    def __init__(self) -> None:
        self.arrivals: array[float] = array("d")
        self.offsets: array[int] = array("q")
        self.refused: list[tuple[int, LineReason]] = []

    def read(self, plain: Path) -> None:
        latest, offset = 0.0, 0
        with plain.open("rb") as source:
            for number, line in enumerate(source, 1):
                bare = content(line)
                reason = refusal(bare) if bare else None
                if reason is not None:
                    self.refused.append((number, reason))
                elif bare:
                    arrival = arrival_seconds(bare)
                    latest = latest if arrival is None else arrival
                    self.arrivals.append(latest)
                    self.offsets.append(offset)
                offset += len(line)

"""Text files of the command line: plain or gzipped, or standard input."""

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.errors import DeployError

STDIN = "-"


@contextmanager
def lines_of(name: str) -> Iterator[Iterator[str]]:
    """Give the lines of a UTF-8 file (``.gz``: decompressed; ``-``: standard input) for the block.

    Raises
    ------
    DeployError
        The file cannot be read, is no gzip, or is not UTF-8, also when that shows only on the way.

    """
    try:
        with _opened(name) as file:
            yield iter(file)
    except UnicodeDecodeError as error:
        raise DeployError(f"{_shown(name)} is not UTF-8 (byte {error.start} of a block)") from error
    except BrokenPipeError:
        raise  # the reader of our output went away: nothing is wrong with the input
    except (OSError, EOFError) as error:
        raise DeployError(f"cannot read {_shown(name)}: {_reason(error)}") from error


@contextmanager
def _opened(name: str) -> Iterator[io.TextIOBase]:
    if name == STDIN:
        yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8")
        return
    path = Path(name)
    opener = gzip.open if path.suffix == ".gz" else Path.open
    with opener(path, "rb") as binary, io.TextIOWrapper(binary, encoding="utf-8") as text:
        yield text


def _shown(name: str) -> str:
    return "standard input" if name == STDIN else name


def _reason(error: OSError | EOFError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def text_of(path: Path) -> str:
    """Return a whole UTF-8 file.

    Raises
    ------
    DeployError
        It cannot be read or is not UTF-8.

    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DeployError(f"{path} is not UTF-8") from error
    except OSError as error:
        raise DeployError(f"cannot read {path}: {_reason(error)}") from error

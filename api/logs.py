"""One line per unit of work: ``time level name event key=value ...``.

Values are counts, ids and closed reasons. Callers never pass a secret, an address with credentials or a
person's text.
"""

import logging
import sys
from datetime import UTC, datetime

_QUIET = ("alembic", "uvicorn", "aiohttp", "asyncio")
_SILENT = ("kafka",)  # tells of every reconnection four times, with addresses; the callers tell once


class LineFormatter(logging.Formatter):
    """Format a record as one line, an exception as its type only."""

    def format(self, record: logging.LogRecord) -> str:
        """Give a record as one line."""
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        text = record.getMessage().replace("\n", " ")
        line = f"{stamp} {record.levelname.lower()} {record.name} {text}"
        return line if not record.exc_info else f"{line} error={_where(record)}"


def _where(record: logging.LogRecord) -> str:
    """Name the exception and the line that raised it, without its message, which may quote data."""
    kind, _, trace = record.exc_info or (None, None, None)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f"@{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"
    return f"{getattr(kind, '__name__', 'none')}{place}"


def _value(value: object) -> str:
    """Give a value as one word."""
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return text if text and text.isprintable() and " " not in text else repr(text)


def event(logger: logging.Logger, level: int, name: str, /, **fields: object) -> None:
    """Log one event with its fields, on one line."""
    if logger.isEnabledFor(level):
        logger.log(
            level, "%s", " ".join([name, *(f"{key}={_value(value)}" for key, value in fields.items())])
        )


def info(logger: logging.Logger, name: str, /, **fields: object) -> None:
    """Log an ordinary event."""
    event(logger, logging.INFO, name, **fields)


def warn(logger: logging.Logger, name: str, /, **fields: object) -> None:
    """Log something that a person may want to look at."""
    event(logger, logging.WARNING, name, **fields)


def fail(logger: logging.Logger, name: str, /, **fields: object) -> None:
    """Log what ends the process."""
    event(logger, logging.ERROR, name, **fields)


def configure(level: int = logging.INFO) -> None:
    """Send the process's log to standard error; libraries only from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)

"""The one error base of the package: an expected failure, told in one clear line."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DeployError(Exception):
    """An expected failure of running the parts: its text is one line for the person at the terminal.

    The command line prints ``str(error)`` and exits 1; a traceback would say nothing more.
    """


@contextmanager
def storage_errors_named(path: Path) -> Iterator[None]:
    """Turn a full disk or a directory that cannot be written into a `DeployError` that names ``path``."""
    try:
        yield
    except OSError as error:
        raise DeployError(storage_message(error, path)) from error


def storage_message(error: OSError, path: Path) -> str:
    """Say what an operating-system error at ``path`` means and what to do about it."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"disk full: no space left for {path}; free some space (1 GB is enough to begin) and try again"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"cannot write to {path}: {error.strerror}; choose a directory that this user may write to"
    return f"cannot use {path}: {error.strerror or error}"

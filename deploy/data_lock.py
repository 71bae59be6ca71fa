"""One supervisor per data directory: a lock that the kernel lets go of when its holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.errors import DeployError, storage_errors_named

LOCK_FILE = "up.lock"


@contextmanager
def held(data_dir: Path, lock_file: str = LOCK_FILE) -> Iterator[None]:
    """Hold the lock ``lock_file`` of ``data_dir`` (made when missing) for the length of the block.

    Raises
    ------
    DeployError
        Another process holds it (its id is named), or the directory cannot be written.

    """
    with storage_errors_named(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(data_dir / lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, data_dir)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, data_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        raise DeployError(
            f"haidang already runs on {data_dir} (process {holder}); stop it first, or name another folder "
            f"with HAIDANG_DATA_DIR"
        ) from error
    with storage_errors_named(data_dir):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)

"""Apache Kafka's jars: fetched by jgo into a cache, each checked against the lock file beside this module.

The lock (``kafka.lock``) lists every jar as ``group:artifact:version sha256``. It is the only authority:
nothing is resolved at run time, no POM is read, and a file whose SHA-256 differs is never used.
``python -m deploy.kafka_jars`` resolves the lock's text anew from ``COORDINATES`` (for an upgrade of Kafka).
"""

import hashlib
import os
import sys
import tempfile
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import jgo
import msgspec
import requests
from jgo.maven import MavenContext

from deploy.errors import DeployError, storage_errors_named

COORDINATES = "org.apache.kafka:kafka_2.13:4.4.0+org.slf4j:slf4j-simple:1.7.36"
"""What the lock is resolved from; slf4j-simple so that a failing broker says why."""

DOWNLOADS_AT_ONCE = 4
REPORT_EVERY = 9
DOWNLOAD_TIMEOUT_SECONDS = 30
SHA256_HEX_DIGITS = 64
COORDINATE_PARTS = 3

Report = Callable[[str], None]


class Jar(msgspec.Struct, frozen=True):
    """One line of the lock: a Maven coordinate and the SHA-256 (hex) that its jar must have."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        """The name of the jar in the cache, ``artifact-version.jar``."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def default_cache_dir() -> Path:
    """Where downloads are kept between runs: ``HAIDANG_CACHE_DIR``, else ``$XDG_CACHE_HOME/haidang``."""
    named = os.environ.get("HAIDANG_CACHE_DIR")
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "haidang"


def parse_lock(text: str) -> tuple[Jar, ...]:
    """Read the lock's lines; blank lines and ``#`` comments are skipped.

    Raises
    ------
    DeployError
        A line is not ``group:artifact:version sha256``.

    """
    lines = (line.strip() for line in text.splitlines())
    return tuple(_parse_line(line) for line in lines if line and not line.startswith("#"))


def _parse_line(line: str) -> Jar:
    coordinate, _, sha256 = line.partition(" ")
    if len(coordinate.split(":")) != COORDINATE_PARTS or len(sha256) != SHA256_HEX_DIGITS:
        raise DeployError(f"kafka.lock: expected 'group:artifact:version sha256', found {line!r}")
    return Jar(coordinate, sha256)


def locked_jars() -> tuple[Jar, ...]:
    """Every jar of the lock that ships with the package."""
    return parse_lock(resources.files("deploy").joinpath("kafka.lock").read_text(encoding="utf-8"))


def ensure_jars(cache_dir: Path, report: Report) -> list[Path]:
    """Return the paths of all locked jars, having downloaded what was missing and checked every SHA-256.

    Safe when several processes do it at once: a jar appears in the cache only whole and checked. An intact
    cache costs one reading of 44 MB (0.1 s) and no network.

    Raises
    ------
    DeployError
        No network, disk full, cache not writable, or a downloaded jar that differs from the lock.

    """
    directory = cache_dir / "kafka-jars"
    jars = locked_jars()
    missing = [jar for jar in jars if not _is_intact(directory / jar.file_name, jar)]
    if missing:
        with storage_errors_named(directory):
            directory.mkdir(parents=True, exist_ok=True)
            _download_all(missing, directory, report)
    return [directory / jar.file_name for jar in jars]


def _is_intact(path: Path, jar: Jar) -> bool:
    return path.is_file() and _sha256(path) == jar.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download_all(jars: list[Jar], directory: Path, report: Report) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="download-", dir=directory) as staging,
        ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool,
    ):
        waiting = [pool.submit(_download, jar, Path(staging), directory) for jar in jars]
        try:
            for number, future in enumerate(waiting, start=1):
                future.result()
                if number % REPORT_EVERY == 0 or number == len(jars):
                    report(f"downloading Apache Kafka: {number} of {len(jars)} jars (44 MB in all)")
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _download(jar: Jar, staging: Path, directory: Path) -> None:
    context = MavenContext(repo_cache=staging, timeout=DOWNLOAD_TIMEOUT_SECONDS)
    try:
        fetched = context.create_dependency(jar.coordinate).artifact.resolve()
    except requests.RequestException as error:
        raise DeployError(
            f"no network: could not download {jar.file_name} ({type(error).__name__}); check the connection "
            f"and the proxy settings (HTTPS_PROXY), then run the same command again"
        ) from error
    except RuntimeError as error:
        raise DeployError(
            f"could not download {jar.file_name}: the Maven repository does not have it"
        ) from error
    found = _sha256(fetched)
    if found != jar.sha256:
        raise DeployError(
            f"{jar.file_name} was downloaded but its SHA-256 is {found}, not {jar.sha256} as kafka.lock "
            f"demands; it was thrown away"
        )
    fetched.replace(directory / jar.file_name)


def resolve_lock() -> str:
    """Resolve `COORDINATES` through the network and return the text of a new lock, sorted by coordinate."""
    with tempfile.TemporaryDirectory() as cache:
        environment = jgo.build(COORDINATES, cache_dir=Path(cache))
        found = tomllib.loads((environment.path / "jgo.lock.toml").read_text(encoding="utf-8"))
    lines = (
        f"{each['groupId']}:{each['artifactId']}:{each['version']} {each['sha256']}"
        for each in found["dependencies"]
    )
    return "\n".join((f"# Apache Kafka's jars, resolved by jgo from {COORDINATES}", *sorted(lines), ""))


if __name__ == "__main__":
    sys.stdout.write(resolve_lock())

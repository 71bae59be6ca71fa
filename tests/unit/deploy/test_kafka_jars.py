"""Only jars whose SHA-256 the lock names are ever used."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.errors import DeployError
from deploy.kafka_jars import COORDINATES, default_cache_dir, locked_jars, parse_lock

DIGEST = "0" * 64


def test_the_lock_names_every_part_of_kafka_once() -> None:
    """The lock holds the broker, its clients and a logger, each file name once."""
    jars = locked_jars()
    names = [jar.file_name for jar in jars]
    assert len(set(names)) == len(names) > 40
    for coordinate in COORDINATES.split("+"):
        assert coordinate in {jar.coordinate for jar in jars}


def test_the_lock_names_no_host() -> None:
    """Where jars come from is the machine's matter, not the repository's."""
    text = (Path(__file__).parents[3] / "deploy" / "kafka.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|\bhttps?\b", text)


@pytest.mark.parametrize("line", ["a:b:1", f"a:b {DIGEST}", "a:b:1 abc", f"a:b:c:1 {DIGEST}"])
def test_a_malformed_line_is_shown(line: str) -> None:
    """A lock that was edited by hand wrongly is refused with the line."""
    with pytest.raises(DeployError, match=r"kafka\.lock: expected .*" + re.escape(repr(line))):
        parse_lock(f"# comment\n\n{line}\n")


def test_comments_and_blank_lines_are_skipped() -> None:
    """What remains are coordinate and digest."""
    (jar,) = parse_lock(f"# comment\n\na.b:c:1.0 {DIGEST}\n")
    assert (jar.coordinate, jar.sha256, jar.file_name) == ("a.b:c:1.0", DIGEST, "c-1.0.jar")


def fetch(cache_dir: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `ensure_jars` for an empty cache in a process of its own."""
    script = (
        "import sys; from pathlib import Path; from deploy.errors import DeployError\n"
        "from deploy.kafka_jars import ensure_jars\n"
        "try: ensure_jars(Path(sys.argv[1]), print)\n"
        "except DeployError as error: sys.exit(f'told: {error}')"
    )
    return subprocess.run(
        [sys.executable, "-c", script, str(cache_dir)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environ},
    )


def test_no_network_is_told_in_one_line(tmp_path: Path) -> None:
    """With a proxy that does not exist the message says what to check, and nothing stays behind."""
    nowhere = "http://127.0.0.1:9"
    done = fetch(tmp_path, HTTPS_PROXY=nowhere, https_proxy=nowhere, NO_PROXY="", no_proxy="")
    assert done.returncode == 1
    assert re.fullmatch(r"told: no network: could not download .*HTTPS_PROXY.*\n", done.stderr)
    assert list((tmp_path / "kafka-jars").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be: the message names it."""
    blocked = tmp_path / "cache"
    blocked.write_text("", encoding="utf-8")
    done = fetch(blocked)
    assert done.returncode == 1
    assert done.stderr.startswith(f"told: cannot use {blocked}")


def test_the_cache_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`HAIDANG_CACHE_DIR` wins over `XDG_CACHE_HOME`, which wins over `~/.cache`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HAIDANG_CACHE_DIR", raising=False)
    assert default_cache_dir() == tmp_path / ".cache" / "haidang"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache_dir() == tmp_path / "xdg" / "haidang"
    monkeypatch.setenv("HAIDANG_CACHE_DIR", str(tmp_path / "own"))
    assert default_cache_dir() == tmp_path / "own"

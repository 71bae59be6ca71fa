"""The command line: help on each command, three exit statuses, one clear line for what fails."""

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.errors import DeployError
from deploy.line_files import lines_of

COMMANDS = (
    "up",
    "worker",
    "api",
    "kafka",
    "send",
    "backtest",
    "polarity",
    "match",
    "doctor",
    "backup",
    "restore",
    "erase",
    "key",
    "key create",
)


def haidang(*arguments: str, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, without this process's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HAIDANG_")}
    return subprocess.run(
        [sys.executable, "-m", "haidang", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**kept, "PYTHONIOENCODING": "utf-8", **environ},
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    """`--help` works on each and exits 0."""
    done = haidang(*command.split(), "--help")
    assert done.returncode == 0
    assert "Usage: haidang" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        *(("fly",), ("up", "--demonstration"), ("send",), ("backtest", "x.csv"), ("backup",), ("erase",)),
        *(("erase", "--mention", "a"), ("erase", "--source", "a", "--mention", "a", "b")),
    ],
)
def test_wrong_usage_exits_2(arguments: tuple[str, ...]) -> None:
    """An unknown command or option, or a missing argument, is told with exit status 2."""
    done = haidang(*arguments)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["up", "worker", "api", "kafka", "match", "key create me"])
def test_a_wrong_setting_refuses_to_start(command: str, tmp_path: Path) -> None:
    """Whatever the command, an unknown setting is named in one line and nothing starts."""
    done = haidang(*command.split(), HAIDANG_API_PROT="1", HAIDANG_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stderr == "haidang: unknown setting HAIDANG_API_PROT; did you mean HAIDANG_API_PORT?\n"
    assert not (tmp_path / "data").exists()


def test_match_reads_lines_and_writes_topics() -> None:
    """Standard input to standard output, ids kept, in order."""
    lines = [{"id": "1", "text": "không có gì"}, {"id": "2", "text": "cũng không"}]
    done = haidang("match", given="\n".join(json.dumps(line) for line in lines))
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["1", "2"]


@pytest.mark.parametrize("command", ["match", "polarity"])
def test_a_file_that_is_not_there_is_named(command: str) -> None:
    """One line, exit status 1."""
    done = haidang(command, "/nowhere.jsonl")
    assert done.returncode == 1
    assert done.stderr == "haidang: cannot read /nowhere.jsonl: No such file or directory\n"


def test_a_missing_catalogue_is_named() -> None:
    """Naming a catalogue that is not there fails before any line is read."""
    done = haidang("match", "--catalogue", "/nowhere.toml")
    assert (done.returncode, done.stderr) == (
        1,
        "haidang: cannot read /nowhere.toml: No such file or directory\n",
    )


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """The key is printed alone; the same name again, or an unknown role, is refused."""
    data = {"HAIDANG_DATA_DIR": str(tmp_path)}
    done = haidang("key", "create", "phong-bao-chi", "--role", "officer", **data)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("hdk_")
    again = haidang("key", "create", "phong-bao-chi", **data)
    assert (again.returncode, again.stdout) == (1, "")
    assert "phong-bao-chi" in again.stderr
    assert haidang("key", "create", "x", "--role", "king", **data).returncode == 1


def test_keys_are_listed_and_revoked_by_name(tmp_path: Path) -> None:
    """The list shows no key and no digest; whom nobody knows cannot be revoked."""
    data = {"HAIDANG_DATA_DIR": str(tmp_path)}
    key = haidang("key", "create", "ca-truc", "--expires-days", "30", **data).stdout.strip()
    assert haidang("key", "create", "x", "--expires-days", "0", **data).returncode == 1
    done = haidang("key", "revoke", "ca-truc", **data)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    head, line = haidang("key", "list", **data).stdout.splitlines()
    assert head.split("  ")[0] == "name"
    assert line.split()[:3] == ["ca-truc", "viewer", "revoked"]
    assert line.endswith("never")
    assert key not in line
    again = haidang("key", "revoke", "nobody", **data)
    assert (again.returncode, again.stderr.startswith("haidang: there is no key named 'nobody'")) == (1, True)


def test_kafka_refuses_when_one_is_named(tmp_path: Path) -> None:
    """With a Kafka of one's own there is nothing to embed."""
    done = haidang("kafka", HAIDANG_KAFKA_BOOTSTRAP="kafka:9092", HAIDANG_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("haidang: HAIDANG_KAFKA_BOOTSTRAP names a Kafka of your own")


def test_lines_come_from_plain_and_gzipped_files(tmp_path: Path) -> None:
    """The suffix decides; the text is the same."""
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    plain.write_text("một\nhai\n", encoding="utf-8")
    packed.write_bytes(gzip.compress("một\nhai\n".encode()))
    for path in (plain, packed):
        with lines_of(str(path)) as lines:
            assert list(lines) == ["một\n", "hai\n"]


def test_lines_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is standard input, read as UTF-8 whatever the terminal's encoding."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("một\n".encode()), encoding="ascii"))
    with lines_of("-") as lines:
        assert list(lines) == ["một\n"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.jsonl", b"\xff\n", "is not UTF-8"),
        ("a.jsonl.gz", b"plain", "cannot read"),
        ("a.gz", b"\x1f\x8b", "cannot read"),
    ],
)
def test_a_file_that_is_no_text_is_named(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    """Also when it shows only while reading."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DeployError, match=told) as refused, lines_of(str(path)) as lines:
        list(lines)
    assert str(path) in str(refused.value)

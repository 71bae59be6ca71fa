"""The commands on the store: what they say, and what they refuse."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from api_support import Log, alert_event, fresh_store, keep
from sqlalchemy import select
from store_support import store_address

from api.settings import ApiSettings
from api.store import tables
from api.store.samples import Erasure
from deploy import store_commands
from deploy.errors import DeployError
from detectors.events import Sample


def settings(folder: Path) -> ApiSettings:
    """Give settings whose store is in a folder."""
    return ApiSettings(data_dir=folder, database_url=store_address(folder))


def test_a_backup_is_made_and_restored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command says what it did and what to mind."""
    with fresh_store(tmp_path):
        pass
    store_commands.back_up(settings(tmp_path), tmp_path / "copy.db")
    store_commands.restore(settings(tmp_path), tmp_path / "copy.db")
    said = capsys.readouterr().out
    assert "webhook secrets" in said
    assert "what was there before is in" in said
    assert "from Kafka" in said


@pytest.mark.parametrize("command", [store_commands.back_up, store_commands.restore])
def test_what_cannot_be_done_is_told_in_one_line(tmp_path: Path, command: object) -> None:
    """No store, no file."""
    assert callable(command)
    with pytest.raises(DeployError, match="there is no"):
        command(settings(tmp_path), tmp_path / "copy.db")


@pytest.mark.stores("sqlite", "postgresql")
def test_an_erasure_says_what_it_reached_and_what_it_did_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How long Kafka, the worker and copies still keep it."""
    sample = Sample("text", "bao-a", "https://bao-a.example/1", datetime(2026, 1, 1, tzinfo=UTC))
    with fresh_store(tmp_path) as store:
        keep(store, [Log().alert(msgspec.structs.replace(alert_event(), samples=(sample,)))])
        store_commands.erase(settings(tmp_path), Erasure("bao-a"))
        with store.read() as connection:
            body = connection.execute(select(tables.alerts.c.body)).scalar_one()
    assert msgspec.json.decode(body)["samples"] == []
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "erased from 1 events in the store; it stays away from later ones"
    assert [line.removeprefix("not reached: ") for line in rest] == [
        "Kafka topic mentions keeps what it has for up to 174 hours",
        "Kafka topic observations keeps what it has for up to 72 hours",
        "Kafka topic alerts keeps what it has for up to 72 hours",
        "the worker's state keeps masked examples for up to 48 hours",
        "backups made before, and receivers that alerts were delivered to",
    ]

"""The worker's settings: safe defaults, every field explained, nothing unknown or unsafe accepted."""

import pytest
from pydantic import ValidationError

from streams.settings import WorkerSettings


def test_the_defaults_stay_on_this_machine() -> None:
    """Whoever starts it without settings opens nothing to the network."""
    settings = WorkerSettings()
    assert settings.kafka_bootstrap.startswith("127.0.0.1:")
    assert settings.worker_metrics_host == "127.0.0.1"


@pytest.mark.parametrize("name", WorkerSettings.model_fields)
def test_every_setting_says_what_it_is(name: str) -> None:
    """Its description is what `haidang doctor` and the documentation show."""
    assert WorkerSettings.model_fields[name].description


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kafka_bootstrap", "localhost"),
        ("kafka_bootstrap", ""),
        ("kafka_bootstrap", "a:1,,b:2"),
        ("kafka_bootstrap", "kafka://a:9092"),
        ("partitions", 0),
        ("partitions", 65),
        ("pages_per_week", 0),
        ("pages_per_week", float("nan")),
        ("pages_per_week", -1),
        ("worker_metrics_port", 65536),
        ("worker_metrics_port", -1),
        ("worker_metrics_host", ""),
        ("worker_batch_records", 0),
        ("worker_batch_seconds", 0),
        ("worker_idle_seconds", 0),
        ("worker_watchdog_seconds", 1),
        ("no_such_setting", 1),
    ],
)
def test_a_bad_setting_is_refused_by_name(name: str, value: object) -> None:
    """The error names the setting, so that the person can mend it."""
    with pytest.raises(ValidationError) as refused:
        WorkerSettings.model_validate({name: value})
    assert [error["loc"] for error in refused.value.errors()] == [(name,)]


def test_several_brokers_may_be_named() -> None:
    """A cluster survives the loss of the first one."""
    assert WorkerSettings(kafka_bootstrap="k1.example:9092,k2:9093").kafka_bootstrap.count(",") == 1


def test_settings_cannot_change() -> None:
    """They are read once; nothing can alter them under a running worker."""
    with pytest.raises(ValidationError):
        WorkerSettings().partitions = 8

"""Settings of the worker: one frozen object, read once; an unknown or unsafe value refuses to start."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from detectors.settings import NamedDetector

_HOST_PORT = r"^[A-Za-z0-9_.\-\[\]:]+:\d{1,5}(,[A-Za-z0-9_.\-\[\]:]+:\d{1,5})*$"


class WorkerSettings(BaseModel):
    """What ``haidang worker`` may be told, with defaults that work on one machine.

    Each field is also the environment variable ``HAIDANG_<FIELD>`` and a key of the TOML file. Raises
    pydantic's ``ValidationError`` on an unknown name or a value out of range.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kafka_bootstrap: str = Field(
        default="127.0.0.1:19092",
        pattern=_HOST_PORT,
        description="Kafka brokers to start from: host:port, several separated by commas",
    )
    data_dir: Path = Field(
        default=Path("haidang-data"),
        description="folder for everything that this machine keeps",
    )
    catalogue: Path | None = Field(
        default=None,
        description="TOML file of the watched topics; left out, the bundled catalogue",
    )
    partitions: int = Field(
        default=4,
        ge=1,
        le=64,
        description="partitions of each Kafka topic, hence the most workers that can share the work",
    )
    pages_per_week: float = Field(
        default=14.0,
        gt=0,
        le=1000,
        description="alert budget: paging alerts a week that the officers accept over all topics",
    )
    detectors: tuple[NamedDetector, ...] = Field(
        default=(),
        max_length=4,
        description="detectors of river.anomaly told as further evidence: dotted names, or in the file "
        "tables of name and parameters",
    )
    worker_metrics_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="address that serves the worker's Prometheus metrics",
    )
    worker_metrics_port: int = Field(
        default=9108,
        ge=0,
        le=65535,
        description="port of the worker's Prometheus metrics; 0 serves none",
    )
    worker_batch_records: int = Field(
        default=500,
        ge=1,
        le=5000,
        description="records of Kafka that are handled together at most",
    )
    worker_batch_seconds: float = Field(
        default=0.1,
        gt=0,
        le=5,
        description="how long a batch waits to fill, in seconds; part of the delay of every mention",
    )
    worker_idle_seconds: float = Field(
        default=2.0,
        gt=0,
        le=60,
        description="a source partition that is read to its end and silent this long holds nothing back",
    )
    worker_watchdog_seconds: float = Field(
        default=20.0,
        ge=5,
        le=600,
        description="end the process when there is work and no commit for this long, in seconds",
    )

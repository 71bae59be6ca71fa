"""Settings of the whole: environment ``HAIDANG_<FIELD>`` over one TOML file over the compiled-in defaults.

Each package describes its own settings in a frozen model; this module reads the sources once, gives every
model its fields and refuses what it does not know. A field that several packages share has one name.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from api.settings import ApiSettings
from deploy.errors import DeployError
from streams.settings import WorkerSettings

PREFIX = "HAIDANG_"
CONFIG_VARIABLE = "HAIDANG_CONFIG"
LOCAL_HOST = "127.0.0.1"

Model = TypeVar("Model", bound=BaseModel)


class SettingsError(DeployError):
    """A setting is unknown, malformed or unsafe; the text names it and says what is allowed."""


class DeploySettings(BaseModel):
    """What ``haidang up`` and ``haidang kafka`` may be told beside the settings of worker and API."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kafka_bootstrap: str = Field(
        default=WorkerSettings().kafka_bootstrap,
        min_length=3,
        description="Kafka brokers, host:port separated by commas; when set, the embedded Kafka never starts",
    )
    data_dir: Path = Field(
        default=WorkerSettings().data_dir,
        description="folder for everything that this machine keeps",
    )
    partitions: int = Field(
        default=WorkerSettings().partitions,
        ge=1,
        le=64,
        description="partitions of each Kafka topic, hence the most workers that can share the work",
    )
    cache_dir: Path | None = Field(
        default=None,
        description="folder that keeps downloads between runs; left out, haidang in the user's cache folder",
    )
    embedded_kafka_port: int = Field(
        default=19092,
        ge=1024,
        le=65534,
        description="port of the embedded Kafka on 127.0.0.1; the next one is its controller's",
    )
    embedded_kafka_heap_mb: int = Field(
        default=384, ge=192, le=16384, description="Java heap of the embedded Kafka, in MB"
    )
    kafka_replication: int = Field(
        default=-1,
        ge=-1,
        le=15,
        description="copies of each Kafka topic that is made; -1 takes the broker's default",
    )
    demo_receiver_port: int = Field(
        default=8099,
        ge=1024,
        le=65535,
        description="port on 127.0.0.1 of the sample webhook receiver that the demo starts",
    )


MODELS: tuple[type[BaseModel], ...] = (DeploySettings, WorkerSettings, ApiSettings)


class Settings(NamedTuple):
    """Everything read: one model per package, and whether Kafka was named (then none is embedded)."""

    deploy: DeploySettings
    worker: WorkerSettings
    api: ApiSettings
    own_kafka: bool


def fields() -> dict[str, FieldInfo]:
    """Every setting by name (lower case), as documented; the first model that has a name describes it."""
    found: dict[str, FieldInfo] = {}
    for model in MODELS:
        found |= {name: info for name, info in model.model_fields.items() if name not in found}
    return found


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment (default: this process's) and the TOML file it names.

    Raises
    ------
    SettingsError
        The file cannot be read; a name is unknown; a value is malformed, out of range or unsafe.

    """
    environ = os.environ if environ is None else environ
    values = _file_values(environ.get(CONFIG_VARIABLE)) | _environment_values(environ)
    own_kafka = "kafka_bootstrap" in values
    deploy = _build(DeploySettings, values)
    if not own_kafka:
        values["kafka_bootstrap"] = f"{LOCAL_HOST}:{deploy.embedded_kafka_port}"
        deploy = _build(DeploySettings, values)
    settings = Settings(deploy, _build(WorkerSettings, values), _build(ApiSettings, values), own_kafka)
    _refuse_unsafe(settings)
    return settings


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def _file_values(path: str | None) -> dict[str, object]:
    if not path:
        return {}
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{CONFIG_VARIABLE}: cannot read {path} ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{CONFIG_VARIABLE}: {path} is not valid TOML: {error}") from error
    for name in values:
        _refuse_unknown(name, f"{name} in {path}")
    return {name: value for name, value in values.items() if value != ""}


def _environment_values(environ: Mapping[str, str]) -> dict[str, object]:
    """Take every ``HAIDANG_*``; an empty value counts as not set (as compose files write it)."""
    values: dict[str, object] = {}
    for key, text in sorted(environ.items()):
        if not key.startswith(PREFIX) or key == CONFIG_VARIABLE:
            continue
        name = key.removeprefix(PREFIX).lower()
        _refuse_unknown(name, key)
        if text != "":
            values[name] = text.split(",") if _is_list(name) else text
    return values


def _is_list(name: str) -> bool:
    return isinstance(fields()[name].get_default(), tuple)


def _refuse_unknown(name: str, shown: str) -> None:
    known = fields()
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {variable(near[0])}?" if near else "the README lists all settings"
    raise SettingsError(f"unknown setting {shown}; {hint}")


def _build(model: type[Model], values: Mapping[str, object]) -> Model:
    try:
        return model.model_validate(
            {name: value for name, value in values.items() if name in model.model_fields}
        )
    except ValidationError as error:
        raise SettingsError("; ".join(_explain(detail) for detail in error.errors())) from error


def _explain(detail: ErrorDetails) -> str:
    """Name the setting and what is allowed; a password, and an address that may hold one, is not shown."""
    name = str(detail["loc"][0])
    given = "its value" if name.endswith(("_url", "_password")) else repr(detail["input"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    said = "" if detail["type"] == "string_pattern_mismatch" else f" {message[:1].lower()}{message[1:]};"
    meaning = _uncapital(describe(fields()[name]))
    return f"{variable(name)}: {given} is not allowed:{said} the setting is: {meaning}"


def _uncapital(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _refuse_unsafe(settings: Settings) -> None:
    folder = settings.deploy.data_dir.expanduser().absolute()
    if folder in {Path("/"), Path.home()}:
        raise SettingsError(
            f"{variable('data_dir')}: {folder} is not allowed: a folder of its own, such as haidang-data"
        )
    seen: dict[int, str] = {}
    for name, port in _ports(settings):
        if port in seen:
            raise SettingsError(
                f"{variable(name)}: {port} is not allowed: {variable(seen[port])} uses it already"
            )
        seen[port] = name


def _ports(settings: Settings) -> Iterator[tuple[str, int]]:
    deploy, worker, api, own_kafka = settings
    if not own_kafka:
        yield "embedded_kafka_port", deploy.embedded_kafka_port
        yield "embedded_kafka_port", deploy.embedded_kafka_port + 1
    if worker.worker_metrics_port:
        yield "worker_metrics_port", worker.worker_metrics_port
    if api.api_port:
        yield "api_port", api.api_port
    yield "demo_receiver_port", deploy.demo_receiver_port


def settings_table() -> str:
    """Return the README's table of settings, in Markdown."""
    rows = [
        f"| `{variable(name)}` | {_shown_default(info)} | {describe(info)} |"
        for name, info in fields().items()
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def _shown_default(info: FieldInfo) -> str:
    default = info.get_default()
    return "" if default in (None, ()) else f"`{default}`"


def example_toml() -> str:
    """Return the commented example file: every setting with its meaning, range and compiled-in default."""
    blocks = [_example_block(name, info) for name, info in fields().items()]
    return EXAMPLE_HEAD + "\n".join(blocks)


EXAMPLE_HEAD = """\
# Settings of Haidang. Name this file in HAIDANG_CONFIG. Each line below is the compiled-in default: take the
# '#' away and change the value. The environment variable HAIDANG_<NAME> (upper case) wins over this file.
# "" means not set. A name that is not listed here, or a value out of range, refuses to start.

"""


def _example_block(name: str, info: FieldInfo) -> str:
    default = info.get_default()
    return f"# {describe(info)}\n#{name} = {_toml('' if default is None else default)}\n"


def describe(info: FieldInfo) -> str:
    """Return what a setting means and its range, in one line."""
    description = (info.description or "").rstrip(".")
    limits = [text for each in info.metadata if (text := _limit(each))]
    return description[:1].upper() + description[1:] + (f" ({', '.join(limits)})" if limits else "")


def _limit(constraint: object) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for attribute, word in words.items():
        bound = getattr(constraint, attribute, None)
        if bound is not None:
            return f"{word} {bound}"
    return ""


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else f'"{value}"'

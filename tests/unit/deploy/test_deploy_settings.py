"""Settings are read from one place and refuse what they do not know, by name."""

import tomllib
from pathlib import Path

import pytest

from deploy.settings import SettingsError, example_toml, fields, load, settings_table

ROOT = Path(__file__).parents[3]


def test_defaults_agree_over_the_packages() -> None:
    """Without any setting, worker, API and supervisor mean the same Kafka and the same folder."""
    settings = load({})
    assert settings.deploy.kafka_bootstrap == settings.worker.kafka_bootstrap == settings.api.kafka_bootstrap
    assert settings.deploy.data_dir == settings.worker.data_dir == settings.api.data_dir
    assert not settings.own_kafka


def test_a_named_kafka_is_ones_own() -> None:
    """Naming Kafka, even at the embedded one's address, means that none is embedded."""
    settings = load({"HAIDANG_KAFKA_BOOTSTRAP": "127.0.0.1:19092"})
    assert settings.own_kafka
    assert load({"HAIDANG_KAFKA_BOOTSTRAP": "a:9092,b:9092"}).worker.kafka_bootstrap == "a:9092,b:9092"


def test_the_embedded_port_moves_every_client() -> None:
    """Another port for the embedded Kafka reaches worker and API without being said twice."""
    settings = load({"HAIDANG_EMBEDDED_KAFKA_PORT": "29092"})
    assert settings.worker.kafka_bootstrap == settings.api.kafka_bootstrap == "127.0.0.1:29092"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A value in the environment replaces the file's; the file's others stay."""
    file = tmp_path / "haidang.toml"
    file.write_text(
        'api_port = 8081\npages_per_week = 7\negress_allow = ["10.0.0.0/8:443"]\n', encoding="utf-8"
    )
    settings = load({"HAIDANG_CONFIG": str(file), "HAIDANG_API_PORT": "8082"})
    assert settings.api.api_port == 8082
    assert settings.worker.pages_per_week == 7
    assert settings.api.egress_allow == ("10.0.0.0/8:443",)


def test_a_list_in_the_environment_is_separated_by_commas() -> None:
    """`HAIDANG_EGRESS_ALLOW` holds several rules."""
    settings = load({"HAIDANG_EGRESS_ALLOW": "10.0.0.0/8:443,192.168.1.0/24:8443"})
    assert settings.api.egress_allow == ("10.0.0.0/8:443", "192.168.1.0/24:8443")


def test_an_empty_value_counts_as_not_set() -> None:
    """Compose files write `HAIDANG_DATABASE_URL=` for nothing."""
    assert load({"HAIDANG_DATABASE_URL": "", "HAIDANG_KAFKA_BOOTSTRAP": ""}) == load({})


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"HAIDANG_API_PROT": "1"}, "unknown setting HAIDANG_API_PROT; did you mean HAIDANG_API_PORT?"),
        ({"HAIDANG_XYZZY": "1"}, "unknown setting HAIDANG_XYZZY; the README lists all settings"),
        ({"HAIDANG_API_PORT": "eighty"}, "HAIDANG_API_PORT: 'eighty' is not allowed"),
        ({"HAIDANG_API_PORT": "70000"}, "at most 65535"),
        ({"HAIDANG_PARTITIONS": "0"}, "HAIDANG_PARTITIONS: '0' is not allowed"),
        ({"HAIDANG_KAFKA_BOOTSTRAP": "nohost"}, "HAIDANG_KAFKA_BOOTSTRAP: 'nohost' is not allowed"),
        ({"HAIDANG_EGRESS_ALLOW": "everywhere"}, "is not CIDR:port"),
        ({"HAIDANG_PAGES_PER_WEEK": "0"}, "HAIDANG_PAGES_PER_WEEK: '0' is not allowed"),
        ({"HAIDANG_DATA_DIR": "/"}, "HAIDANG_DATA_DIR: / is not allowed"),
        ({"HAIDANG_API_PORT": "9108"}, "HAIDANG_WORKER_METRICS_PORT uses it already"),
        ({"HAIDANG_API_PORT": "19093"}, "HAIDANG_EMBEDDED_KAFKA_PORT uses it already"),
        ({"HAIDANG_CONFIG": "/nowhere.toml"}, "HAIDANG_CONFIG: cannot read /nowhere.toml"),
    ],
)
def test_a_bad_setting_is_named_with_what_is_allowed(environ: dict[str, str], told: str) -> None:
    """Nothing starts with a setting that is unknown, malformed or unsafe."""
    with pytest.raises(SettingsError) as refused:
        load(environ)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("api_prot = 1", "unknown setting api_prot in"),
        ("[api]\nport = 1", "unknown setting api in"),
        ("api_port = ", "is not valid TOML"),
        ("api_port = 0x1ffff", "HAIDANG_API_PORT: 131071 is not allowed"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    """A TOML file with a mistake refuses to start."""
    file = tmp_path / "haidang.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        load({"HAIDANG_CONFIG": str(file)})


def test_an_address_is_never_shown() -> None:
    """A database address may hold a password: the refusal does not repeat it."""
    with pytest.raises(SettingsError) as refused:
        load({"HAIDANG_WORKER_METRICS_URL": "ftp://user:geheim@host"})
    assert "geheim" not in str(refused.value)
    assert "HAIDANG_WORKER_METRICS_URL" in str(refused.value)


def test_the_example_file_is_the_compiled_in_defaults() -> None:
    """The file that ships says exactly what the code says; `example_toml()` writes it."""
    assert (ROOT / "deploy" / "haidang.example.toml").read_text(encoding="utf-8") == example_toml()


def test_the_example_file_uncommented_changes_nothing(tmp_path: Path) -> None:
    """Taking away every `#` before a setting gives the defaults again."""
    lines = example_toml().splitlines()
    text = "\n".join(line.removeprefix("#") for line in lines if not line.startswith("# "))
    assert set(tomllib.loads(text)) == set(fields())
    file = tmp_path / "haidang.toml"
    file.write_text(text.replace("kafka_bootstrap", "#kafka_bootstrap"), encoding="utf-8")
    assert load({"HAIDANG_CONFIG": str(file)}) == load({})


def test_the_readme_lists_every_setting() -> None:
    """The README's table is the one that `settings_table()` gives."""
    assert settings_table() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(info.description for info in fields().values())

"""The press archive becomes mentions in order of arrival."""

import gzip
import json
from pathlib import Path

import pytest

from deploy.press.convert import main
from streams.mention import Mention, parse_record

ARTICLES = [
    {
        "id": "b",
        "source": "Báo Một",
        "feed": "Thời sự",
        "title": "Tin thứ hai",
        "summary": "Tóm tắt",
        "url": "https://bao.example/b",
        "published_at": "2025-08-09T08:00:00+07:00",
        "fetched_at": "2025-08-09T11:06:00+07:00",
    },
    {
        "id": "a",
        "source": "Báo Hai",
        "title": "Tin thứ nhất",
        "summary": "",
        "url": "https://bao.example/a",
        "published_at": "2025-08-09T09:00:00+07:00",
        "fetched_at": "2025-08-09T08:59:00+07:00",
    },
]


def _archive(path: Path, articles: list[dict[str, str]]) -> Path:
    path.write_text("\n".join(json.dumps(article) for article in articles), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_articles_become_valid_mentions_in_order_of_arrival(tmp_path: Path, name: str) -> None:
    """Nothing arrives before it is published; an article without summary says its title."""
    target = tmp_path / name
    assert main([str(_archive(tmp_path / "in.jsonl", ARTICLES)), str(target)]) == 0
    data = gzip.decompress(target.read_bytes()) if name.endswith("gz") else target.read_bytes()
    value = b"[" + b",".join(data.splitlines()) + b"]"
    first, second = parse_record(value, appended_ms=1_800_000_000_000, known_topics=())
    assert isinstance(first, Mention)
    assert isinstance(second, Mention)
    assert (first.id, first.text, second.text) == ("a", "Tin thứ nhất", "Tóm tắt")
    assert first.fetched_at == first.published_at
    assert (second.source.name, second.source.kind) == ("Báo Một", "press")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": 7}, "line 1: Expected `str`, got `int` - at `$.title`"),
        ({"fetched_at": "2025-08-09T11:06:00"}, "line 1: a time without offset"),
        ({"published_at": "yesterday"}, "line 1: Invalid RFC3339"),
    ],
)
def test_a_line_that_is_no_article_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], message: str
) -> None:
    """An archive is converted whole or not at all."""
    archive = tmp_path / "in.jsonl"
    archive.write_text(json.dumps(ARTICLES[0] | change), encoding="utf-8")
    assert main([str(archive), str(tmp_path / "out.jsonl")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out.jsonl").exists()


def test_a_missing_archive_and_wrong_usage_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1 and 2."""
    assert main(["/nowhere", "out"]) == 1
    assert main(["one"]) == 2
    assert "No such file" in capsys.readouterr().err

"""The load of the benchmark is what it says, and its figures are read right."""

from datetime import UTC, datetime

import pytest

from streams.catalogue import Catalogue
from streams.mention import Mention, parse_record
from streams.understanding import Understanding
from tests.benchmarks.throughput.__main__ import quantile
from tests.benchmarks.throughput.load import catalogue_text, mentions, values

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_about_30_percent_of_the_load_matches_and_the_rest_does_not() -> None:
    """What the load calls matching is what the matcher finds, exactly one topic each."""
    understanding = Understanding(Catalogue.parse(catalogue_text(200), "benchmark"))
    made = list(mentions(2_000, 200, seed=1, now=NOW))
    found = [len(understanding.topics("", str(mention["text"]))) for mention, _ in made]

    assert found == [int(matches) for _, matches in made]
    assert sum(found) / len(found) == pytest.approx(0.3, abs=0.03)


def test_every_mention_of_the_load_is_valid() -> None:
    """Dead letters would make the job easier than it is."""
    records, _ = values(mentions(120, 200, seed=1, now=NOW), 50)
    ms = round(NOW.timestamp() * 1000)
    parsed = [item for value in records for item in parse_record(value, appended_ms=ms, known_topics=())]

    assert len(records) == 3
    assert len(parsed) == 120
    assert all(isinstance(item, Mention) for item in parsed)


def test_ten_thousand_topics_have_names_of_their_own() -> None:
    """A shared alias would count a mention twice."""
    assert len(Catalogue.parse(catalogue_text(10_000), "benchmark").topics) == 10_000


def test_a_quantile_is_linear_within_its_bucket() -> None:
    """As Prometheus computes it; beyond the last bound it is that bound."""
    buckets = [(0.1, 50.0), (0.2, 100.0), (float("inf"), 100.0)]
    assert quantile(buckets, 0.5) == pytest.approx(0.1)
    assert quantile(buckets, 0.75) == pytest.approx(0.15)
    assert quantile([(0.1, 0.0), (float("inf"), 4.0)], 0.5) == pytest.approx(0.1)

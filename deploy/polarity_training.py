"""Trains the polarity weights that are shipped: ``python -m deploy.polarity_training PRESS.jsonl.gz``.

Reads an archive of Vietnamese press (JSON Lines of id, title, summary, published_at) and the labels of some
of its articles (`polarity_labels.tsv`), and writes `detectors/polarity_vi.weights`. A teacher that sees title
and summary, through latent topics and lexicon, judges every article published before `LEARN_BEFORE`; two
River logistic regressions learn from it to judge by the words alone. See docs/polarity_model_card.md.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np
from scipy import optimize, sparse

from detectors import gram_weights
from detectors.polarity import FEATURES, GramClassifier, GramReader, Label, PolarityModel
from streams.understanding import bundled_lexicons, polarity_words

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

#: Nothing published later is learned from; later labels validate and calibrate.
LEARN_BEFORE = "2025-12-01"
OUTPUT = Path(__file__).parent.parent / "detectors" / "polarity_vi.weights"
LABELS = Path(__file__).with_name("polarity_labels.tsv")
_SEED = 3
_TOPICS = 300
_POWERS = 3
_RAREST = 8
_TOPIC_LENGTH = 3.0
_TEACHER_RIDGE = 10.0
_CALIBRATION_RIDGE = 1.0
#: Share of texts learned without diacritics: .25 cost .027 AUC on such texts.
_PLAIN_RATIO = 0.4
#: What the teacher is made to believe of a labelled headline.
_LABELLED = 0.95
_HEADS = (Label.NEGATIVE, Label.POSITIVE)


class Article:
    """One article of the archive.

    Parameters
    ----------
    record
        As read.

    """

    def __init__(self, record: dict[str, str]) -> None:
        self.id = record["id"]
        self.published = record["published_at"]
        self.title = polarity_words("", record["title"])
        self.summary = polarity_words("", record.get("summary") or "")
        self.whole = polarity_words(record["title"], record.get("summary") or "")


def read_archive(path: Path) -> list[Article]:
    """Return the articles of an archive, oldest first."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return sorted((Article(json.loads(line)) for line in lines), key=lambda one: (one.published, one.id))


def read_labels(path: Path) -> dict[str, Label]:
    """Return the label of each labelled article."""
    with path.open(encoding="utf-8") as lines:
        rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
        return {row["article"]: Label(row["label"]) for row in rows}


def latent_topics(articles: Sequence[Article]) -> Numbers:
    """Return each article's place among latent topics (Halko et al. 2011), of equal length."""
    matrix = _weighted(articles)
    random_matrix = np.random.default_rng(_SEED).standard_normal((matrix.shape[1], _TOPICS + 20))
    basis = _orthogonal(matrix @ random_matrix.astype(np.float32))
    for _ in range(_POWERS):
        basis = _orthogonal(matrix @ _orthogonal(matrix.T @ basis))
    left, strength, _ = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    places = (basis @ left * strength)[:, :_TOPICS]
    lengths = np.linalg.norm(places, axis=1, keepdims=True)
    return np.asarray(places / np.maximum(lengths, 1e-9) * _TOPIC_LENGTH, dtype=np.float64)


def _weighted(articles: Sequence[Article]) -> Any:  # noqa: ANN401 - scipy has no types
    """Return articles by grams, weighted by rarity, rows of length 1."""
    reader = GramReader()
    rows = [sorted(reader.codes(one.whole, marked_only=True)) for one in articles]
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((code for row in rows for code in row), dtype=np.int32)
    matrix = sparse.csr_matrix(
        (np.ones(len(columns), np.float32), columns, starts), shape=(len(rows), FEATURES)
    )
    counts = np.asarray(matrix.sum(axis=0)).ravel()
    kept = np.flatnonzero(counts >= _RAREST)
    matrix = matrix[:, kept] @ sparse.diags(np.log(len(rows) / counts[kept]).astype(np.float32))
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.diags((1.0 / np.maximum(lengths, 1e-9)).astype(np.float32)) @ matrix


def _orthogonal(matrix: Numbers) -> Numbers:
    return np.linalg.qr(matrix)[0]


def fit_softmax(values: Numbers, labels: Sequence[Label], ridge: float) -> Numbers:
    """Return rows of coefficients, constant last, of negative and positive against neutral."""
    inputs = np.hstack([values, np.ones((len(values), 1))])
    hits = np.array([[label == head for head in _HEADS] for label in labels], dtype=np.float64)

    def loss(flat: Numbers) -> tuple[float, Numbers]:
        rows = flat.reshape(len(_HEADS), -1)
        odds = shares(inputs, rows)
        neutral = 1.0 - odds.sum(axis=1)
        likely = (hits * np.log(odds + 1e-12)).sum() + (
            (1 - hits.sum(axis=1)) * np.log(neutral + 1e-12)
        ).sum()
        free = np.where(np.arange(rows.shape[1]) < rows.shape[1] - 1, ridge, 0.0)
        return float((free * rows**2).sum() / 2 - likely), ((odds - hits).T @ inputs + free * rows).ravel()

    start = np.zeros(len(_HEADS) * inputs.shape[1])
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000})
    return np.asarray(found.x.reshape(len(_HEADS), -1))


def shares(inputs: Numbers, rows: Numbers) -> Numbers:
    """Return the probabilities of negative and positive."""
    odds = np.exp(np.clip(inputs @ rows.T, -30.0, 30.0))
    return np.asarray(odds / (1.0 + odds.sum(axis=1, keepdims=True)))


def teach(articles: Sequence[Article], labels: dict[str, Label], lexicon: PolarityModel) -> Numbers:
    """Return the teacher's probabilities of negative and positive for every article."""
    read = np.array([[*lexicon.taught(one.title), *lexicon.taught(one.whole)] for one in articles])
    values = np.hstack([latent_topics(articles), read])
    known = [index for index, one in enumerate(articles) if one.id in labels]
    given = [labels[articles[index].id] for index in known]
    rows = fit_softmax(values[known], given, _TEACHER_RIDGE)
    odds = shares(np.hstack([values, np.ones((len(values), 1))]), rows)
    for index, label in zip(known, given, strict=True):
        odds[index] = [_LABELLED if label == head else (1 - _LABELLED) / 2 for head in _HEADS]
    return odds


def learn(articles: Sequence[Article], odds: Numbers) -> GramClassifier:
    """Return River regressions that learned the teacher's probabilities from headlines and summaries."""
    chance, reader, learner = random.Random(_SEED), GramReader(), GramClassifier()  # noqa: S311 - repeatable
    texts = [(one.title, pair) for one, pair in zip(articles, odds.tolist(), strict=True)]
    texts += [(one.summary, pair) for one, pair in zip(articles, odds.tolist(), strict=True) if one.summary]
    chance.shuffle(texts)
    for words, pair in texts:
        plain = chance.random() < _PLAIN_RATIO
        grams = (reader.transform_plain if plain else reader.transform_one)(words)
        learner.learn_shares(grams, dict(zip(_HEADS, pair, strict=True)))
    return learner


def calibrate(
    weights: gram_weights.GramWeights,
    articles: Sequence[Article],
    labels: dict[str, Label],
    lexicon: PolarityModel,
) -> tuple[tuple[float, ...], ...]:
    """Return constants and coefficients that make probabilities of learned weights and lexicon.

    Both weigh alike: on held-out headlines that loses .002 AUC against the best share, and words of other
    years and of comments are known to the lexicon first.
    """
    reader = GramReader()
    learned = np.array([weights.log_odds(reader.codes(one.title)) for one in articles])
    taught = np.array([lexicon.taught(one.title) for one in articles])
    rows = fit_softmax(learned + taught, [labels[one.id] for one in articles], _CALIBRATION_RIDGE)
    return tuple(tuple(round(float(one), 4) for one in (row[-1], *row[:-1], *row[:-1])) for row in rows)


def train(archive: Path, output: Path) -> None:
    """Train from an archive and write the weights."""
    articles, labels, lexicon = read_archive(archive), read_labels(LABELS), PolarityModel(bundled_lexicons())
    past = [one for one in articles if one.published < LEARN_BEFORE]
    later = [one for one in articles if one.published >= LEARN_BEFORE and one.id in labels]
    learner = learn(past, teach(past, labels, lexicon))
    steps = [gram_weights.quantised(learner.dense(head, FEATURES)) for head in _HEADS]
    header = gram_weights.Header(
        format=gram_weights.FORMAT,
        lexicon=lexicon.lexicon.vietnamese.version,
        trained_on=f"{len(past)} press headlines before {LEARN_BEFORE}, {len(labels) - len(later)} labelled",
        features=FEATURES,
        scales=(steps[0][0], steps[1][0]),
        constants=learner.constants(),
        calibration=((0.0, 1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0, 0.0)),
    )
    draft = gram_weights.GramWeights(header, steps[0][1], steps[1][1])
    rows: Any = calibrate(draft, later, labels, lexicon)
    header = msgspec.structs.replace(header, calibration=rows)
    output.write_bytes(gram_weights.pack(header, steps[0][1], steps[1][1]))
    sys.stdout.write(f"{output}: {output.stat().st_size} bytes, {header}\n")


def main() -> None:
    """Train from the archive named on the command line."""
    parser = argparse.ArgumentParser(description="Train the polarity weights that are shipped.")
    parser.add_argument("archive", type=Path)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    chosen = parser.parse_args()
    train(chosen.archive, chosen.output)


if __name__ == "__main__":
    main()

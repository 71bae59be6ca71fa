"""Time and quality of language understanding.

``python tests/benchmarks/language.py`` prints microseconds a mention, medians over repetitions; with --rivals
those of underthesea and pyvi with sklearn too (`make setup-bench` installs them).
``python tests/benchmarks/language.py --labelled FILE [--learn FILE]`` prints how well polarity ranks texts
that somebody labelled (JSON Lines of text and label, or a gzipped CSV with --column), as shipped, with the
lexicon alone, after learning from unlabelled mentions (JSON Lines of title or text, .gz too), and, with
--corrections, after corrections by the other four fifths of them. What is judged is never learned from.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import random
import statistics
import sys
import timeit
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from detectors.polarity import Label, PolarityModel
from streams.catalogue import Catalogue, default_catalogue_text
from streams.mention import Mention, parse_record
from streams.text import fold, readable
from streams.understanding import Understanding, bundled_lexicons, bundled_polarity, polarity_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from detectors.polarity import Polarity

PLAIN = (
    "Cô gái giữ thăng bằng hoàn hảo trên xe đạp khi chờ đèn xanh, đoạn phim ngắn được quay ở một góc phố nhỏ "
    "vào buổi sáng cuối tuần và được nhiều người xem lại."
)
TITLE = "Tiền điện tăng gấp đôi, người dân đề nghị kiểm tra công tơ"
MATCHED = (
    "Người dân bức xúc vì tiền điện tháng này tăng gấp đôi, EVN nói do nắng nóng nhưng nhiều hộ không tin, "
    "họ đề nghị Bộ Công Thương kiểm tra công tơ và trả lời rõ ràng trước khi thu tiền tháng sau."
)


#: A text is called negative from this probability: F1 is best at half its value (Lipton et al. 2014), which
#: is .77 on the titles of December 2025 that validate; at .5 it is .03 lower.
CALLED = 0.385


def _record(text: str) -> bytes:
    mention = {"id": "1", "published_at": "2026-01-01T00:00:00+07:00", "text": text, "source": {"name": "a"}}
    return json.dumps([mention | {"id": str(index)} for index in range(_ENVELOPE)]).encode()


_ENVELOPE = 50
PLAIN_RECORD, MATCHED_RECORD = _record(PLAIN), _record(MATCHED)


def whole(understanding: Understanding, record: bytes) -> None:
    """Parse an envelope and understand what it holds, as the classify stage does, without samples."""
    for mention in parse_record(record, appended_ms=1_767_250_000_000, known_topics=()):
        if isinstance(mention, Mention) and understanding.topics(mention.title, mention.text):
            understanding.polarity(mention.title, mention.text)
            understanding.signature(mention.title, mention.text)


def microseconds(work: Callable[[], object], number: int) -> float:
    """Return the median processor time of one call, in microseconds: what else runs here does not count."""
    return statistics.median(timeit.repeat(work, timer=process_time, number=number, repeat=7)) / number * 1e6


def print_times() -> None:
    """Print what each step costs for a text of about 200 characters."""
    understanding = Understanding(Catalogue.parse(default_catalogue_text(), "default"))
    steps: dict[str, Callable[[], object]] = {
        "parse and topics, no match": lambda: whole(understanding, PLAIN_RECORD),
        "parse, topics, polarity, signature, match": lambda: whole(understanding, MATCHED_RECORD),
        "topics, title and text, match": lambda: understanding.topics(TITLE, MATCHED),
        "topics, no match": lambda: understanding.topics("", PLAIN),
        "topics, match": lambda: understanding.topics("", MATCHED),
        "topics, no match, no diacritics": lambda: understanding.topics("", fold(PLAIN)),
        "polarity, matched text": lambda: understanding.polarity("", MATCHED),
        "signature, matched text": lambda: understanding.signature("", MATCHED),
        "polarity, no diacritics": lambda: understanding.polarity("", fold(MATCHED)),
        "sample, matched text": lambda: understanding.example_text("", MATCHED),
        "phrases, matched text": lambda: understanding.phrases("", MATCHED),
    }
    for name, work in steps.items():
        share = _ENVELOPE if name.startswith("parse") else 1
        sys.stdout.write(f"{name:42} {microseconds(work, 2_000 // share) / share:7.1f} us" + "\n")


def print_rivals() -> None:
    """Print what a user would pick instead: words by a tokenizer, then TF-IDF and logistic regression.

    The classifier is taught two sentences: its time does not depend on what it knows, but on the words.
    """
    from pyvi import ViTokenizer  # noqa: PLC0415 - installed for this comparison only
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from underthesea import word_tokenize  # noqa: PLC0415

    tokenizers: dict[str, Callable[[str], str]] = {
        "underthesea": lambda text: str(word_tokenize(text, format="text")),
        "pyvi": ViTokenizer.tokenize,
    }
    for name, tokenize in tokenizers.items():
        pipeline = make_pipeline(TfidfVectorizer(preprocessor=tokenize), LogisticRegression())
        pipeline.fit([PLAIN, MATCHED], [0, 1])
        for form, text in (("no match", PLAIN), ("match", MATCHED)):
            words_cost = microseconds(partial(tokenize, text), 100)
            cost = microseconds(partial(pipeline.predict_proba, [text]), 100)
            sys.stdout.write(f"{name}, {form}: words {words_cost:.0f} us, with sklearn {cost:.0f} us" + "\n")


def labelled_of(path: Path, column: str, negative: str, sample: int) -> list[dict[str, str]]:
    """Return texts and labels of a file; of a CSV, of `sample` random rows, what `column` says."""
    if ".csv" not in path.name:
        return list(lines_of(path))
    csv.field_size_limit(10_000_000)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = random.Random(1).sample(list(csv.DictReader(file)), sample)  # noqa: S311
    names = {True: "negative", False: "neutral"}
    labels = [
        row[column] if row[column] == "positive" else names[row[column] in negative.split(",")]
        for row in rows
    ]
    return [{"text": row["text"], "label": label} for row, label in zip(rows, labels, strict=True)]


def lines_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield the records of a JSON Lines file, compressed or not."""
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        for line in file:
            yield json.loads(line)


def area_under_curve(scores: Sequence[float], hits: Sequence[bool]) -> float:
    """Return the chance that a hit scores above a miss, ties counting half (Mann and Whitney 1947)."""
    above = [score for score, hit in zip(scores, hits, strict=True) if hit]
    below = [score for score, hit in zip(scores, hits, strict=True) if not hit]
    if not above or not below:
        return math.nan
    wins = sum((one > other) + 0.5 * (one == other) for one in above for other in below)
    return wins / (len(above) * len(below))


def calibration_error(scores: Sequence[float], hits: Sequence[bool]) -> float:
    """Return the expected calibration error over ten bins of equal size (Naeini et al. 2015)."""
    return sum(abs(mean - share) * size for mean, share, size in reliability(scores, hits)) / len(scores)


def reliability(scores: Sequence[float], hits: Sequence[bool]) -> list[tuple[float, float, int]]:
    """Return mean probability, share of hits and size of each of ten bins of equal size."""
    ordered = sorted(zip(scores, hits, strict=True))
    cuts = [len(ordered) * step // 10 for step in range(11)]
    bins = [ordered[start:end] for start, end in pairwise(cuts) if end > start]
    return [
        (statistics.mean(score for score, _ in one), statistics.mean(hit for _, hit in one), len(one))
        for one in bins
    ]


def print_corrected(labelled: Sequence[dict[str, str]]) -> None:
    """Print the quality of each fifth after the other four were corrections."""
    found: list[Polarity] = []
    order = [record for fifth in range(5) for record in labelled[fifth::5]]
    for fifth in range(5):
        model = bundled_polarity()
        for index, record in enumerate(labelled):
            if index % 5 != fifth:
                model.correct(polarity_words("", record["text"]), Label(record["label"]))
        found += (model.judge(polarity_words("", record["text"])) for record in labelled[fifth::5])
    labels = [record["label"] for record in order]
    sys.stdout.write(f"corrected  as written     {_quality(found, labels)}" + "\n")
    hits = [label == Label.NEGATIVE for label in labels]
    for mean, share, size in reliability([one.negative for one in found], hits):
        sys.stdout.write(f"  {size:4} texts: mean P(negative) {mean:.3f}, labelled {share:.3f}" + "\n")


def print_quality(name: str, model: PolarityModel, labelled: Sequence[dict[str, str]]) -> None:
    """Print how well the model ranks the labelled texts, with and without diacritics."""
    for form, change in (("as written", str), ("no diacritics", lambda text: fold(readable(text)))):
        found = [model.judge(polarity_words("", change(record["text"]))) for record in labelled]
        sys.stdout.write(
            f"{name:10} {form:14} {_quality(found, [record['label'] for record in labelled])}" + "\n"
        )


def _quality(found: Sequence[Polarity], labels: Sequence[str]) -> str:
    negative = [one.negative for one in found]
    is_negative = [label == Label.NEGATIVE for label in labels]
    called = [share > CALLED for share in negative]
    hits = sum(one and other for one, other in zip(called, is_negative, strict=True))
    f1 = 2 * hits / max(1, sum(called) + sum(is_negative))
    positive = area_under_curve(
        [one.positive for one in found], [label == Label.POSITIVE for label in labels]
    )
    return (
        f"AUC negative {area_under_curve(negative, is_negative):.3f}, AUC positive {positive:.3f}, "
        f"F1 negative {f1:.3f}, calibration error {calibration_error(negative, is_negative):.3f}, "
        f"mean P(negative) {statistics.mean(negative):.3f} "
        f"of {statistics.mean(is_negative):.3f} labelled"
    )


def main() -> None:
    """Print times, or quality if labelled texts are given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--learn", type=Path)
    parser.add_argument("--corrections", action="store_true")
    parser.add_argument("--column", default="label", help="of a CSV: where its label is")
    parser.add_argument("--negative", default="negative", help="of a CSV: which labels are negative")
    parser.add_argument("--sample", type=int, default=4_000, help="of a CSV: rows")
    parser.add_argument("--rivals", action="store_true", help="time underthesea and pyvi with sklearn too")
    chosen = parser.parse_args()
    if chosen.labelled is None:
        print_times()
        if chosen.rivals:
            print_rivals()
        return
    labelled = labelled_of(chosen.labelled, chosen.column, chosen.negative, chosen.sample)
    model = bundled_polarity()
    print_quality("as shipped", model, labelled)
    print_quality("lexicon", PolarityModel(bundled_lexicons()), labelled)
    if chosen.corrections:
        print_corrected(labelled)
    if chosen.learn is not None:
        for record in lines_of(chosen.learn):
            model.learn(polarity_words("", record.get("title") or record["text"]))
        print_quality("learned", model, labelled)


if __name__ == "__main__":
    main()

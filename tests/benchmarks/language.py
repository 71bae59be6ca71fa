"""Time and quality of language understanding.

``python tests/benchmarks/language.py`` prints microseconds a mention, medians over repetitions.
``python tests/benchmarks/language.py --labelled FILE [--learn FILE]`` prints how well polarity ranks texts
that a person labelled (JSON Lines of text and label), as shipped and after learning from unlabelled mentions
(JSON Lines of title or text, .gz too). The labelled texts are never learned from.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import timeit
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.polarity import Label
from streams.catalogue import Catalogue, default_catalogue_text
from streams.text import fold, readable
from streams.understanding import Understanding, bundled_polarity, polarity_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from detectors.polarity import Polarity, PolarityModel

PLAIN = (
    "Cô gái giữ thăng bằng hoàn hảo trên xe đạp khi chờ đèn xanh, đoạn phim ngắn được quay ở một góc phố nhỏ "
    "vào buổi sáng cuối tuần và được nhiều người xem lại."
)
MATCHED = (
    "Người dân bức xúc vì tiền điện tháng này tăng gấp đôi, EVN nói do nắng nóng nhưng nhiều hộ không tin, "
    "họ đề nghị Bộ Công Thương kiểm tra công tơ và trả lời rõ ràng trước khi thu tiền tháng sau."
)


def microseconds(work: Callable[[], object]) -> float:
    """Return the median time of one call, in microseconds."""
    number = 2_000
    return statistics.median(timeit.repeat(work, number=number, repeat=7)) / number * 1e6


def print_times() -> None:
    """Print what each step costs for a text of about 200 characters."""
    understanding = Understanding(Catalogue.parse(default_catalogue_text(), "default"))
    steps: dict[str, Callable[[], object]] = {
        "topics, no match": lambda: understanding.topics("", PLAIN),
        "topics, match": lambda: understanding.topics("", MATCHED),
        "topics, no match, no diacritics": lambda: understanding.topics("", fold(PLAIN)),
        "polarity, matched text": lambda: understanding.polarity("", MATCHED),
        "sample, matched text": lambda: understanding.example_text("", MATCHED),
        "phrases, matched text": lambda: understanding.phrases("", MATCHED),
    }
    for name, work in steps.items():
        sys.stdout.write(f"{name:34} {microseconds(work):7.1f} us" + "\n")


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
    wins = sum((one > other) + 0.5 * (one == other) for one in above for other in below)
    return wins / (len(above) * len(below))


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
    called = [share > 0.5 for share in negative]
    hits = sum(one and other for one, other in zip(called, is_negative, strict=True))
    f1 = 2 * hits / max(1, sum(called) + sum(is_negative))
    positive = area_under_curve(
        [one.positive for one in found], [label == Label.POSITIVE for label in labels]
    )
    return (
        f"AUC negative {area_under_curve(negative, is_negative):.3f}, AUC positive {positive:.3f}, "
        f"F1 negative {f1:.3f}, mean P(negative) {statistics.mean(negative):.3f} "
        f"of {statistics.mean(is_negative):.3f} labelled"
    )


def main() -> None:
    """Print times, or quality if labelled texts are given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--learn", type=Path)
    chosen = parser.parse_args()
    if chosen.labelled is None:
        print_times()
        return
    labelled, model = list(lines_of(chosen.labelled)), bundled_polarity()
    print_quality("as shipped", model, labelled)
    if chosen.learn is not None:
        for record in lines_of(chosen.learn):
            model.learn(polarity_words("", record.get("title") or record["text"]))
        print_quality("learned", model, labelled)


if __name__ == "__main__":
    main()

"""How often each alias of a catalogue occurs in a stream of mentions, and where, to be read.

``python -m tests.benchmarks.aliases FILE`` prints coverage, then topic, alias and number of mentions that
name the topic by it, the most frequent first, and aliases that never occur. ``--sample N`` prints N random
matches instead, topic, words that matched and the text around them, to be read by a person.
FILE is JSON Lines of title and text or summary, .gz too.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from streams.catalogue import Catalogue, default_catalogue_text
from streams.text import normalise
from streams.understanding import Understanding
from tests.benchmarks.language import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_AROUND = 60


def matches(understanding: Understanding, path: Path, part: float) -> Iterator[tuple[str, str, str]]:
    """Yield topic, the words that name it, the text around them; each once a mention, after a blank row."""
    chance = random.Random(1)  # noqa: S311 - a reproducible sample
    for record in lines_of(path):
        if chance.random() >= part:
            continue
        title, text = record.get("title") or "", record.get("text") or record.get("summary") or ""
        yield "", "", ""
        if not understanding.topics(title, text):
            continue
        told: set[tuple[str, str]] = set()
        for passage in understanding.passages(title, text):
            field = title if passage.field == "title" else text
            words = normalise(field[passage.start : passage.end])
            if (passage.topic, words) not in told:
                told.add((passage.topic, words))
                around = field[max(0, passage.start - _AROUND) : passage.end + _AROUND]
                yield passage.topic, words, f"{title} || {around}"


def main() -> None:
    """Print counts, or a sample to read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--catalogue", type=Path)
    parser.add_argument("--part", type=float, default=1.0, help="share of the mentions to look at")
    parser.add_argument("--sample", type=int, default=0, help="print so many random matches to read")
    chosen = parser.parse_args()
    text = default_catalogue_text() if chosen.catalogue is None else chosen.catalogue.read_text("utf-8")
    catalogue = Catalogue.parse(text, "catalogue")
    rows = list(matches(Understanding(catalogue), chosen.file, chosen.part))
    found = [row for row in rows if row[0]]
    if chosen.sample:
        for topic, words, around in random.Random(2).sample(found, min(chosen.sample, len(found))):  # noqa: S311
            sys.stdout.write(f"{topic}\t{words}\t{around}\n")
        return
    mentions, matched = sum(not row[0] for row in rows), 0
    for before, row in pairwise(rows):
        matched += bool(not before[0] and row[0])
    sys.stdout.write(f"{mentions} mentions, {matched} name a topic ({matched / mentions:.1%})\n")
    counts = Counter((topic, words) for topic, words, _ in found)
    for (topic, words), count in counts.most_common():
        sys.stdout.write(f"{count:6} {topic}\t{words}\n")
    for topic in catalogue.topics:
        for alias in (*topic.aliases, *topic.ambiguous):
            if (topic.id, normalise(alias)) not in counts:
                sys.stdout.write(f"     0 {topic.id}\t{alias}\n")


if __name__ == "__main__":
    main()

"""Counts the Vietnamese words of two syllables that are shipped: ``python -m deploy.word_counting ARCHIVE``.

Reads an archive of Vietnamese press (JSON Lines, gzipped or not, of title, optional summary, fetched_at) and
writes `streams/words_vi.tsv`. Two neighbouring syllables are a word as strong as their normalised pointwise
mutual information (Bouma 2009), if they stand together often enough and are seldom parts of stronger words
beside them (*xuất khẩu gạo* has no word *khẩu gạo*). Names are not counted: both syllables must be written
small, the first of a text excepted.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from itertools import pairwise
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from streams.phrases import telling_runs
from streams.segmentation import segment
from streams.send_input import open_source
from streams.text import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WORDS = Path(__file__).parent.parent / "streams" / "words_vi.tsv"
#: Nothing that arrived later is counted: later texts judge.
COUNT_BEFORE = "2025-12-01"
_RAREST, _WEAKEST = 10, 0.2
#: A pair that is part of a stronger word in more of its places than this is none.
_MOST_TORN = 0.5
_HEADER = f"""\
# Vietnamese words of two syllables: first, second, strength in hundredths of normalised mutual information.
# Counted by deploy.word_counting on titles and summaries of three newspapers, August to November 2025, where
# each pair stands at least {_RAREST} times; no text is in here. Lines may be corrected by hand.
"""

Run = tuple[str, ...]
Pair = tuple[str, str]


class _Article(msgspec.Struct, frozen=True):
    title: str
    fetched_at: str
    summary: str | None = None


def main() -> int:
    """Count the archive that is named and write the list."""
    parser = argparse.ArgumentParser(description="Count the Vietnamese words that are shipped.")
    parser.add_argument("archive", help="press archive: JSON Lines, gzipped or not")
    archive = parser.parse_args().archive
    runs = Counter(run for text in _texts(archive) for run in _runs(text))
    words = without_torn(strengths(runs), runs)
    lines = (f"{first}\t{second}\t{strength}\n" for (first, second), strength in sorted(words.items()))
    WORDS.write_text(_HEADER + "".join(lines), encoding="utf-8")
    sys.stdout.write(f"{len(words)} words\n")
    return 0


def _texts(archive: str) -> Iterator[str]:
    with open_source(archive) as source:
        for line in source.lines():
            article = msgspec.json.decode(line, type=_Article)
            if article.fetched_at < COUNT_BEFORE:
                yield canonical(article.title)
                yield canonical(article.summary or "")


def _runs(text: str) -> Iterator[Run]:
    """Yield the runs of small syllables; a number, a capital or a sign ends one."""
    for place, run in enumerate(telling_runs(text)):
        small: list[str] = []
        opening = [run[0].lower(), *run[1:]] if place == 0 and not run[0].isupper() else run
        for syllable in (*opening, "."):
            if syllable.islower() and syllable.isalpha():
                small.append(syllable)
            elif small:
                yield tuple(small)
                small = []


def strengths(runs: Counter[Run]) -> dict[Pair, int]:
    """Return each pair of neighbours that is frequent and strong enough, in hundredths."""
    single: Counter[str] = Counter()
    pairs: Counter[Pair] = Counter()
    for run, times in runs.items():
        for syllable in run:
            single[syllable] += times
        for pair in pairwise(run):
            pairs[pair] += times
    total = single.total()

    def strength(pair: Pair, times: int) -> float:
        together, apart = times / total, single[pair[0]] / total * (single[pair[1]] / total)
        return log(together / apart) / -log(together)

    frequent = {pair: strength(pair, times) for pair, times in pairs.items() if times >= _RAREST}
    return {pair: round(100 * found) for pair, found in frequent.items() if found >= _WEAKEST}


def without_torn(words: dict[Pair, int], runs: Counter[Run]) -> dict[Pair, int]:
    """Return the words that cutting the runs into words leaves whole in most of their places."""
    while True:
        kept = _kept(words, runs)
        if len(kept) == len(words):
            return words
        words = kept


def _kept(words: dict[Pair, int], runs: Counter[Run]) -> dict[Pair, int]:
    seen, whole = Counter[Pair](), Counter[Pair]()
    for run, times in runs.items():
        _add(seen, (pair for pair in pairwise(run) if pair in words), times)
        _add(whole, ((word[0], word[1]) for word in segment(run, words) if len(word) > 1), times)
    return {pair: found for pair, found in words.items() if whole[pair] >= _MOST_TORN * seen[pair]}


def _add(counts: Counter[Pair], pairs: Iterable[Pair], times: int) -> None:
    for pair in pairs:
        counts[pair] += times


if __name__ == "__main__":
    sys.exit(main())

"""How well signatures find near-copies: recall by kind of change, and how many unrelated pairs they link.

``python -m tests.benchmarks.near_copies FILE [--sample N]``; FILE is JSON Lines of title and text or summary,
.gz too. Pairs of different articles are taken for unrelated, though some tell the same story.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.copies import SIGNATURE_KEYS, are_copies
from streams.signature import signature
from streams.text import fold, normalise
from tests.benchmarks.language import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CHANCE = random.Random(7)  # noqa: S311 - reproducible edits


def edited(text: str, edits: int) -> str:
    """Return a text with words replaced, left out or put in."""
    found = text.split()
    for _ in range(edits):
        place = _CHANCE.randrange(len(found))
        found[place : place + _CHANCE.choice((0, 1, 1))] = _CHANCE.choice((["khác"], [], ["thêm"]))
    return " ".join(found)


def cut(text: str) -> str:
    """Return a text without its last fifth."""
    found = text.split()
    return " ".join(found[: len(found) * 4 // 5])


CHANGES: dict[str, Callable[[str], str]] = {
    "prefix of four syllables": lambda text: f"Tin nóng mới nhận: {text}",
    "1 edit": lambda text: edited(text, 1),
    "3 edits": lambda text: edited(text, 3),
    "cut by a fifth": cut,
    "no diacritics": lambda text: fold(normalise(text)),
}


def signed(text: str) -> bytes:
    """Return the signature of a text."""
    return signature(normalise(text))


def linked(signatures: Sequence[bytes]) -> int:
    """Return how many pairs are near-copies."""
    places: defaultdict[bytes, list[int]] = defaultdict(list)
    for index, one in enumerate(signatures):
        for start in range(0, len(one), len(one) // SIGNATURE_KEYS or 1):
            places[one[start : start + len(one) // SIGNATURE_KEYS]].append(index)
    pairs = {pair for same in places.values() for pair in combinations(sorted(set(same)), 2)}
    return sum(are_copies(signatures[one], signatures[other]) for one, other in pairs)


def main() -> None:
    """Print recall and false links, for titles alone and for titles with their text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--sample", type=int, default=3_000)
    chosen = parser.parse_args()
    records = random.Random(1).sample(list(lines_of(chosen.file)), chosen.sample)  # noqa: S311
    titles = [record["title"] for record in records]
    texts = [f"{record['title']} {record.get('text') or record.get('summary')}" for record in records]
    for name, kind in (("titles", titles), ("titles and texts", texts)):
        known = [(text, own) for text in kind if (own := signed(text))]
        for change, apply in CHANGES.items():
            hits = sum(are_copies(own, signed(apply(text))) for text, own in known)
            sys.stdout.write(f"{name}, {change}: {hits / len(known):.3f} of {len(known)}\n")
        pairs = len(known) * (len(known) - 1) // 2
        found = linked([own for _, own in known])
        sys.stdout.write(f"{name}: {found} of {pairs} pairs linked, {1e6 * found / pairs:.1f} per million\n")


if __name__ == "__main__":
    main()

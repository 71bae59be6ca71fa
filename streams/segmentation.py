"""Words in a run of Vietnamese syllables (pure).

Vietnamese is written syllable by syllable, and most of its words have two. Which two neighbours are a word is
told by how much more often they stand together than apart; that was counted on press texts beforehand
(`deploy.word_counting`) and is shipped as a list to read and to correct, `words_vi.tsv`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Words", "parse_words", "segment"]

#: Strength of each word of two syllables, in hundredths (1 to 100).
Words: TypeAlias = "Mapping[tuple[str, str], int]"


def parse_words(text: str) -> dict[tuple[str, str], int]:
    """Return the words of a list: first, second syllable and strength by tabs; lines with # are remarks."""
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {(first, second): int(strength) for first, second, strength in rows}


def segment(syllables: Sequence[str], words: Words) -> list[list[str]]:
    """Return the syllables as words of one or two, such that the strengths of the twos sum to the most.

    Case does not matter. Linear in the number of syllables; of two ways that are equally strong the one with
    words further to the left is taken.
    """
    folded = [syllable.lower() for syllable in syllables]
    best, last = [0, 0], [0, 1]
    for end in range(2, len(syllables) + 1):
        joined = best[end - 2] + words.get((folded[end - 2], folded[end - 1]), 0)
        best.append(max(best[end - 1], joined))
        last.append(2 if joined > best[end - 1] else 1)
    found: list[list[str]] = []
    end = len(syllables)
    while end:
        found.append(list(syllables[end - last[end] : end]))
        end -= last[end]
    return found[::-1]

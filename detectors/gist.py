"""What a correction keeps of a text, and the labels that officers give (pure)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["FEATURES", "MOST_GRAMS", "Gist", "Label"]

#: Hashed features, a power of two; with 2^18 collisions cost .001 to .004 of the area under the curve.
FEATURES = 1 << 20
#: Syllables and pairs of 120 words, each in two forms.
MOST_GRAMS = 480
_Gram = Annotated[int, Meta(ge=0, lt=FEATURES)]
_LogOdds = Annotated[float, Meta(ge=-100.0, le=100.0)]


class Label(StrEnum):
    """How a text speaks of its topic."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Gist(msgspec.Struct, frozen=True):
    """What is left of a text that was corrected: enough to learn from, and none of its words.

    Attributes
    ----------
    grams
        Hashes of its syllables and pairs, ascending, 0 .. `FEATURES` - 1.
    negative, positive
        Log-odds against neutral of the models below the corrections, when it was corrected.
    taught_negative, taught_positive
        Those of the lexicon alone.

    """

    grams: Annotated[tuple[_Gram, ...], Meta(max_length=MOST_GRAMS)]
    negative: _LogOdds
    positive: _LogOdds
    taught_negative: _LogOdds
    taught_positive: _LogOdds

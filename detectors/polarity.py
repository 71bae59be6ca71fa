"""Polarity."""

from __future__ import annotations

import msgspec

__all__ = ["Polarity"]


class Polarity(msgspec.Struct, frozen=True):
    """How a text speaks of its topic, as probabilities.

    Attributes
    ----------
    negative, positive
        Probabilities in [0, 1]; what is left is neutral.

    """

    negative: float
    positive: float

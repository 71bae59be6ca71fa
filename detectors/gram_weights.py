"""Trained weights of hashed grams, in the file that is shipped (pure).

The file is a magic word, the length of a JSON header, the header, and two arrays of signed bytes (negative,
positive), compressed. No code is in it and none is run to read it.
"""

from __future__ import annotations

import zlib
from array import array
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["GramWeights", "Header", "WeightsError", "pack", "quantised", "unpack"]

_MAGIC = b"HAIDANGW"
_LARGEST = 127
#: Steps up to the weight that one in 5,000 exceeds. Finer ones rank no better and cost bytes: 127 twice
#: as many.
_STEPS = 10
#: Format of this module and meaning of the features (`detectors.polarity.GramReader`); others are refused.
FORMAT = 2


class WeightsError(ValueError):
    """A file of weights that cannot be used; the message says why."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the weights are and how they become log-odds.

    Attributes
    ----------
    format
        `FORMAT` of the writer.
    lexicon
        Version of the lexicon that taught.
    trained_on
        What was learned from, in words; no text of it.
    features
        Number of weights of each head.
    scales, constants
        Of the negative and the positive head: value of one step of a weight, and the constant.
    calibration
        Two rows, log-odds of negative and of positive against neutral: constant, then the coefficients of the
        two learned and the two lexicon log-odds.

    """

    format: int
    lexicon: int
    trained_on: str
    features: int
    scales: tuple[float, float]
    constants: tuple[float, float]
    calibration: tuple[tuple[float, float, float, float, float], tuple[float, float, float, float, float]]


class GramWeights:
    """Two frozen logistic regressions over hashed grams.

    Parameters
    ----------
    header
        Describes the weights.
    negative, positive
        Weights in steps of `header.scales`.

    """

    def __init__(self, header: Header, negative: array[int], positive: array[int]) -> None:
        self.header = header
        self._heads = (negative, positive)

    def log_odds(self, grams: Collection[int]) -> tuple[float, float]:
        """Return the log-odds of negative and of positive for grams of equal value."""
        length = max(1, len(grams)) ** 0.5
        negative, positive = (
            constant + scale * sum(map(head.__getitem__, grams)) / length
            for head, scale, constant in zip(
                self._heads, self.header.scales, self.header.constants, strict=True
            )
        )
        return negative, positive

    def calibrated(self, learned: tuple[float, float], taught: tuple[float, float]) -> tuple[float, float]:
        """Return the joint log-odds against neutral of learned weights and lexicon."""
        values = (1.0, *learned, *taught)
        negative, positive = (
            sum(factor * value for factor, value in zip(row, values, strict=True))
            for row in self.header.calibration
        )
        return negative, positive


def quantised(weights: Sequence[float]) -> tuple[float, array[int]]:
    """Return the value of one step and the weights in steps; weights beyond 127 steps are cut."""
    ordered = sorted(abs(weight) for weight in weights)
    top = ordered[int(len(ordered) * 0.9998)] or ordered[-1]
    scale = top / _STEPS or 1.0
    return scale, array("b", (max(-_LARGEST, min(_LARGEST, round(one / scale))) for one in weights))


def pack(header: Header, negative: array[int], positive: array[int]) -> bytes:
    """Return the file of weights."""
    described = msgspec.json.encode(header)
    body = zlib.compress(negative.tobytes() + positive.tobytes(), 9)
    return _MAGIC + len(described).to_bytes(4, "big") + described + body


def unpack(data: bytes) -> GramWeights:
    """Return the weights of a file.

    Raises
    ------
    WeightsError
        If it is no such file, of another format, or cut short.

    """
    if not data.startswith(_MAGIC):
        raise WeightsError("not a file of weights: it does not begin as one")
    start = len(_MAGIC) + 4
    end = start + int.from_bytes(data[len(_MAGIC) : start], "big")
    try:
        header = msgspec.json.decode(data[start:end], type=Header)
        inflater = zlib.decompressobj()
        body = inflater.decompress(data[end:], max(1, 2 * header.features + 1))
    except (msgspec.DecodeError, zlib.error) as error:
        raise WeightsError("a damaged file of weights: install the package again") from error
    if header.format != FORMAT:
        raise WeightsError(
            f"weights of format {header.format}, this version reads {FORMAT}: train them again"
        )
    if header.features < 1 or len(body) != 2 * header.features or not inflater.eof:
        raise WeightsError("a damaged file of weights: it is too short or too long")
    values = array("b", body)
    return GramWeights(header, values[: header.features], values[header.features :])

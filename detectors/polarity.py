"""Polarity of a text: lexicon, learned weights, corrections, all as River estimators (pure).

Small models stand on each other. The words of a text without diacritics get their likeliest ones back.
`LexiconClassifier` turns the sums of a hand-written lexicon into log-odds. `GramWeights` are regressions
trained beforehand by `gram_pipeline`, and one calibration joins both to probabilities. Another such pipeline
learns online from a stream that those judged. `Corrector`, over the weak log-odds, the lexicon and the words,
moves all of it towards corrections, by bounded steps. `judge` never learns: the same text
means the same until someone calls `learn`, `correct` or `revert`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise, repeat
from operator import mul
from typing import TYPE_CHECKING, Any, Protocol, cast
from zlib import crc32

import msgspec
from river import base, compose, linear_model, optim

from detectors.diacritics import plain
from detectors.gist import FEATURES, Gist, Label

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

    from detectors.gram_weights import GramWeights
    from detectors.lexicon import LexiconPair

__all__ = ["Corrector", "GramClassifier", "GramReader", "Label", "LexiconClassifier", "LexiconReader"]
__all__ += ["FEATURES", "Polarity", "PolarityModel", "TextPipeline", "corrected", "gram_pipeline"]
__all__ += ["learn_shares"]

#: Texts after which the learned model has half of its full say.
_HALF_TRUST_TEXTS = 500
#: The online model's full say beside what is shipped.
_FULL_TRUST = 0.3
#: Every fourth text is learned without its diacritics; else texts written so are judged at random.
_PLAIN_EVERY = 4
#: One correction moves the log-odds of the same text by at most this much, and its weights never further.
_CORRECTION_STEP = 2.0
_CORRECTION_LIMIT = 4.0
#: How strongly one correction moves all texts, beside those that share its words.
_SHARED = 0.1
_TINY = 1e-6


class Polarity(msgspec.Struct, frozen=True):
    """How a text speaks of its topic, as probabilities.

    Attributes
    ----------
    negative, positive
        Probabilities in [0, 1] whose sum is at most 1; what is left is neutral.

    """

    negative: float
    positive: float


def _softmax(negative: float, positive: float) -> dict[Any, float]:
    """Return the probabilities of the labels from their log-odds against neutral."""
    top = max(negative, positive, 0.0)
    odds = (math.exp(negative - top), math.exp(-top), math.exp(positive - top))
    total = sum(odds)
    return {label: one / total for label, one in zip(Label, odds, strict=True)}


class LexiconReader(base.Transformer):
    """Turns the words of a text into two features: the logarithms of its lexicon sums.

    Parameters
    ----------
    lexicon
        The lexicons to read with.

    """

    def __init__(self, lexicon: LexiconPair) -> None:
        self.lexicon = lexicon

    def transform_one(self, x: object) -> dict[Hashable, Any]:
        """Return ``negative`` and ``positive``, both >= 0; 0 for a text without any known expression."""
        reading = self.lexicon.read(cast("Sequence[str]", x))
        return {"negative": math.log1p(reading.negative), "positive": math.log1p(reading.positive)}


class LexiconClassifier(base.Classifier):
    """Calibrates lexicon sums to probabilities.

    Notes
    -----
    ----- A multinomial logit whose coefficients were set by hand, on no data: a text without hits is
    negative one time in seven, one strong expression (3) makes it three times in four. `learn_one` adapts
    the two constants only, as a running calibration to a stream's own share of each label.

    """

    def __init__(self, step: float = 0.02) -> None:
        self.step = step
        self.constants = {Label.NEGATIVE: -1.6, Label.POSITIVE: -2.2}

    @property
    def _multiclass(self) -> bool:
        return True

    def learn_one(self, x: Mapping[Any, float], y: base.typing.ClfTarget) -> None:
        """Move the constants towards label `y`."""
        found = self.predict_proba_one(x)
        for label in self.constants:
            self.constants[label] += self.step * ((y == label) - found[label])

    def predict_proba_one(self, x: Mapping[Any, float], **_: object) -> dict[Any, float]:
        """Return the probability of each label from the features of `LexiconReader`; absent ones are 0."""
        negative, positive = x.get("negative", 0.0), x.get("positive", 0.0)
        return _softmax(
            self.constants[Label.NEGATIVE] + 1.9 * negative - 0.6 * positive,
            self.constants[Label.POSITIVE] + 1.5 * positive - 0.6 * negative,
        )


@lru_cache(maxsize=65_536)
def _hashes(word: str) -> tuple[int, int]:
    """Return a word's hash and the hash of its form without diacritics; the same in every process."""
    bare = plain(word).encode("utf-8", "replace")
    return crc32(word.encode("utf-8", "replace")), crc32(bare) ^ 0x5BD1E995


class GramReader(base.Transformer):
    """Turns the words of a text into hashed syllables and pairs, each with and without diacritics.

    Parameters
    ----------
    longest
        Words after which the rest of a text is left out, so that its length bounds the time.

    """

    def __init__(self, longest: int = 120) -> None:
        self.longest = longest

    def transform_one(self, x: object) -> dict[Hashable, Any]:
        """Return feature and value, of length 1 altogether (L2); empty for no words."""
        return _unit(self.codes(cast("Sequence[str]", x)))

    def codes(self, x: Sequence[str]) -> set[int]:
        """Return the features without their value."""
        return self._grams([_hashes(word) for word in x[: self.longest]])

    @staticmethod
    def _grams(hashes: list[tuple[int, int]]) -> set[int]:
        found: set[int] = set()
        for form in (0, 1):
            codes = [pair[form] for pair in hashes]
            found.update(code % FEATURES for code in codes)
            pairs = pairwise(codes)
            found.update((first * 31 + second * 17) % 4_294_967_291 % FEATURES for first, second in pairs)
        return found


def _unit(features: Collection[int]) -> dict[Hashable, Any]:
    """Return features of equal value whose squares sum up to 1."""
    return dict.fromkeys(features, len(features) ** -0.5) if features else {}


class _Head(Protocol):
    """What is used of River's logistic regression, typed."""

    @property
    def weights(self) -> Mapping[Any, float]:
        """Weight of each feature."""

    #: The constant.
    intercept: float

    def learn_one(self, x: Mapping[Any, float], y: object, w: float = ...) -> None:
        """Learn one example."""

    def predict_proba_one(self, x: Mapping[Any, float]) -> dict[bool, float]:
        """Return the probability of each side."""


class GramClassifier(base.Classifier):
    """Two online logistic regressions, negative and positive against the rest.

    Parameters
    ----------
    rate
        Learning rate of AdaGrad (Duchi et al. 2011).

    """

    def __init__(self, rate: float = 0.5) -> None:
        self.rate = rate
        self.heads: dict[Label, _Head] = {
            label: linear_model.LogisticRegression(optimizer=optim.AdaGrad(rate))
            for label in (Label.NEGATIVE, Label.POSITIVE)
        }

    @property
    def _multiclass(self) -> bool:
        return True

    def learn_one(self, x: Mapping[Any, float], y: base.typing.ClfTarget, w: float = 1.0) -> None:
        """Learn that features `x` have label `y`, with weight `w`."""
        for label, head in self.heads.items():
            head.learn_one(x, y == label, w=w)

    def dense(self, label: Label, features: int) -> list[float]:
        """Return the weights of one label's regression for features 0 to `features`."""
        known = self.heads[label].weights
        return [known.get(feature, 0.0) for feature in range(features)]

    def constants(self) -> tuple[float, float]:
        """Return the constants of the negative and the positive regression."""
        negative, positive = (float(head.intercept) for head in self.heads.values())
        return negative, positive

    def predict_proba_one(self, x: Mapping[Any, float], **_: object) -> dict[Any, float]:
        """Return the probability of each label; their sum is 1."""
        negative, positive = (head.predict_proba_one(x)[True] for head in self.heads.values())
        scale = 1.0 / max(1.0, negative + positive)
        negative, positive = negative * scale, positive * scale
        return {
            Label.NEGATIVE: negative,
            Label.NEUTRAL: 1.0 - negative - positive,
            Label.POSITIVE: positive,
        }


class TextPipeline(Protocol):
    """What is used of a River pipeline whose input is the words of a text, typed."""

    def __getitem__(self, name: str) -> GramClassifier:
        """Return the estimator of this name."""

    def clone(self) -> TextPipeline:
        """Return the same pipeline, which has learned nothing."""

    def learn_one(self, x: Sequence[str], y: object, *, w: float = ...) -> None:
        """Learn one text, with weight `w`."""

    def predict_proba_one(self, x: Sequence[str]) -> dict[Label, float]:
        """Return the probability of each label."""

    def predict_one(self, x: Sequence[str]) -> Label:
        """Return the likeliest label."""


def gram_pipeline() -> TextPipeline:
    """Return regressions that learn from the words of texts, as they are after restoring."""
    return cast("TextPipeline", compose.Pipeline(GramReader(), GramClassifier()))


def learn_shares(pipeline: TextPipeline, words: Sequence[str], odds: Mapping[Any, float]) -> None:
    """Learn a teacher's probabilities as they are: every label, weighted by its share."""
    for label in Label:
        pipeline.learn_one(words, label, w=odds[label])


class Corrector(base.Classifier):
    """Learns from corrections what the models below it get wrong.

    Notes
    -----
    ----- A multinomial logit on top of given log-odds, with one weight per label and feature. A step is
    bounded by the gradient (at most 1) and the weights are bounded, so that no correction, wrong or hostile,
    can move a text further than `_CORRECTION_LIMIT` and none moves texts that share no words with it.

    """

    def __init__(self, step: float = _CORRECTION_STEP) -> None:
        self.step = step
        self.weights: dict[Label, dict[Any, float]] = {Label.NEGATIVE: {}, Label.POSITIVE: {}}

    @property
    def _multiclass(self) -> bool:
        return True

    @property
    def has_learned(self) -> bool:
        """Whether anything was corrected."""
        return bool(self.weights[Label.NEGATIVE])

    def correct(self, below: Mapping[Any, float], x: Mapping[Any, float], y: base.typing.ClfTarget) -> None:
        """Learn that a text with features `x`, judged `below`, has label `y`."""
        found = self.judge(below, x)
        for label, weights in self.weights.items():
            move = self.step * ((y == label) - found[label])
            for name, value in x.items():
                moved = weights.get(name, 0.0) + move * value
                weights[name] = min(_CORRECTION_LIMIT, max(-_CORRECTION_LIMIT, moved))

    def hear(self, gist: Gist, label: Label) -> None:
        """Learn that a text has `label`, from what was kept of it."""
        self.correct(_softmax(gist.negative, gist.positive), _correctable(gist), label)

    def judge(self, below: Mapping[Any, float], x: Mapping[Any, float]) -> dict[Any, float]:
        """Return the probabilities `below`, moved by what was learned about the features `x`."""
        neutral = math.log(max(below[Label.NEUTRAL], _TINY))
        moved = {
            label: math.log(max(below[label], _TINY)) - neutral + self._shift(weights, x)
            for label, weights in self.weights.items()
        }
        return _softmax(moved[Label.NEGATIVE], moved[Label.POSITIVE])

    def learn_one(self, x: Mapping[Any, float], y: base.typing.ClfTarget) -> None:
        """Learn that features `x` have label `y`, with nothing below."""
        self.correct(_EVEN, x, y)

    def predict_proba_one(self, x: Mapping[Any, float], **_: object) -> dict[Any, float]:
        """Return the probability of each label, with nothing below."""
        return self.judge(_EVEN, x)

    @staticmethod
    def _shift(weights: Mapping[Any, float], x: Mapping[Any, float]) -> float:
        shift: float = sum(map(mul, map(weights.get, x, repeat(0.0)), x.values()))
        return min(_CORRECTION_LIMIT, max(-_CORRECTION_LIMIT, shift))


def corrected(given: Iterable[tuple[Gist, Label]]) -> Corrector:
    """Return what corrections, in this order, come to; the same ones always come to the same."""
    corrector = Corrector()
    for gist, label in given:
        corrector.hear(gist, label)
    return corrector


def _gist(grams: set[int], odds: Mapping[Any, float], taught: tuple[float, float]) -> Gist:
    """Return what a correction keeps of a text with these features, judged `odds`."""
    neutral, negative, positive = (
        math.log(max(odds[label], _TINY)) for label in (Label.NEUTRAL, Label.NEGATIVE, Label.POSITIVE)
    )
    return Gist(tuple(sorted(grams)), negative - neutral, positive - neutral, *taught)


def _correctable(gist: Gist) -> dict[Hashable, Any]:
    """Return what a correction moves: the words and, a little, constant and slopes of all texts."""
    features = _unit(gist.grams)
    features["constant"] = _SHARED
    below = (gist.negative, gist.positive)
    taught = (gist.taught_negative, gist.taught_positive)
    for label, odds, lexicon in zip((Label.NEGATIVE, Label.POSITIVE), below, taught, strict=True):
        features["weak", label] = _SHARED * odds / 4.0
        features["lexicon", label] = _SHARED * lexicon / 4.0
    return features


_EVEN = dict.fromkeys(Label, 1.0 / len(Label))


class PolarityModel:
    """The models together.

    Parameters
    ----------
    lexicon
        The lexicons.
    weights
        Regressions trained beforehand, or None to judge by the lexicon alone.

    """

    def __init__(self, lexicon: LexiconPair, weights: GramWeights | None = None) -> None:
        self.lexicon = lexicon
        self._weights = weights
        self._reader = LexiconReader(lexicon)
        self._teacher = LexiconClassifier()
        self._grams = GramReader()
        self._learned = gram_pipeline()
        self._corrector = Corrector()
        self._given: list[tuple[Gist, Label]] = []
        self.texts_learned = 0

    @property
    def corrections(self) -> int:
        """Number of corrections in force."""
        return len(self._given)

    def judge(self, words: Sequence[str], corrector: Corrector | None = None) -> Polarity:
        """Return the polarity of a normalised text, given as its words; an empty one is mostly neutral.

        `corrector` stands for the corrections in force, in place of those that the model was given itself.
        """
        seen = self.lexicon.restored(words)
        grams, taught = self._grams.codes(seen), self._taught(seen)
        odds = self._odds(seen, grams, taught)
        correcting = self._corrector if corrector is None else corrector
        if correcting.has_learned:
            odds = correcting.judge(odds, _correctable(_gist(grams, odds, taught)))
        return Polarity(odds[Label.NEGATIVE], odds[Label.POSITIVE])

    def taught(self, words: Sequence[str]) -> tuple[float, float]:
        """Return the lexicon's log-odds of negative and of positive against neutral."""
        return self._taught(self.lexicon.restored(words))

    def learn(self, words: Sequence[str]) -> None:
        """Learn online from an unlabelled text, with what is shipped as teacher."""
        seen = self.lexicon.restored(words)
        odds = self._shipped(seen, self._grams.codes(seen), self._taught(seen))
        if self._is_plain_turn():
            seen = self.lexicon.restored([plain(word) for word in seen])
        learn_shares(self._learned, seen, odds)
        self.texts_learned += 1

    def gist(self, words: Sequence[str]) -> Gist:
        """Return what a correction of a normalised text keeps of it."""
        seen = self.lexicon.restored(words)
        grams, taught = self._grams.codes(seen), self._taught(seen)
        return _gist(grams, self._odds(seen, grams, taught), taught)

    def correct(self, words: Sequence[str], label: Label) -> int:
        """Learn that an officer calls a text `label` from now on; return its place for `revert`."""
        gist = self.gist(words)
        self._given.append((gist, label))
        self._corrector.hear(gist, label)
        return len(self._given) - 1

    def revert(self, place: int) -> None:
        """Take back one correction: the others are learned again from the start, in their order.

        Raises
        ------
        IndexError
            If there is no such correction.

        """
        del self._given[place]
        self._corrector = corrected(self._given)

    def _taught(self, words: Sequence[str]) -> tuple[float, float]:
        odds = self._teacher.predict_proba_one(self._reader.transform_one(words))
        neutral = math.log(odds[Label.NEUTRAL])
        return math.log(odds[Label.NEGATIVE]) - neutral, math.log(odds[Label.POSITIVE]) - neutral

    def _shipped(
        self, words: Sequence[str], grams: set[int], taught: tuple[float, float]
    ) -> dict[Any, float]:
        """Return what lexicon and trained weights say; of English the lexicon alone."""
        if self._weights is None or self.lexicon.is_english(words):
            return _softmax(*taught)
        learned = self._weights.log_odds(grams)
        return _softmax(*self._weights.calibrated(learned, taught))

    def _is_plain_turn(self) -> bool:
        return self.texts_learned % _PLAIN_EVERY == _PLAIN_EVERY - 1

    def _odds(self, words: Sequence[str], grams: set[int], taught: tuple[float, float]) -> dict[Any, float]:
        """Return what is shipped and what was learned online say together."""
        shipped = self._shipped(words, grams, taught)
        if not self.texts_learned:
            return shipped
        trust = _FULL_TRUST * self.texts_learned / (self.texts_learned + _HALF_TRUST_TEXTS)
        learned = self._learned.predict_proba_one(words)
        return {label: (1.0 - trust) * shipped[label] + trust * learned[label] for label in Label}

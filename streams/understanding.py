"""Everything Haidang understands of one mention's text, behind one object (pure).

The classify stage, the backtest and the command line all hold one `Understanding`, so that a text means the
same wherever it is read.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from detectors import diacritics
from detectors.english import EnglishReader
from detectors.gram_weights import unpack
from detectors.gravity import Signs, gravity_milli
from detectors.lexicon import Lexicon, LexiconPair
from detectors.places import is_abroad, speaks_of_home
from detectors.polarity import Corrector, Polarity, PolarityModel
from streams.masking import mask
from streams.matching import Matcher, Passage
from streams.phrases import phrases
from streams.segmentation import parse_words
from streams.signature import signature
from streams.text import canonical, normalise, readable, words

if TYPE_CHECKING:
    from detectors.gist import Gist
    from streams.catalogue import Catalogue
    from streams.segmentation import Words

__all__ = ["EXAMPLE_CHARS", "MAX_PHRASES", "Understanding", "bundled_lexicons", "bundled_polarity"]
__all__ += ["bundled_words", "polarity_words", "sample_gist"]

#: Longest sample shown to officers, in characters.
EXAMPLE_CHARS = 200
#: Most phrases taken from one mention.
MAX_PHRASES = 8
#: Polarity reads the title and this many characters of the text: press says the point first, and time is
#: bounded.
_POLARITY_CHARS = 600
#: Gravity and place are read from the title and this many characters of the text.
_GRAVITY_CHARS = 200
#: A signature reads the title and this many characters of the text.
_SIGNATURE_CHARS = 1200


def bundled_lexicons() -> LexiconPair:
    """Return the bundled lexicons, and the diacritics of words typed without them."""
    bundled = files("detectors")
    vietnamese = Lexicon.parse(bundled.joinpath("lexicon_vi.tsv").read_text(encoding="utf-8"))
    restorer = diacritics.unpack(bundled.joinpath("diacritics_vi.weights").read_bytes())
    return LexiconPair(vietnamese, EnglishReader(), restorer)


def bundled_polarity() -> PolarityModel:
    """Return a polarity model as shipped: bundled lexicons and trained weights, no corrections."""
    weights = files("detectors").joinpath("polarity_vi.weights").read_bytes()
    return PolarityModel(bundled_lexicons(), unpack(weights))


@cache
def _shipped() -> PolarityModel:
    return bundled_polarity()


def sample_gist(text: str) -> Gist:
    """Return what a correction keeps of a sample; the first call loads the model."""
    return _shipped().gist(polarity_words("", text))


def bundled_signs() -> Signs:
    """Return the bundled signs of gravity."""
    return Signs.parse(files("detectors").joinpath("gravity_vi.tsv").read_text(encoding="utf-8"))


def bundled_words() -> Words:
    """Return the bundled words of two syllables."""
    return parse_words(files("streams").joinpath("words_vi.tsv").read_text(encoding="utf-8"))


def polarity_words(title: str, text: str) -> list[str]:
    """Return what the polarity model reads of a mention: its first words."""
    lowered = normalise(f"{title} . {text[:_POLARITY_CHARS]}" if title else text[:_POLARITY_CHARS])
    return words(lowered)


class Understanding:
    """Topics, polarity, sample and phrases of a mention.

    Parameters
    ----------
    catalogue
        The watched topics.

    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._matcher = Matcher(catalogue)
        self._home_only = frozenset(topic.id for topic in catalogue.topics if topic.home_only)
        self._polarity = bundled_polarity()
        self._lexicon = bundled_lexicons().vietnamese
        self._signs = bundled_signs()
        self._vocabulary = bundled_words()

    def topics(self, title: str, text: str) -> tuple[str, ...]:
        """Return the sorted ids of the topics that the mention names; empty if none."""
        named = self._matcher.topics(title, text)
        if not title or self._home_only.isdisjoint(named) or not _is_elsewhere(title, text):
            return named
        return tuple(topic for topic in named if topic not in self._home_only)

    def passages(self, title: str, text: str) -> list[Passage]:
        """Return where the mention names which topic, in order."""
        named = self.topics(title, text)
        return [passage for passage in self._matcher.passages(title, text) if passage.topic in named]

    def polarity(self, title: str, text: str, corrector: Corrector | None = None) -> Polarity:
        """Return the probabilities that the mention is negative and that it is positive.

        `corrector` stands for the corrections in force; None: as shipped.
        """
        return self._polarity.judge(polarity_words(title, text), corrector)

    def gravity_milli(self, title: str, text: str) -> int:
        """Return how much harm an article speaks of, 0 .. 1000; 0 when it is placed abroad."""
        lead = text[:_GRAVITY_CHARS]
        if is_abroad(canonical(title), canonical(lead)):
            return 0
        return gravity_milli(self._signs, self._lexicon, words(normalise(title)), words(normalise(lead)))

    def signature(self, title: str, text: str) -> bytes:
        """Return what near-copies of the mention share (`detectors.copies`); empty for a short text."""
        return signature(normalise(f"{title} {text[:_SIGNATURE_CHARS]}"))

    def example_text(self, title: str, text: str) -> str:
        """Return what may be shown: title and text, masked, at most `EXAMPLE_CHARS` characters."""
        return _shortened(mask(readable(f"{title} – {text}" if title and text else title or text)))

    def phrases(self, title: str, text: str) -> tuple[str, ...]:
        """Return up to `MAX_PHRASES` readable phrases of the mention, always the same for the same text.

        Phrases come from the title, from the first sentences of the text where there is no title; no handle,
        address or number that `mask` knows is among them.
        """
        return phrases(mask(canonical(title or text[:EXAMPLE_CHARS])), MAX_PHRASES, self._vocabulary)


def _is_elsewhere(title: str, text: str) -> bool:
    """Return whether a headline places its story abroad, and nothing in it or its lead speaks of home.

    A digest, whose title tells several stories, is never elsewhere.
    """
    headline = canonical(title)
    if "|" in headline or ";" in headline or not is_abroad(headline):
        return False
    return not speaks_of_home(f"{headline} . {canonical(text[:_GRAVITY_CHARS])}")


def _shortened(text: str) -> str:
    """Return the text, cut at a word where it is too long."""
    if len(text) <= EXAMPLE_CHARS:
        return text
    kept = text[: EXAMPLE_CHARS - 1]
    return (kept.rsplit(" ", 1)[0] if " " in kept[EXAMPLE_CHARS // 2 :] else kept) + "…"

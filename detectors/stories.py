"""Novelty: a story of the press that bursts inside a topic, weighed by its gravity."""

from __future__ import annotations

import math
import re
import struct
import zlib
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from detectors.tails import upper_tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.settings import DetectionSettings
    from detectors.windows import Example, Windows

__all__ = ["Story", "StoryEvidence", "StoryReading", "pairs"]

_HOUR_SECONDS = 3600
_DAY_SECONDS = 86_400
#: Articles of a day are held against each other; most of them are kept, of a flood the newest.
_ITEMS = 96
_PAIRS_EACH = 32
#: A story is at least so many articles from so many papers.
_LEAST_ARTICLES = 3
_LEAST_SOURCES = 2
#: A pair of words must be so surprising to count, and the mean is taken of the best three.
_BEST = 3
_OWN_SURPRISE = 3.0
#: A pair that stands in fewer than one of 300 articles is the story's own.
_RARE = 0.003
_LEAST_GRAVITY = 0.6
#: Nothing is unusual in a topic that has shown fewer articles.
_LEARNT = 20
_PRIOR_ARTICLES = 10.0
_PRIOR_USES = 0.5
_LEAST_EXPECTED = 0.02
#: Memory of pairs: two rows of cells, 16 counts a use, halved every fortnight.
_ROWS, _CELLS, _USE, _FULL = 2, 8192, 16, 65_000
_HALVING_SECONDS = 14 * _DAY_SECONDS
#: A story is over when no article came for three days; so many are followed at once.
STORY_QUIET_SECONDS = 3 * _DAY_SECONDS
_OPEN = 8
_OWN_PAIRS = 24

_WORD = re.compile(r"[^\W_]+|[^\w\s]")
_SMALL_WORDS = """
và của là có được bị cho với trong ngoài trên dưới tại ở từ đến về theo do vì nên thì mà khi nếu như
bằng các những một hai ba mỗi mọi này kia đó ấy đây nào gì ai sao đã đang sẽ vừa mới sắp còn cũng
vẫn lại chỉ rất quá hơn nhất không chưa phải hay hoặc nhưng song để ra vào lên xuống qua bởi cùng
sau trước giữa nhiều ít thêm nữa rồi tôi ta mình bạn ông bà chị em họ nó người việc cái con chiếc cả
thế vậy đi ngày giờ năm tháng the of and is are was were with from it
"""
_SMALL = frozenset(_SMALL_WORDS.split())
#: A digest of many stories is none of them.
_DIGEST = re.compile(
    r"\W*(trực tiếp\W*)?(xem nhanh|điểm tin|toàn cảnh|tin tức sáng|bản tin|tin sáng)", re.IGNORECASE
)


def pairs(text: str) -> list[int]:
    """Return the hashes of neighbouring words that say something, ascending, at most 32."""
    found = _WORD.findall(text.lower())
    telling = (
        f"{one} {other}"
        for one, other in pairwise(found)
        if _says(one) and _says(other) and not (one.isdigit() and other.isdigit())
    )
    return sorted({zlib.crc32(pair.encode()) for pair in telling})[:_PAIRS_EACH]


def _says(word: str) -> bool:
    return word[0].isalnum() and word not in _SMALL


class _Article(msgspec.Struct, array_like=True):
    """An article of the last day: its paper, pairs and gravity, and whether a told story has it."""

    mention: int
    arrived: int
    source: str
    pairs: list[int]
    gravity: int
    told: bool = False


class Story(msgspec.Struct, array_like=True):
    """An open story: its own pairs and when its newest article came."""

    opened: int
    newest: int
    own: list[int]


class StoryReading(NamedTuple):
    """What novelty says of one step.

    Parameters
    ----------
    score, threshold
        Mean surprise of the story's best three pairs, in powers of ten, times the square of its gravity; and
        the one from which it pages.
    articles, expected
        Articles of the story within 24 hours, and those expected of its strongest pair.
    story
        The story, if there is one.
    fresh
        Whether it has just begun.
    mentions
        Hashes of its articles.

    """

    score: float
    threshold: float
    articles: int = 0
    expected: float = 0.0
    story: Story | None = None
    fresh: bool = False
    mentions: frozenset[int] = frozenset()


class _Candidate(NamedTuple):
    surprise: float
    pair: int
    expected: float
    articles: list[_Article]


class StoryEvidence:
    """Pairs of words that burst in the articles of a day, against how often the topic's articles use them.

    For each pair of a new article the number of articles of the last 24 hours that use it is held against
    the Poisson tail of what the topic's memory expects; the three most surprising pairs together, weighed by
    how grave these articles are, make the score. Articles of a story that was told belong to it and begin no
    other. Only press counts: comments repeat each other.

    Parameters
    ----------
    settings
        Settings of the detection.

    Notes
    -----
    The memory is a count-min sketch (Cormode and Muthukrishnan 2005), so state is bounded: 32 kB of cells,
    which compress well while few are used, and some 25 kB of articles and stories. A step without a new
    article costs nothing; an article about 0.2 ms.

    """

    def __init__(self, settings: DetectionSettings) -> None:
        self._threshold = settings.story_threshold()
        self._cells = [array("H", bytes(2 * _CELLS)) for _ in range(_ROWS)]
        self._learnt = 0
        self._halved = 0
        self._items: list[_Article] = []
        self._last: list[int] = []
        self.open: list[Story] = []
        self.reading = StoryReading(0.0, self._threshold)

    def read(self, windows: Windows, *, speaks: bool) -> list[StoryReading]:
        """Take the articles of one step; return a reading for each story that begins or goes on.

        Nothing begins unless `speaks`, e.g. while the topic warms up.
        """
        if not windows.arrived:
            return []
        known, self._last = set(self._last), [example.mention for example in windows.examples]
        fresh = [e for e in windows.examples if e.mention not in known and e.kind == "press"]
        readings = [self._take(e, windows.at, speaks=speaks) for e in fresh if not _DIGEST.match(e.text)]
        return [reading for reading in readings if reading.story is not None]

    def close(self, at: int) -> list[Story]:
        """Return the stories that are over at `at` and forget them."""
        over = [story for story in self.open if at - story.newest >= STORY_QUIET_SECONDS]
        if over:
            self.open = [story for story in self.open if story not in over]
        return over

    def _take(self, example: Example, at: int, *, speaks: bool) -> StoryReading:
        self._expire(at)
        found = pairs(example.text)
        article = _Article(example.mention, at, example.source, found, example.gravity_milli)
        self._items = [*self._items, article][-_ITEMS:]
        chosen = set(found)
        story = next((one for one in self.open if chosen.intersection(one.own)), None)
        if story is not None:
            article.told, story.newest = True, at
            return self._told(story, fresh=False)
        self.reading = self._judge(found, at, speaks=speaks)
        return self.reading

    def _told(self, story: Story, *, fresh: bool, score: float = 0.0, expected: float = 0.0) -> StoryReading:
        own = set(story.own)
        mentions = frozenset(item.mention for item in self._items if own.intersection(item.pairs))
        return StoryReading(score, self._threshold, len(mentions), expected, story, fresh, mentions)

    def _judge(self, found: Sequence[int], at: int, *, speaks: bool) -> StoryReading:
        nothing = StoryReading(0.0, self._threshold)
        candidates = sorted(self._candidates(found), key=lambda one: (-one.surprise, one.pair))
        if not candidates or self._learnt < _LEARNT:
            return nothing
        best = candidates[0]
        gravity = sum(item.gravity for item in best.articles) / len(best.articles) / 1000
        score = sum(one.surprise for one in candidates[:_BEST]) / _BEST * gravity * gravity
        if gravity < _LEAST_GRAVITY or score < self._threshold or not speaks:
            return nothing._replace(score=score)
        return self._begin(candidates, at, score)

    def _begin(self, candidates: Sequence[_Candidate], at: int, score: float) -> StoryReading:
        rare = _RARE * (self._learnt + _PRIOR_ARTICLES)
        own = [c.pair for c in candidates if c.surprise >= _OWN_SURPRISE and self._uses(c.pair) <= rare]
        best = candidates[0]
        story = Story(at, at, (own or [best.pair])[:_OWN_PAIRS])
        chosen = set(story.own)
        for item in self._items:
            item.told = item.told or bool(chosen.intersection(item.pairs))
        self.open = [*self.open, story][-_OPEN:]
        mentions = frozenset(item.mention for item in best.articles)
        return StoryReading(
            score, self._threshold, len(best.articles), best.expected, story, fresh=True, mentions=mentions
        )

    def _candidates(self, found: Iterable[int]) -> Iterable[_Candidate]:
        share = len(self._items) / (self._learnt + _PRIOR_ARTICLES)
        for pair in found:
            using = [item for item in self._items if not item.told and pair in item.pairs]
            if len(using) < _LEAST_ARTICLES or len({item.source for item in using}) < _LEAST_SOURCES:
                continue
            expected = max((self._uses(pair) + _PRIOR_USES) * share, _LEAST_EXPECTED)
            tail = max(upper_tail(len(using), expected), 1e-30)
            yield _Candidate(-math.log10(tail), pair, expected, using)

    def _uses(self, pair: int) -> float:
        """Return in how many remembered articles a pair stood, never too few."""
        return min(row[place] for row, place in zip(self._cells, _places(pair), strict=True)) / _USE

    def _expire(self, at: int) -> None:
        """Take articles older than a day into the memory."""
        self._fade(at)
        while self._items and self._items[0].arrived <= at - _DAY_SECONDS:
            item = self._items.pop(0)
            self._learnt += 1
            for pair in item.pairs:
                for row, place in zip(self._cells, _places(pair), strict=True):
                    row[place] = min(row[place] + _USE, _FULL)

    def _fade(self, at: int) -> None:
        self._halved = self._halved or at
        while at - self._halved >= _HALVING_SECONDS:
            self._halved += _HALVING_SECONDS
            self._learnt //= 2
            self._cells = [array("H", (count // 2 for count in row)) for row in self._cells]

    def dump(self) -> dict[str, Any]:
        """Return the state as builtins; cells are packed, low byte first."""
        cells = b"".join(_packed(row) for row in self._cells)
        return {
            "cells": zlib.compress(cells, 1),
            "learnt": self._learnt,
            "halved": self._halved,
            "items": msgspec.to_builtins(self._items),
            "last": list(self._last),
            "open": msgspec.to_builtins(self.open),
            "score": self.reading.score,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` returned."""
        cells = zlib.decompress(state["cells"])
        self._cells = [_unpacked(cells, start) for start in range(0, len(cells), 2 * _CELLS)]
        self._learnt, self._halved = int(state["learnt"]), int(state["halved"])
        self._items = msgspec.convert(state["items"], list[_Article])
        self._last = [int(mention) for mention in state["last"]]
        self.open = msgspec.convert(state["open"], list[Story])
        self.reading = StoryReading(float(state["score"]), self._threshold)


def _places(pair: int) -> tuple[int, int]:
    """Return the cell of a pair in each row."""
    return pair % _CELLS, (pair // _CELLS) % _CELLS


def _packed(row: array[int]) -> bytes:
    """Return 16-bit counts, low byte first on any machine."""
    return struct.pack(f"<{_CELLS}H", *row)


def _unpacked(data: bytes, start: int) -> array[int]:
    return array("H", struct.unpack_from(f"<{_CELLS}H", data, start))

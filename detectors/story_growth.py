"""How large stories usually are at each age, learnt from all that were followed (pure)."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

__all__ = ["AGES", "StoryGrowth"]

_HOUR_SECONDS = 3600
#: Ages at which stories are compared, seconds since they began.
AGES = tuple(hours * _HOUR_SECONDS for hours in (0, 1, 3, 6, 12, 24, 48))
#: A story begins with two articles: what is thought of the first one.
_LEAST = 2.0
#: The mean is of about so many stories, the newest the most.
_MEMORY = 64
#: A topic's own stories count against those of all topics as if there were five of these.
_SHRINK = 5
#: Topics with a mean of their own: those whose newest stories are newest.
_TOPICS = 128
_ALL = ""


class StoryGrowth:
    """Mean number of articles of 24 hours that stories have at each of `AGES`, by topic.

    Notes
    -----
    A topic has few stories, so its mean is shrunk to that of all topics (as if five stories of all were its
    own). 129 rows of 8 numbers at most, below 10 kB.

    """

    def __init__(self) -> None:
        self._means: dict[str, list[float]] = {}
        self._counts: dict[str, list[int]] = {}

    def learn(self, topic: str, age: int, articles: int) -> None:
        """Note how many articles of 24 hours a story had when it reached `AGES[age]`."""
        for name in (_ALL, topic):
            means = self._means.pop(name, None) or [_LEAST] * len(AGES)
            counts = self._counts.pop(name, None) or [0] * len(AGES)
            counts[age] = min(counts[age] + 1, _MEMORY)
            means[age] += (articles - means[age]) / counts[age]
            self._means[name], self._counts[name] = means, counts
        while len(self._means) > _TOPICS + 1:
            oldest = next(name for name in self._means if name != _ALL)
            del self._means[oldest], self._counts[oldest]

    def usual(self, topic: str, seconds: int) -> float:
        """Return the articles of 24 hours that a story of a topic usually has at an age (seconds); >= 0."""
        age = bisect_right(AGES, max(seconds, 0)) - 1
        mean = self._means[_ALL][age] if _ALL in self._means else _LEAST
        own = self._counts[topic][age] if topic in self._counts else 0
        return (own * self._means[topic][age] + _SHRINK * mean) / (own + _SHRINK) if own else mean

    def dump(self) -> list[Any]:
        """Return the state as builtins, the topics in the order of their newest stories."""
        return [[name, list(means), list(self._counts[name])] for name, means in self._means.items()]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._means = {str(name): [float(mean) for mean in means] for name, means, _ in state}
        self._counts = {str(name): [int(count) for count in counts] for name, _, counts in state}

"""Novelty: stories of the press, linked by what their articles share and weighed by their gravity (pure)."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from detectors.story_growth import AGES, StoryGrowth
from detectors.story_memory import KeyMemory
from detectors.windows import EVEN_MILLI

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.windows import Example

__all__ = ["LEAST_SOURCES", "STORM_KEYS", "STORY_DESK", "STORY_QUIET_SECONDS"]
__all__ += ["Article", "Stories", "Story", "StoryReading"]

#: Under this name the articles of all topics come together; no topic can have it.
STORY_DESK = "*stories"
#: Keys from here on tell which storm an article is about, of one about nothing else.
STORM_KEYS = 1 << 32
_DAY_SECONDS = 86_400
#: Articles of a day are held against each other: those that are grave at all; of a flood the newest.
_LEAST_GRAVITY_MILLI = 250
_ARTICLES = 128
#: Two articles tell of one matter when the keys that they share are so rare together (nats), and so large a
#: part of all that their keys say.
_LINK_NATS = 13.0
_LINK_PART = 0.12
#: A new story may begin inside an old one when at least this part of what links its articles is new.
_NEW_PART = 0.3
#: An article also joins the story that has at least half of its links, by weight.
_LINKED_PART = 0.5
_LINKED_NATS = 20.0
#: Only keys this rare (nats) belong to a story: one in twenty articles.
_OWN_NATS = 3.0
_OWN_KEYS = 48
_PROFILE_KEYS = 96
#: A story is over when no article came for two days; so many are followed at once, of more the newest.
STORY_QUIET_SECONDS = 2 * _DAY_SECONDS
_OPEN = 24
#: Score: mean gravity of the three gravest articles, more for more articles than three (.05 for eight), for a
#: third and a fourth paper; less as far as the story retells one that paged.
_GRAVEST = 3
_MORE_ARTICLES, _MORE_SOURCES, _MOST_SOURCES = 0.05, 0.1, 4
LEAST_SOURCES = 2
_KIN = 1.0


class Article(msgspec.Struct, array_like=True):
    """A grave article of the last 24 hours.

    Parameters
    ----------
    mention, arrived, source, topics, keys
        As in `Example`.
    gravity
        0.25 .. 1.
    stories
        Numbers of the stories that have it.

    """

    mention: int
    arrived: int
    source: str
    topics: tuple[str, ...]
    keys: tuple[int, ...]
    gravity: float
    negative: bool
    stories: list[int]


class Story(msgspec.Struct, array_like=True):
    """A story that is followed.

    Parameters
    ----------
    number
        Which one it is, ascending.
    opened, newest
        Epoch seconds of its beginning and of its newest article.
    own
        Keys by which articles join it, fixed at its beginning.
    profile
        Keys that two of its articles have used so far.
    topic
        The topic with the strongest claim when it began: that of most of its articles.
    best
        Its highest score so far.
    paged
        Whether it has paged.
    ages
        How many of `story_growth.AGES` it has reached.

    """

    number: int
    opened: int
    newest: int
    own: list[int]
    profile: list[int]
    topic: str
    best: float = 0.0
    paged: bool = False
    ages: int = 0


class StoryReading(NamedTuple):
    """What is known of a story when an article joins it.

    Parameters
    ----------
    story
        The story.
    score
        Its weight as a matter for an officer, about 0 .. 1.2.
    gravity
        Mean gravity of its three gravest articles of 24 hours, 0.25 .. 1.
    articles, sources
        Articles within 24 hours, and the papers they are from.
    expected
        Articles of 24 hours that stories of its topic usually have by its age.
    negative
        Articles called negative.
    mentions
        Hashes of the articles, those first that say most of what the story is about.

    """

    story: Story
    score: float
    gravity: float
    articles: int
    sources: int
    expected: float
    negative: int
    mentions: tuple[int, ...]


class _Link(NamedTuple):
    """An article of the day that shares `nats` with the newest one, `new` of them in keys of no story."""

    article: Article
    nats: float
    new: float


class Stories:
    """The stories of a stream of press, followed one article after the other.

    An article links to those of the last 24 hours that share rare keys with it; links to a story, or its own
    keys, make it join. Articles of two papers or more that nothing known links begin a story; so do three
    that joined one but share mainly what is new in it, as the next storm does. Each reading weighs gravity,
    number and papers; a story that retells one that paged counts less.

    Notes
    -----
    Online single-pass clustering (Allan, Papka, Lavrenko 1998) with inverse document frequencies from a
    fading memory; gravity instead of size because three titles must do. State is bounded by 128 articles, 24
    stories and the memories, below 50 kB; an article that is not grave costs about 20 us, a grave one 1 ms.

    """

    def __init__(self) -> None:
        self.memory = KeyMemory()
        self.growth = StoryGrowth()
        self.open: list[Story] = []
        self._articles: list[Article] = []
        self._uses: Counter[int] = Counter()
        self._numbered = 0

    def take(self, example: Example, at: int, *, begins: bool) -> list[Story]:
        """Take one article that is known at `at`; return the story that it joins and the one that it begins.

        No story begins unless `begins`, e.g. while the memory is still empty.
        """
        self._expire(at)
        self.memory.learn(example.keys)
        if example.gravity_milli < _LEAST_GRAVITY_MILLI:
            return []
        article = _article(example, at)
        self._uses.update(article.keys)
        links = self._links(article)
        joined = self._join(article, links)
        begun = self._begin(article, links, joined) if begins else None
        self._articles.append(article)
        touched = [story for story in (joined, begun) if story is not None]
        for story in touched:
            told = _common(self._of(story), 2)
            story.profile = list(dict.fromkeys([*story.profile, *told]))[:_PROFILE_KEYS]
        return touched

    def close(self, at: int) -> list[Story]:
        """Note how the stories have grown by `at`; return those that are over and forget them."""
        for story in self.open:
            self._note_growth(story, at)
        over = [story for story in self.open if at - story.newest >= STORY_QUIET_SECONDS]
        if over:
            self.open = [story for story in self.open if story not in over]
        return over

    def _note_growth(self, story: Story, at: int) -> None:
        while story.ages < len(AGES) and at - story.opened >= AGES[story.ages]:
            articles = sum(one.arrived > at - _DAY_SECONDS for one in self._of(story))
            self.growth.learn(story.topic, story.ages, articles)
            story.ages += 1

    def _expire(self, at: int) -> None:
        self.memory.fade(at)
        articles = self._articles
        while articles and (articles[0].arrived <= at - _DAY_SECONDS or len(articles) >= _ARTICLES):
            self._uses -= Counter(articles.pop(0).keys)

    def _rarity(self, key: int) -> float:
        """Return the rarity of a key before today."""
        return self.memory.rarity(key, self._uses[key])

    def _links(self, article: Article) -> list[_Link]:
        """Return the articles of the day that tell of the same matter."""
        worth = {key: self._rarity(key) for key in article.keys}
        known = {key for story in self.open for key in story.own}
        own = math.sqrt(sum(worth.values()))
        links: list[_Link] = []
        for other in self._articles:
            shared = [key for key in other.keys if key in worth]
            nats = sum(worth[key] for key in shared)
            if nats >= _LINK_NATS and nats >= _LINK_PART * own * math.sqrt(self._told(other)):
                links.append(_Link(other, nats, sum(worth[key] for key in shared if key not in known)))
        return links

    def _told(self, article: Article) -> float:
        """Return all that the keys of an article say, in nats."""
        return sum(self._rarity(key) for key in article.keys)

    def _join(self, article: Article, links: Sequence[_Link]) -> Story | None:
        """Add an article to the story that it shares most with, if to any."""
        linked = sum(link.nats for link in links)
        best, story = 0.0, None
        for one in self.open:
            own = set(one.own)
            nats = sum(self._rarity(key) for key in article.keys if key in own)
            part = sum(link.nats for link in links if one.number in link.article.stories) / (linked or 1.0)
            if (nats >= _LINK_NATS or part >= _LINKED_PART) and nats + _LINKED_NATS * part > best:
                best, story = nats + _LINKED_NATS * part, one
        if story is not None:
            article.stories.append(story.number)
            story.newest = article.arrived
        return story

    def _begin(self, article: Article, links: Sequence[_Link], joined: Story | None) -> Story | None:
        """Begin a story of an article and those it links to, unless they belong to a known one."""
        new = [
            link.article
            for link in links
            if link.new >= _LINK_NATS and (joined is None or link.new >= _NEW_PART * link.nats)
        ]
        group = [*new, article]
        if len(new) < (1 if joined is None else 2) or len({one.source for one in group}) < LEAST_SOURCES:
            return None
        self._numbered += 1
        known = {key for story in self.open for key in story.own}
        own = [key for key in _common(group, 2) if key not in known and self._rarity(key) >= _OWN_NATS]
        claims = Counter(topic for one in group for topic in one.topics)
        topic = min(claims, key=lambda name: (-claims[name], name), default="")
        story = Story(self._numbered, article.arrived, article.arrived, own[:_OWN_KEYS], [], topic)
        for one in group:
            one.stories.append(story.number)
        self.open = [*self.open, story][-_OPEN:]
        return story

    def _of(self, story: Story) -> list[Article]:
        """Return the articles of the day that a story has."""
        return [one for one in self._articles if story.number in one.stories]

    def read(self, story: Story, at: int) -> StoryReading:
        """Return what is known of a story at `at`."""
        articles = self._of(story)
        sources = len({one.source for one in articles})
        core = _common(articles, max(2.0, len(articles) / 2))
        gravity = _gravity(articles)
        score = gravity + _breadth(len(articles), sources) - _KIN * self._kin(story, core)
        expected = self.growth.usual(story.topic, at - story.opened)
        return StoryReading(
            story, score, gravity, len(articles), sources, expected,
            sum(one.negative for one in articles), self._telling(articles),
        )  # fmt: skip

    def _telling(self, articles: Sequence[Article]) -> tuple[int, ...]:
        """Return the hashes of articles, the most telling first.

        An article tells as much as it says (nats) of what the others say as well, each time counted, times
        its gravity: what a story is about and why it matters.
        """
        uses = Counter(key for one in articles for key in one.keys)
        worth = {key: (count - 1) * self._rarity(key) for key, count in uses.items() if count > 1}
        tells = {one.mention: one.gravity * sum(worth.get(key, 0.0) for key in one.keys) for one in articles}
        return tuple(sorted(tells, key=lambda mention: (-tells[mention], mention)))

    def _kin(self, story: Story, core: Sequence[int]) -> float:
        """Return how far a story retells one that paged, 0 .. 1.

        It retells nothing with which it shares less than two articles about one matter do: that it rains in
        the same province again. A storm's course is one matter until the storm does harm: whatever is told
        of where it is and where it goes retells the first page.
        """
        worth = {key: self._rarity(key) for key in core}
        others = [set(one.profile) for one in self.open if one.paged and one is not story]
        if any(key >= STORM_KEYS and key in profile for key in core for profile in others):
            return 1.0
        shared = max((sum(worth[key] for key in core if key in profile) for profile in others), default=0.0)
        return shared / sum(worth.values()) if shared >= _LINK_NATS else 0.0

    def dump(self) -> dict[str, Any]:
        """Return the state as builtins."""
        return {
            "memory": self.memory.dump(),
            "growth": self.growth.dump(),
            "open": msgspec.to_builtins(self.open),
            "articles": msgspec.to_builtins(self._articles),
            "numbered": self._numbered,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` returned."""
        self.memory.restore(state["memory"])
        self.growth.restore(state["growth"])
        self.open = msgspec.convert(state["open"], list[Story])
        self._articles = msgspec.convert(state["articles"], list[Article])
        self._uses = Counter(key for article in self._articles for key in article.keys)
        self._numbered = int(state["numbered"])


def _article(example: Example, at: int) -> Article:
    return Article(
        example.mention,
        at,
        example.source,
        example.topics,
        example.keys,
        example.gravity_milli / 1000,
        example.negative_milli >= EVEN_MILLI,
        [],
    )


def _common(articles: Sequence[Article], least: float) -> list[int]:
    """Return the keys that at least so many of the articles use, the most used first."""
    uses = Counter(key for one in articles for key in one.keys)
    ranked = sorted(uses.items(), key=lambda use: (-use[1], use[0]))
    return [key for key, count in ranked if count >= least]


def _gravity(articles: Sequence[Article]) -> float:
    """Return the mean gravity of the gravest articles."""
    gravest = sorted((one.gravity for one in articles), reverse=True)[:_GRAVEST]
    return sum(gravest) / len(gravest)


def _breadth(articles: int, sources: int) -> float:
    """Return what the number of a story's articles of a day and their papers add to its gravity."""
    papers = min(sources, _MOST_SOURCES) - LEAST_SOURCES
    return _MORE_ARTICLES * math.log(articles / _GRAVEST) + _MORE_SOURCES * papers

"""What an officer reads: headline, phrases, sources and samples of an alert."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, datetime
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from detectors.copies import are_copies
from detectors.events import AlertKind, DecisionReason, EventName, Name, Sample, Severity
from detectors.naming import called, is_no_angrier
from detectors.windows import KINDS, WINDOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from detectors.windows import Example, Windows

HEADLINE_CHARACTERS = 120
PHRASES = 5
SAMPLES = 3
#: A person's words leave only from a crowd: so many distinct sources or authors, or from the press.
CROWD = 10
_SHORTEST_NAME = 12
#: A phrase is thought to be used by one mention in fifty at least: a smaller share of few is chance.
_LEAST_USUAL = 0.02
_WHOLE_NUMBERS = 10

_SPAN = {
    300: Name("5 phút", "5 min"),
    900: Name("15 phút", "15 min"),
    3600: Name("1 giờ", "1 h"),
    21600: Name("6 giờ", "6 h"),
    86400: Name("24 giờ", "24 h"),
}
_CRITICAL = Name("KHỦNG HOẢNG", "CRISIS")
_CLOSED = Name("Đã lắng", "Quiet again")


class Facts(NamedTuple):
    """Why a headline is told, and its figures; `share` is None when there is no text."""

    reason: DecisionReason
    window: int
    observed: int
    expected: float
    share: float | None
    usual_share: float


class StoryFacts(NamedTuple):
    """What the headline of a story says: its articles of 24 hours, their papers, what is usual by its age."""

    articles: int
    papers: int
    expected: float


def story_headline(name: Name, event: EventName, facts: StoryFacts | None) -> Name:
    """Return the headline of a story in both languages, as `headline`; without facts, that it is over."""
    word = _CLOSED if event is EventName.CLOSED else called(AlertKind.NARRATIVE, None)
    if facts is None:
        vi, en = ": không có bài mới trong 48 giờ", ": no new article for 48 h"
    else:
        vi = (
            f": {facts.articles} bài của {facts.papers} báo/24 giờ "
            f"(chuyện thường có {_number(facts.expected, ',')} bài vào lúc này)"
        )
        en = (
            f": {facts.articles} articles in {facts.papers} papers/24 h "
            f"(stories usually have {_number(facts.expected, '.')} by now)"
        )
    return Name(_fit(word.vi, name.vi, vi), _fit(word.en, name.en, en))


def headline(name: Name, kind: AlertKind, severity: Severity, event: EventName, facts: Facts) -> Name:
    """Return the headline in both languages, at most 120 characters each; a long topic name is cut."""
    word = _word(kind, severity, event, facts.reason)
    span = _SPAN[WINDOW_SECONDS[facts.window]]
    vi = f": {facts.observed} lượt nhắc/{span.vi} (thường {_number(facts.expected, ',')})"
    en = f": {facts.observed} mentions/{span.en} (usual {_number(facts.expected, '.')})"
    share = _negative(kind, event, facts)
    return Name(_fit(word.vi, name.vi, vi + share.vi), _fit(word.en, name.en, en + share.en))


def _negative(kind: AlertKind, event: EventName, facts: Facts) -> Name:
    """Return the negative share; of a crisis no angrier than usual, how many are negative."""
    share, usual = facts.share, facts.usual_share
    if share is None:
        return Name("", "")
    if is_no_angrier(kind, event, share, usual):
        angry, expected = round(share * facts.observed), usual * facts.expected
        return Name(
            f", {angry} tiêu cực (thường {_number(expected, ',')})",
            f", {angry} negative (usual {_number(expected, '.')})",
        )
    return Name(f", tiêu cực {share:.0%} (thường {usual:.0%})", f", {share:.0%} negative (usual {usual:.0%})")


def _word(kind: AlertKind, severity: Severity, event: EventName, reason: DecisionReason) -> Name:
    if event is EventName.CLOSED:
        return _CLOSED
    if severity is Severity.CRITICAL and kind is AlertKind.CRISIS:
        return _CRITICAL
    return called(kind, reason)


def _number(value: float, comma: str) -> str:
    return f"{value:.0f}" if value >= _WHOLE_NUMBERS else f"{value:.1f}".replace(".", comma)


def _fit(word: str, name: str, figures: str) -> str:
    room = HEADLINE_CHARACTERS - len(word) - len(figures) - 3
    if len(name) > room:
        name = name[: max(room, _SHORTEST_NAME) - 1].rstrip() + "…"
    return f"{word} – {name}{figures}"[:HEADLINE_CHARACTERS]


def fresh(examples: Sequence[Example], onset: int) -> Sequence[Example]:
    """Return the examples published since `onset`, or all when none was."""
    return [e for e in examples if e.published >= onset] or examples


def strongest_phrases(examples: Iterable[Example], names: Name) -> tuple[str, ...]:
    """Return at most five phrases of the examples, strongest first.

    A phrase is strong when many sources use it and the topic's earlier mentions did not: the sources that
    use it, times the logarithm of their share over its usual share (their part of the Kullback-Leibler
    divergence). Then come the number of mentions and their negativity. Phrases that only repeat the topic's
    name are left out. Of two phrases, one inside the other, one is told: the longer, if half of the mentions
    that use the shorter have it.
    """
    examples = list(examples)
    sources = len({example.source for example in examples})
    usual: dict[str, int] = {}
    mentions: dict[str, list[Example]] = defaultdict(list)
    spelling: dict[str, str] = {}
    for example in examples:
        for phrase, share in zip(example.phrases, example.usual_milli or repeat(0), strict=False):
            key = phrase.casefold()
            usual[key] = max(usual.get(key, 0), share)
            spelling[key] = min(spelling.get(key, phrase), phrase)
            mentions[key].append(example)
    own = f"{names.vi}\n{names.en}".casefold()
    told = (key for key in mentions if key not in own)
    told_by = {key: len({use.mention for use in uses}) for key, uses in mentions.items()}
    weakness = {key: _weakness(mentions[key], told_by[key], sources, usual[key]) for key in told}
    ranked = sorted(weakness, key=lambda key: (*weakness[key], key))
    return tuple(spelling[key] for key in _apart(ranked, told_by))


def _weakness(
    uses: Sequence[Example], told_by: int, sources: int, usual_milli: int
) -> tuple[float, int, int]:
    """Return what orders phrases, the strongest first."""
    using = len({use.source for use in uses})
    surprise = using * math.log(using / sources / max(usual_milli / 1000, _LEAST_USUAL))
    return -round(surprise, 6), -told_by, -sum(use.negative_milli for use in uses)


def _apart(ranked: Iterable[str], told_by: Mapping[str, int]) -> list[str]:
    chosen: list[str] = []
    for key in ranked:
        if any(key in other for other in chosen):
            continue
        inside = [other for other in chosen if other in key]
        if not inside and len(chosen) < PHRASES:
            chosen.append(key)
        elif inside and 2 * told_by[key] >= told_by[inside[0]]:
            chosen[chosen.index(inside[0])] = key
            chosen = [other for other in chosen if other == key or other not in key]
    return chosen


def samples(windows: Windows, examples: Iterable[Example], kind: AlertKind) -> tuple[Sample, ...]:
    """Return at most three masked samples that may leave: press, or anyone's from a crowd of ten.

    The most telling first: the most negative of a crisis, the least negative of a positive alert; then the
    earliest. The examples of a narrative come in that order. A text is shown once, whoever copied it.
    """
    crowd = windows.spread >= CROWD or windows.authors >= CROWD
    sign = 1 if kind is AlertKind.POSITIVE else -1
    allowed = [e for e in examples if crowd or e.kind == "press"]
    if kind is not AlertKind.NARRATIVE:
        allowed.sort(key=lambda e: (sign * e.negative_milli, e.published, e.mention))
    chosen: list[Example] = []
    for example in allowed:
        if len(chosen) < SAMPLES and not any(_alike(example, other) for other in chosen):
            chosen.append(example)
    return tuple(_sample(example) for example in chosen)


def _sample(example: Example) -> Sample:
    said = datetime.fromtimestamp(example.published, UTC)
    return Sample(example.text, example.source, example.url, said, f"{example.mention:016x}")


def _alike(one: Example, other: Example) -> bool:
    return one.text == other.text or are_copies(one.signature, other.signature)


def sources(windows: Windows, window: int) -> dict[str, int]:
    """Return the mentions per kind of source in the window, kinds without any left out."""
    return {kind: n for kind, n in zip(KINDS, windows.kinds[window], strict=True) if n}

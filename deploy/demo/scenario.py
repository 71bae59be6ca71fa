"""The demonstration's scenario: who says what when, a pure function of a plan.

Ordinary talk is a function of the absolute hour and the seed alone, so that a later run continues an earlier
one without a seam. On top of it come, once, a planned announcement (much talk, little anger) and, in every
episode, a crisis with the arrival times of a real one, followed by a correction. Nothing here reads the
clock.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import NamedTuple

import msgspec

from deploy.demo.texts import Pools, Texts, as_typed, bundled, capitalised, decomposed_at_times

SEED = 2026
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
VIETNAM = timezone(timedelta(hours=7))

PAGES_PER_WEEK = 1.5
"""Alert budget of the ten invented topics: the part of each is as in the bundled catalogue at 14 a week."""
HISTORY_MS = 7 * DAY_MS
"""Talk replayed on the first run: enough for every topic to know its own days and nights."""
LONGEST_GAP_MS = 2 * DAY_MS
"""Of a longer pause between two runs only the end is filled with talk."""
LEAD_IN_MS = 40 * MINUTE_MS
"""How long before now a crisis began."""
CORRECTION_AFTER_MS = 6 * MINUTE_MS
CORRECTION_RAMP_MS = 15 * MINUTE_MS
"""The officials speak this long after now; so long it takes until nearly everyone speaks of it."""
HEAD = 120
"""Arrivals of the crisis that an episode needs before real time begins, closer together if need be."""
GRACE_MS = 3_000
FURTHEST_AHEAD_MS = 200_000
"""Arrivals may run ahead of the clock by at most this after a short pause; the stream allows 5 minutes."""

MENTIONS_A_MINUTE = 2.5
MATCHED_SHARE = 0.3
PRESS_SHARE = 0.12
BY_HOUR = (
    *(0.25, 0.15, 0.1, 0.1, 0.15, 0.35, 0.7, 1.1, 1.4, 1.5, 1.5, 1.4),
    *(1.2, 1.1, 1.2, 1.3, 1.3, 1.3, 1.4, 1.6, 1.8, 1.7, 1.2, 0.6),
)
"""Talk in each hour of the Vietnamese day, 1 on average."""
COMMENT_KINDS = {"social": 0.62, "forum": 0.2, "video": 0.15, "other": 0.03}
ORDINARY = {"angry": 0.19, "neutral": 0.55, "happy": 0.24, "english": 0.02}
PLANNED = {"angry": 0.03, "worried": 0.03, "neutral": 0.34, "happy": 0.6}
IN_CRISIS = {"angry": 0.62, "worried": 0.2, "neutral": 0.12, "happy": 0.03, "english": 0.03}
CORRECTED = {"angry": 0.12, "neutral": 0.44, "happy": 0.44}
ANNOUNCEMENT_COMMENTS = 450
ANNOUNCEMENT_DAYS_BEFORE = 2
AUTHORS = 4_000


class Plan(msgspec.Struct, frozen=True):
    """One episode: all times in milliseconds since the epoch, all of arrival.

    `since_ms` is the last arrival of earlier episodes (excluded), `end_ms` where the replay ends and real
    time begins.
    """

    seed: int
    episode: int
    since_ms: int
    start_ms: int
    crisis_ms: int
    correction_ms: int
    end_ms: int
    announcement_ms: int | None


class Line(NamedTuple):
    """One mention as a line of JSON and when it arrives; sorts by arrival, then id."""

    arrival_ms: int
    id: str
    json: bytes


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)


def plan(now: datetime, episode: int, since: datetime | None, seed: int = SEED) -> Plan:
    """Lay out an episode.

    Parameters
    ----------
    now
        Aware time at which the run starts.
    episode
        0 on the first run, then 1, 2, ...: chooses the crisis.
    since
        Arrival of the last mention of earlier episodes, None on the first run.
    seed
        Other seed, other texts and times.

    """
    now_ms = _ms(now)
    if since is None:
        start_ms = now_ms - HISTORY_MS
        crisis_ms = now_ms - LEAD_IN_MS
        end_ms = now_ms
    else:
        start_ms = max(_ms(since), now_ms - LONGEST_GAP_MS)
        crisis_ms = max(start_ms + 1, now_ms - LEAD_IN_MS)
        enough = max(now_ms, crisis_ms + MINUTE_MS)
        closed = -(-enough // MINUTE_MS) * MINUTE_MS + GRACE_MS
        end_ms = max(now_ms, min(closed, now_ms + FURTHEST_AHEAD_MS))
    return Plan(
        seed=seed,
        episode=episode,
        since_ms=start_ms,
        start_ms=start_ms,
        crisis_ms=crisis_ms,
        correction_ms=max(now_ms, end_ms) + CORRECTION_AFTER_MS,
        end_ms=end_ms,
        announcement_ms=_announcement(now) if since is None else None,
    )


def _announcement(now: datetime) -> int:
    day = now.astimezone(VIETNAM) - timedelta(days=ANNOUNCEMENT_DAYS_BEFORE)
    return _ms(day.replace(hour=9, minute=0, second=0, microsecond=0))


def crisis_topic(episode: int) -> str:
    """Topic on which the crisis of an episode is staged."""
    crises = bundled().crisis
    return crises[episode % len(crises)].topic


def between(plan: Plan, after_ms: int, until_ms: int) -> list[Line]:
    """Everything of an episode that arrives in (after_ms, until_ms], in order of arrival."""
    lines: list[Line] = []
    for hour in range(after_ms // HOUR_MS, until_ms // HOUR_MS + 1):
        lines += ordinary_hour(plan.seed, hour)
    lines += special(plan)
    return sorted(line for line in lines if after_ms < line.arrival_ms <= until_ms)


def history(plan: Plan) -> list[Line]:
    """Everything of an episode up to where real time begins."""
    return between(plan, plan.start_ms, plan.end_ms)


@lru_cache(maxsize=8)
def ordinary_hour(seed: int, hour: int) -> tuple[Line, ...]:
    """Ordinary talk of one hour (number of hours since the epoch), other subjects included."""
    writer = _Writer(bundled(), Random(f"{seed}/talk/{hour}"), f"t{hour}")
    local = datetime.fromtimestamp(hour * 3600, VIETNAM).hour
    rate = MENTIONS_A_MINUTE * BY_HOUR[local] / MINUTE_MS
    rng, lines, at = writer.rng, [], float(hour * HOUR_MS)
    while (at := at + rng.expovariate(rate)) < (hour + 1) * HOUR_MS:
        if rng.random() < MATCHED_SHARE:
            topic = rng.choice(writer.topics)
            lines.append(writer.line(int(at), topic, writer.texts.topic[topic], ORDINARY))
        else:
            lines.append(writer.line(int(at), None, writer.texts.noise, ORDINARY))
    return tuple(lines)


@lru_cache(maxsize=4)
def special(plan: Plan) -> tuple[Line, ...]:
    """Announcement, crisis and correction of an episode."""
    return (*_announced(plan), *_crisis(plan), *_statements(plan))


def _announced(plan: Plan) -> Iterator[Line]:
    if plan.announcement_ms is None:
        return
    writer = _Writer(bundled(), Random(f"{plan.seed}/announcement"), "a")
    pools = writer.texts.announcement
    for _ in range(ANNOUNCEMENT_COMMENTS):
        hours = writer.rng.gammavariate(2.0, 0.8)
        yield writer.line(plan.announcement_ms + int(hours * HOUR_MS), pools.topic, pools, PLANNED)


@lru_cache(maxsize=4)
def offsets(event: str) -> tuple[int, ...]:
    """Arrivals of one real event, milliseconds since the first; source and licence: see NOTICE."""
    packed = files("deploy.demo").joinpath("arrivals.csv.gz").read_bytes()
    rows = csv.DictReader(io.StringIO(gzip.decompress(packed).decode()))
    return tuple(int(row["offset_ms"]) for row in rows if row["event"] == event)


def squeezed(arrivals: tuple[int, ...], available_ms: int) -> Iterator[int]:
    """Move the first HEAD arrivals together when they would take too long; the rest follows as it did."""
    head_ms = arrivals[HEAD - 1]
    factor = min(1.0, available_ms / head_ms)
    for offset in arrivals:
        yield int(min(offset, head_ms) * factor) + max(0, offset - head_ms)


def _crisis(plan: Plan) -> Iterator[Line]:
    texts = bundled()
    crisis = texts.crisis[plan.episode % len(texts.crisis)]
    corrected = crisis.correction()
    writer = _Writer(
        texts, Random(f"{plan.seed}/crisis/{plan.episode}"), f"c{plan.episode}", summary="crisis"
    )
    available_ms = max(MINUTE_MS, plan.end_ms - plan.crisis_ms)
    for offset in squeezed(offsets(crisis.arrivals), available_ms):
        at = plan.crisis_ms + offset
        share = min(0.95, max(0.0, (at - plan.correction_ms) / CORRECTION_RAMP_MS))
        is_corrected = writer.rng.random() < share
        writer.summary = "correction" if is_corrected else "crisis"
        pools, moods = (corrected, CORRECTED) if is_corrected else (crisis, IN_CRISIS)
        yield writer.line(at, crisis.topic, pools, moods)


def _statements(plan: Plan) -> Iterator[Line]:
    """Every paper brings the officials' statement within minutes."""
    texts = bundled()
    crisis = texts.crisis[plan.episode % len(texts.crisis)]
    rng = Random(f"{plan.seed}/statement/{plan.episode}")
    writer = _Writer(texts, rng, f"s{plan.episode}", summary="correction")
    for number, source in enumerate(texts.sources["press"]):
        at = plan.correction_ms + number * 40_000 + rng.randrange(20_000)
        yield writer.article(at, crisis.topic, crisis.correction(), source)


class _Writer:
    """Writes mentions with one random stream and one family of ids."""

    def __init__(self, texts: Texts, rng: Random, family: str, summary: str = "calm") -> None:
        self.texts = texts
        self.rng = rng
        self.topics = sorted(texts.topic)
        self.summary = summary
        self._family = family
        self._count = 0

    def line(self, arrival_ms: int, topic: str | None, pools: Pools, moods: dict[str, float]) -> Line:
        """One mention about a topic (None: about none), an article or a comment."""
        if self.rng.random() < PRESS_SHARE:
            return self.article(arrival_ms, topic, pools, self.rng.choice(self.texts.sources["press"]))
        usable = {mood: share for mood, share in moods.items() if getattr(pools, mood)}
        mood = self.rng.choices(list(usable), list(usable.values()))[0]
        text = as_typed(self.rng, self.texts.comment(self.rng, pools, mood, topic))
        kind = self.rng.choices(list(COMMENT_KINDS), list(COMMENT_KINDS.values()))[0]
        return self._line(
            arrival_ms,
            int(min(self.rng.expovariate(1 / 15_000), 5 * MINUTE_MS)),
            {
                "source": {"name": self.rng.choice(self.texts.sources[kind]), "kind": kind},
                "lang": "en" if mood == "english" else "vi",
                "text": text,
                "author_key": f"nguoi-{self._author()}",
            },
        )

    def article(self, arrival_ms: int, topic: str | None, pools: Pools, source: str) -> Line:
        """One press article: a headline and a sentence below it."""
        rng, texts = self.rng, self.texts
        title = decomposed_at_times(rng, capitalised(texts.fill(rng, rng.choice(pools.press), topic)))
        return self._line(
            arrival_ms,
            rng.randrange(30_000, 8 * MINUTE_MS),
            {
                "source": {"name": source, "kind": "press"},
                "lang": "vi",
                "title": title,
                "text": capitalised(texts.fill(rng, rng.choice(texts.summary[self.summary]), None)),
                "url": f"https://bao.example/{self._family}-{self._count}",
                "reach": rng.randrange(500, 40_000),
            },
        )

    def _author(self) -> int:
        """Choose an author: a few write much, most write once."""
        return int(AUTHORS * self.rng.random() ** 2)

    def _line(self, arrival_ms: int, delay_ms: int, what: dict[str, object]) -> Line:
        name = f"{self._family}-{self._count}"
        self._count += 1
        mention = {
            "id": name,
            "published_at": _stamp(arrival_ms - delay_ms),
            "fetched_at": _stamp(arrival_ms),
        }
        return Line(arrival_ms, name, msgspec.json.encode(mention | what))


def _stamp(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, VIETNAM).isoformat(timespec="milliseconds")

"""One topic's monitor: windows in, alert events out."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, NamedTuple

from detectors.budget import BudgetLadder
from detectors.decision import Decision, Level, Reading, decide
from detectors.events import (
    SCHEMA,
    AlertEvent,
    EventName,
    Evidence,
    EvidenceName,
    Model,
    Name,
    Shares,
    Span,
    TopicRef,
)
from detectors.explain import Facts, fresh, headline, samples, sources, strongest_phrases
from detectors.incident import Incident, Rule, advance, alert_id_of
from detectors.settings import MODEL_VERSION, DetectionSettings
from detectors.share import ShareBaseline
from detectors.tails import upper_tail
from detectors.volume import WindowVolume, place_of
from detectors.windows import FIVE_MINUTES, HOUR, QUARTER_HOUR, SIX_HOURS, WINDOW_SECONDS, Windows

_STATE_VERSION = 1
_WEEK = 7 * 86_400
_DAY = 86_400
#: An incident that lasts longer than this has become the ordinary state and is learnt.
_LONGEST_LESSON_FREE = 3 * _DAY
_SHARE_WINDOWS = (QUARTER_HOUR, HOUR, SIX_HOURS)


class Expected(NamedTuple):
    """Mentions expected in one step, with the interval that holds 95 % of ordinary steps."""

    mean: float
    low: float
    high: float


class _Volume(NamedTuple):
    window: int
    score: float
    level: Level


class _Share(NamedTuple):
    window: int
    score: float
    level: Level


class TopicMonitor:
    """Decides about one topic, one closed step after the other.

    Pure: no clock, no randomness, no I/O. The same windows in the same order give the same events.

    Parameters
    ----------
    topic_id, name_vi, name_en
        The topic and its name in both languages.
    settings
        Settings of the detection.
    config_hash
        Digest of everything that shapes decisions outside `settings` too; written into each event.

    """

    def __init__(
        self, topic_id: str, name_vi: str, name_en: str, settings: DetectionSettings, config_hash: str
    ) -> None:
        self._topic = TopicRef(topic_id, Name(name_vi, name_en))
        self._settings = settings
        self._model = Model(MODEL_VERSION, config_hash)
        self._rule = Rule(int(settings.quiet_hours * 3600), settings.update_minutes * 60)
        self._offset = settings.utc_offset_minutes * 60
        self._step = 0
        self._seen = 0
        self._incident: Incident | None = None
        self._begin(60)
        self._step = 0

    def _begin(self, step: int) -> None:
        self._step = step
        week = _WEEK / step
        self._volumes = [WindowVolume(memory=week) for _ in WINDOW_SECONDS]
        self._negative = ShareBaseline(memory=week)
        self._positive = ShareBaseline(memory=week, share=0.2)
        self._counted = ShareBaseline(memory=week)
        self._ladder = BudgetLadder(
            rate=self._settings.topic_rate(step), quiet=max(1, self._rule.quiet // step), memory=8 * week
        )
        self._calm = [0] * len(WINDOW_SECONDS)
        self._volume_since = 0
        self._negative_since = 0
        self._last = (0.0, 0.0)

    @property
    def open_alert(self) -> str | None:
        """Id of the open alert, if any."""
        return None if self._incident is None else self._incident.alert_id

    @property
    def warming_up(self) -> bool:
        """Whether the baseline is still being learnt, so that only overwhelming evidence pages."""
        return self._seen * self._step < self._settings.warm_up_hours * 3600

    def scores(self) -> dict[str, float]:
        """Return the newest score per evidence, in standard deviations."""
        return {"volume": self._last[0], "negativity": self._last[1]}

    def expected(self, at: int) -> Expected:
        """Return the mentions expected in the step that ends at `at` (epoch seconds)."""
        place = place_of(at, self._offset)
        hour = self._volumes[HOUR]
        mean = hour.mean(place) * (self._step or 60) / max(3600, self._step)
        return Expected(mean, *_interval(mean, self._volumes[FIVE_MINUTES].deviation))

    def close(self, windows: Windows) -> list[AlertEvent]:
        """Take one closed step and return the events it causes, mostly none.

        Steps must come in order without a gap; a silent step is a step with zeros.
        """
        if self._step != windows.step:
            self._begin(windows.step)
        place = place_of(windows.at, self._offset)
        means = [volume.mean(place) for volume in self._volumes]
        volume = self._read_volume(windows, means)
        share = self._read_share(windows)
        decision = decide(self._reading(windows, volume, share, means))
        events = self._advance(windows, means, volume, share, decision)
        self._learn(windows, place, means)
        return events

    def _read_volume(self, windows: Windows, means: list[float]) -> _Volume:
        raw = [
            channel.score(count, mean)
            for channel, count, mean in zip(self._volumes, windows.total, means, strict=True)
        ]
        for i, value in enumerate(raw):
            if value < 1.0 or not self._calm[i]:
                self._calm[i] = windows.at
        fast = (max(raw[FIVE_MINUTES], 0.0) + max(raw[QUARTER_HOUR], 0.0)) / 2.0
        strongest, best = (FIVE_MINUTES if raw[0] >= raw[1] else QUARTER_HOUR), fast
        if raw[HOUR] > 0.5:
            for i in range(HOUR, len(raw)):
                if raw[i] * 0.8 > best:
                    strongest, best = i, raw[i] * 0.8
        score = math.log1p(best)
        threshold = max(self._ladder.get(), math.log1p(3.0))
        self._ladder.update(score)
        self._last = (best, self._last[1])
        level = self._volume_level(windows, means, strongest, score, threshold)
        self._volume_since = (self._volume_since or windows.at) if level else 0
        return _Volume(strongest, best, level)

    def _volume_level(
        self, windows: Windows, means: list[float], strongest: int, score: float, threshold: float
    ) -> Level:
        count, mean = windows.total[strongest], means[strongest]
        if score < threshold or count < self._settings.least_mentions:
            return Level.NONE
        variance = self._volumes[strongest].deviation ** 2
        if upper_tail(count, mean, variance) > self._settings.topic_rate(windows.step):
            return Level.NONE
        extreme = math.expm1(score) >= 2 * math.expm1(threshold) and count >= 4 * mean
        return Level.EXTREME if extreme else Level.HIGH

    def _read_share(self, windows: Windows) -> _Share:
        best = _Share(HOUR, 0.0, Level.NONE)
        for i in _SHARE_WINDOWS:
            score = self._negative.score(windows.total[i], windows.negative_milli[i] / 1000)
            if score > best.score and windows.total[i] >= 10:
                best = _Share(i, score, self._share_level(windows, i, score))
        self._last = (self._last[0], best.score)
        self._negative_since = (self._negative_since or windows.at) if best.level else 0
        return best

    def _share_level(self, windows: Windows, window: int, score: float) -> Level:
        total = windows.total[window]
        observed = windows.negative_milli[window] / 1000 / total
        if score < 2.5 or observed < self._negative.expected() + 0.1:
            return Level.NONE
        return Level.EXTREME if score >= 4.5 and observed >= 0.5 else Level.HIGH

    def _reading(self, windows: Windows, volume: _Volume, share: _Share, means: list[float]) -> Reading:
        negative = share.level
        if not volume.level and (share.score < 4.5 or windows.total[share.window] < 20):
            negative = Level.NONE
        n = windows.total[volume.window]
        positive = self._positive.score(n, windows.positive[volume.window]) > 2.5
        count, mean = windows.total[volume.window], means[volume.window]
        overwhelming = (
            self._seen * self._step >= 6 * 3600 and count >= 30 and count >= 8 * mean and volume.score >= 12
        )
        many = windows.authors >= 10 or windows.spread >= 3
        return Reading(
            volume.level, negative, positive, windows.has_text, many, self.warming_up, overwhelming
        )

    def _advance(
        self, windows: Windows, means: list[float], volume: _Volume, share: _Share, decision: Decision
    ) -> list[AlertEvent]:
        window = volume.window if volume.level or not share.level else share.window
        count = windows.total[window]
        observed = windows.negative[window] / count if count else 0.0
        incident = self._incident
        if incident is None:
            if decision.kind is None or decision.severity is None:
                return []
            onset = self._onset(windows, window)
            incident = self._incident = Incident(
                alert_id_of(self._topic.id, windows.at), windows.at, onset, 1, decision.kind,
                decision.severity, decision.reason, windows.at, windows.at, count, observed,
            )  # fmt: skip
            event: EventName | None = EventName.OPENED
        else:
            event = advance(incident, decision, windows.at, count, observed, self._rule)
        if event is None:
            return []
        if event is EventName.CLOSED:
            self._incident = None
        return [self._event(windows, incident, event, window, means, volume, share)]

    def _onset(self, windows: Windows, window: int) -> int:
        return max(self._calm[window], windows.at - _DAY) or windows.at

    def _event(
        self,
        windows: Windows,
        incident: Incident,
        event: EventName,
        window: int,
        means: list[float],
        volume: _Volume,
        share: _Share,
    ) -> AlertEvent:
        count, mean = windows.total[window], means[window]
        observed = windows.negative[window] / count if count else 0.0
        usual = self._counted.expected() if windows.has_text else 0.0
        facts = Facts(window, count, mean, observed if windows.has_text else None, usual)
        examples = fresh(windows.examples, incident.onset - 900)
        low, high = _interval(mean, self._volumes[window].deviation)
        threshold = math.expm1(max(self._ladder.get(), math.log1p(3.0)))
        return AlertEvent(
            schema=SCHEMA,
            alert_id=incident.alert_id,
            revision=incident.revision,
            event=event,
            at=_time(windows.at),
            topic=self._topic,
            kind=incident.kind,
            severity=incident.severity,
            confidence=round(min(0.99, 1.0 - 0.5 * threshold / max(volume.score, threshold)), 3),
            onset=_time(incident.onset),
            window=Span(_time(windows.at - WINDOW_SECONDS[window]), _time(windows.at)),
            observed=count,
            expected=round(mean, 3),
            interval=(round(low, 3), round(high, 3)),
            negative=Shares(round(observed, 4), round(usual, 4)),
            evidence=self._evidence(volume, share, threshold, windows),
            phrases=strongest_phrases(examples, self._topic.name),
            sources=sources(windows, window),
            samples=samples(windows, examples, incident.kind),
            reason=incident.reason,
            headline=headline(self._topic.name, incident.kind, incident.severity, event, facts),
            model=self._model,
        )

    def _evidence(
        self, volume: _Volume, share: _Share, threshold: float, windows: Windows
    ) -> tuple[Evidence, ...]:
        found = [
            Evidence(EvidenceName.VOLUME, round(volume.score, 3), round(threshold, 3), _maybe(self._volume_since))
        ]
        if windows.has_text:
            found.append(
                Evidence(EvidenceName.NEGATIVITY, round(share.score, 3), 2.5, _maybe(self._negative_since))
            )
        return tuple(found)

    def _learn(self, windows: Windows, place: Any, means: list[float]) -> None:
        self._seen += 1
        incident = self._incident
        if incident is not None and windows.at - incident.opened < _LONGEST_LESSON_FREE:
            return
        for channel, count, mean in zip(self._volumes, windows.total, means, strict=True):
            channel.learn(count, place, mean)
        n = windows.total[HOUR]
        self._negative.learn(n, windows.negative_milli[HOUR] / 1000)
        self._counted.learn(n, windows.negative[HOUR])
        self._positive.learn(n, windows.positive[HOUR])

    def dump(self) -> dict[str, object]:
        """Return the whole state as builtins, about 6 kB in MessagePack."""
        return {
            "version": _STATE_VERSION,
            "step": self._step,
            "seen": self._seen,
            "volumes": [volume.dump() for volume in self._volumes],
            "shares": [s.dump() for s in (self._negative, self._counted, self._positive)],
            "ladder": self._ladder.dump(),
            "calm": list(self._calm),
            "since": [self._volume_since, self._negative_since],
            "last": list(self._last),
            "incident": None if self._incident is None else self._incident.dump(),
        }

    @classmethod
    def load(
        cls,
        dump: dict[str, Any],
        topic_id: str,
        name_vi: str,
        name_en: str,
        settings: DetectionSettings,
        config_hash: str,
    ) -> TopicMonitor:
        """Return the monitor that `dump` describes; one of an unknown version is learnt anew."""
        monitor = cls(topic_id, name_vi, name_en, settings, config_hash)
        if dump.get("version") != _STATE_VERSION or not dump["step"]:
            return monitor
        monitor._begin(int(dump["step"]))
        monitor._seen = int(dump["seen"])
        for volume, state in zip(monitor._volumes, dump["volumes"], strict=True):
            volume.restore(state)
        for share, state in zip(
            (monitor._negative, monitor._counted, monitor._positive), dump["shares"], strict=True
        ):
            share.restore(state)
        monitor._ladder.restore(dump["ladder"])
        monitor._calm = [int(v) for v in dump["calm"]]
        monitor._volume_since, monitor._negative_since = (int(v) for v in dump["since"])
        monitor._last = (float(dump["last"][0]), float(dump["last"][1]))
        monitor._incident = None if dump["incident"] is None else Incident.load(dump["incident"])
        return monitor


def _interval(mean: float, deviation: float) -> tuple[float, float]:
    root = math.sqrt(mean + 0.375)
    low = max(root - 0.98 * deviation, 0.0)
    return max(low * low - 0.375, 0.0), (root + 0.98 * deviation) ** 2 - 0.375


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _maybe(at: int) -> datetime | None:
    return _time(at) if at else None

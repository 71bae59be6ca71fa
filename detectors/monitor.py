"""One topic's monitor: windows in, alert events out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from detectors.budget import stricter
from detectors.calendar import NOTHING_PLANNED, Calendar
from detectors.compose import Facets, compose, evidence_of, interval, negative_share
from detectors.crowd import CROWD_SCORE, CrowdEvidence, originals
from detectors.decision import NOTHING, Decision, Reading, decide
from detectors.events import (
    AlertEvent,
    AlertKind,
    DecisionReason,
    EventName,
    Evidence,
    EvidenceName,
    Model,
    Name,
    TopicRef,
)
from detectors.incident import Figures, Incident, Rule, advance, alert_id_of, rises
from detectors.joint import SILENT, JointEvidence, JointReading
from detectors.named import NamedEvidence
from detectors.orders import Cancelled, PlannedEvent, Verdict
from detectors.settings import MODEL_VERSION, DetectionSettings
from detectors.share import ShareEvidence
from detectors.verdicts import Verdicts
from detectors.volume import Place, VolumeEvidence, place_of
from detectors.windows import FIVE_MINUTES, HOUR, SIX_HOURS, WINDOW_SECONDS, covering

if TYPE_CHECKING:
    from detectors.named import NamedReading
    from detectors.orders import Order
    from detectors.windows import Windows

_STATE_VERSION = 11
_HOUR_SECONDS = 3600
_DAY_SECONDS = 86_400
#: An incident that lasts longer than this has become the ordinary state: its counts are learnt again.
_LESSON_FREE_SECONDS = 3 * _DAY_SECONDS
#: A history of fewer mentions, half of them or more of the last six hours and of fewer sources, is none: a
#: collection that begins in mid-stream looks like a silent topic that bursts.
_HISTORY_MENTIONS = 30
_HISTORY_SOURCES = 3
_LATELY = 0.5
#: What a topic that warms up learns nothing of, for a day at most: a crisis may lie in its first days. Once
#: a burst is that strong, it is left out until it is half as strong.
_TRIMMED_SCORE = 5.0
_TRIMMED_RATIO = 4.0
_TRIMMED_SECONDS = _DAY_SECONDS
#: Age from which a topic's anger pages on its whole part of the budget; before, on a part as large as its
#: age is of these two weeks, and what the whole would page is told at info. Until then days of the week, and
#: how much shares swing, are hardly known: in their first week simulated topics whose hours swing paged 1.7
#: times what they may (tests/benchmarks/bench_young.py).
_GROWN_SECONDS = 14 * _DAY_SECONDS
#: What may page a topic that is still warming up: this much history, count, ratio and score.
_OVERWHELMING_HOURS = 6
_OVERWHELMING_COUNT = 30
_OVERWHELMING_RATIO = 8.0
_OVERWHELMING_SCORE = 12.0
#: Evidences of which it is noted since when they are signals, besides named detectors.
_MARKED = (
    EvidenceName.VOLUME,
    EvidenceName.NEGATIVITY,
    EvidenceName.SPREAD,
    EvidenceName.DUPLICATION,
    EvidenceName.AUTHORS,
)


class Expected(NamedTuple):
    """Mentions expected in one step, with the interval that holds 95 % of ordinary steps."""

    mean: float
    low: float
    high: float


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
        Digest of everything that shapes a decision; written into each event.

    """

    def __init__(
        self, topic_id: str, name_vi: str, name_en: str, settings: DetectionSettings, config_hash: str
    ) -> None:
        self._topic = TopicRef(topic_id, Name(name_vi, name_en))
        self._settings = settings
        self._model = Model(MODEL_VERSION, config_hash)
        self._rule = Rule(round(settings.quiet_hours * _HOUR_SECONDS), settings.update_minutes * 60)
        self._offset = settings.utc_offset_minutes * 60
        self._incident: Incident | None = None
        self._calendar = Calendar()
        self._verdicts = Verdicts()
        self._start(60)

    def _start(self, step: int) -> None:
        self._step = step
        self._heard = 0
        self._since: dict[str, int] = {}
        self._signals: tuple[object, ...] = ()
        self._begin()

    def _begin(self) -> None:
        """Begin to learn what is usual, as of a topic never heard of."""
        step = self._step
        self._seen = 0
        self._trimmed = 0
        self._trims_now = False
        self._volume = VolumeEvidence(self._settings, step)
        self._share = ShareEvidence(step)
        self._joint = JointEvidence(self._settings, step)
        self._crowd = CrowdEvidence(step)
        self._named = NamedEvidence(self._settings, step)
        self._allow()

    def _allow(self) -> None:
        share = self._verdicts.share
        self._volume.allow(share)
        self._joint.allow(share)

    @property
    def open_alert(self) -> str | None:
        """Id of the open alert, if any."""
        return None if self._incident is None else self._incident.alert_id

    @property
    def warming_up(self) -> bool:
        """Whether the baseline is still being learnt, so that only overwhelming evidence speaks."""
        return self._seen * self._step < self._settings.warm_up_hours * _HOUR_SECONDS

    def scores(self) -> dict[str, float]:
        """Return the newest score per evidence.

        Standard deviations; of authors their number; of several named detectors the largest.
        """
        return {
            EvidenceName.VOLUME.value: self._volume.reading.score,
            EvidenceName.NEGATIVITY.value: self._share.reading.score,
            EvidenceName.SPREAD.value: self._crowd.reading.spread,
            EvidenceName.AUTHORS.value: float(self._crowd.reading.authors),
            EvidenceName.DUPLICATION.value: self._crowd.reading.duplication,
            EvidenceName.RIVER.value: max((one.score for one in self._named.readings), default=0.0),
        }

    def thresholds(self) -> dict[str, float]:
        """Return the newest threshold per evidence, in the units of `scores`."""
        return {
            EvidenceName.VOLUME.value: self._volume.reading.threshold,
            EvidenceName.NEGATIVITY.value: self._share.reading.threshold,
        }

    def expected(self, at: int) -> Expected:
        """Return the mentions expected in the step that ends at `at` (epoch seconds); zeros before any."""
        usual = self._volume.windows[HOUR].mean(self._place(at)) * self._calendar.factors(at)[FIVE_MINUTES]
        usual *= self._volume.day_factors(at)[-1]
        mean = usual * min(1.0, self._step / WINDOW_SECONDS[HOUR])
        return Expected(mean, *interval(mean, self._volume.windows[FIVE_MINUTES].deviation))

    def hear(self, order: Order) -> None:
        """Take in what people said: a planned event, its cancelling, or a verdict on one of the alerts.

        Hearing the same order again changes nothing; one for another topic must not come here.
        """
        match order:
            case PlannedEvent():
                self._calendar.plan(order)
            case Cancelled():
                self._calendar.cancel(order.event_id)
            case Verdict():
                self._verdicts.hear(order)
                self._allow()

    @property
    def precision(self) -> float:
        """Part of the alerts that officers called worth it, 0 .. 1; one half before any verdict."""
        return self._verdicts.precision

    def _place(self, at: int) -> Place:
        return place_of(at, self._offset, self._settings.holidays)

    def close(self, windows: Windows) -> list[AlertEvent]:
        """Take one closed step and return the events it causes, mostly none.

        Steps come in order and none is left out: a silent step is a step with zeros. In a gap of the input
        (`Windows.fed_seconds` is 0) time stands still: nothing is decided, nothing learnt, and an open alert
        does not come nearer to its close. While a kind of source is missing (`Windows.whole_seconds` is 0)
        the topic decides by what the others say and learns nothing. A step of another length than before
        starts the topic anew, warming up.
        """
        if self._step != windows.step:
            self._start(windows.step)
        if not windows.fed_seconds:
            return self._wait(windows.step)
        self._calendar.forget(windows.at)
        place, factors = self._place(windows.at), self._calendar.factors(windows.at)
        self._volume.read(windows, place, factors)
        joint = self._listen(windows) if windows.has_text else SILENT
        self._named.read(windows, self._volume.reading.means)
        first_heard = self._is_first_heard(windows)
        self._mark_since(windows.at, joint)
        planned = factors[self._volume.reading.window] > 1.0
        decision = self._decide(windows, joint, first_heard=first_heard, planned=planned)
        events = self._advance(windows, decision, joint)
        if windows.whole_seconds:
            self._seen += 1
            if factors == NOTHING_PLANNED and self._teaches(windows):
                self._learn(windows, place)
        if first_heard and self._heard >= _HISTORY_MENTIONS:
            self._begin()
        return events

    def _listen(self, windows: Windows) -> JointReading:
        """Read what only text tells: the negative share, alone and with the volume, and the crowd."""
        self._share.read(windows, self._joint.threshold)
        self._crowd.read(windows)
        return self._joint.read(windows, self._volume.reading, self._share.reading)

    def _wait(self, seconds: int) -> list[AlertEvent]:
        if self._incident is not None:
            self._incident.last_signal += seconds
        return []

    def _learn(self, windows: Windows, place: Place) -> None:
        self._volume.learn(windows, place)
        self._named.learn(windows, self._volume.reading.means)
        if windows.has_text and windows.whole_seconds >= _HOUR_SECONDS:
            self._share.learn(windows)
            self._crowd.learn(windows)

    def _is_first_heard(self, windows: Windows) -> bool:
        """Count what arrived and return whether most of all ever heard was said just now, by few sources.

        Counts without text are measured: their zeros are no gap in a collection.
        """
        little = self._heard < _HISTORY_MENTIONS
        self._heard += windows.arrived
        if not little:
            return False
        lately = windows.total[SIX_HOURS] >= _LATELY * self._heard > 0
        return windows.has_text and lately and windows.spread < _HISTORY_SOURCES

    def _teaches(self, windows: Windows) -> bool:
        incident = self._incident
        if incident is None or self._tells(incident):
            return not self._trims(windows)
        return windows.at - incident.opened >= _LESSON_FREE_SECONDS

    def _tells(self, incident: Incident) -> bool:
        """Return whether an alert only tells of a topic that is not known yet: it is learnt all the same."""
        young = self.warming_up and not incident.severity.paging
        return young or incident.reason is DecisionReason.FIRST_HEARD

    def _trims(self, windows: Windows) -> bool:
        """Return whether a burst of the warm-up is left out of what is usual."""
        old = self._seen * self._step >= _OVERWHELMING_HOURS * _HOUR_SECONDS
        if not (self.warming_up and old and self._trimmed * self._step < _TRIMMED_SECONDS):
            return False
        part = 0.5 if self._trims_now else 1.0
        self._trims_now = self._bursts(windows, part * _TRIMMED_SCORE, part * _TRIMMED_RATIO)
        self._trimmed += self._trims_now
        return self._trims_now

    def _bursts(self, windows: Windows, score: float, ratio: float) -> bool:
        volume = self._volume.reading
        count = windows.total[volume.window]
        return volume.score >= score and count >= ratio * volume.means[volume.window]

    def _decide(self, windows: Windows, joint: JointReading, *, first_heard: bool, planned: bool) -> Decision:
        """Decide one step; most are silent in every evidence and need no reading."""
        volume, share = self._volume.reading, self._share.reading
        readings = self._named.readings
        named = bool(readings) and any(one.signal for one in readings)
        if not (volume.level or share.level or joint.level or named):
            return NOTHING
        reading = Reading(
            volume=volume.level,
            negative=share.level,
            joint=joint.level,
            positive=bool(volume.level) and self._share.positive(windows, volume.window),
            named=named,
            has_text=windows.has_text,
            copies=self._crowd.reading.campaign and not self._stands_without_copies(windows, joint),
            few_voices=self._crowd.reading.few,
            planned=planned,
            first_heard=first_heard,
            warming_up=self.warming_up,
            first_day=self._seen * self._step < _DAY_SECONDS,
            overwhelming=self._overwhelming(windows),
            faint=windows.has_text and self._is_faint(joint),
        )
        return decide(reading)

    def _stands_without_copies(self, windows: Windows, joint: JointReading) -> bool:
        """Return whether the volume of what is no near-copy would still be a signal."""
        volume = self._volume.reading
        baseline, mean = self._volume.windows[volume.window], volume.means[volume.window]
        most = windows.total[volume.window]
        part = baseline.score(originals(windows, volume.window), mean) / max(baseline.score(most, mean), 1.0)
        return volume.score * part >= self._bar(volume.score, volume.threshold, joint)

    def _overwhelming(self, windows: Windows) -> bool:
        return (
            self._bursts(windows, _OVERWHELMING_SCORE, _OVERWHELMING_RATIO)
            and windows.total[self._volume.reading.window] >= _OVERWHELMING_COUNT
            and self._seen * self._step >= _OVERWHELMING_HOURS * _HOUR_SECONDS
        )

    def _is_faint(self, joint: JointReading) -> bool:
        """Return whether what text tells is no page for the part of the budget that fits the topic's age."""
        grown = self._seen * self._step / _GROWN_SECONDS
        if not 0.0 < grown < 1.0:
            return False
        alone = self._share.reading.score if self._share.reading.level else 0.0
        return max(joint.score, alone) < stricter(joint.threshold, grown)

    def _advance(self, windows: Windows, decision: Decision, joint: JointReading) -> list[AlertEvent]:
        incident = self._incident
        if incident is None and decision.severity is None:
            return []
        window = self._window(windows, incident, decision)
        if incident is None:
            incident = self._incident = self._open(windows, decision, window)
            event = EventName.OPENED if incident else None
        else:
            event = self._continue(incident, windows, decision, window)
        if incident is None or event is None:
            return []
        if event is EventName.CLOSED:
            self._incident = None
        facets = self._facets(windows, window, joint)
        return [compose(self._topic, self._model, incident, event, windows, facets)]

    def _continue(
        self, incident: Incident, windows: Windows, decision: Decision, window: int
    ) -> EventName | None:
        """Advance an open alert; when it begins to page, the change that pages has an onset of its own."""
        paged = incident.severity.paging
        figures = Figures(window, windows.total[window], negative_share(windows, window))
        event = advance(incident, decision, windows.at, figures, self._rule)
        if incident.severity.paging and not paged:
            incident.onset = self._onset(windows, decision, window)
        return event

    def _onset(self, windows: Windows, decision: Decision, window: int) -> int:
        """Return since when the evidence that decides has stood above usual: of anger alone, the share."""
        if decision.kind is AlertKind.NEGATIVITY and not self._volume.reading.level:
            return self._share.onset(windows)
        return self._volume.onset(window, windows.at)

    def _window(self, windows: Windows, incident: Incident | None, decision: Decision) -> int:
        """Return the window that the alert shows: where volume speaks, else where negativity does.

        A crisis whose volume stands out for longer than its negativity is shown where that speaks: the longer
        window's share would be that of the calm talk before. An open alert keeps to its window and takes a
        longer one when that speaks, so that its figures can be compared, but none longer than it takes to
        cover what lasts: 24 hours would dilute a crisis of two. When it rises, the change that made it rise
        is shown.
        """
        volume, share = self._volume.reading, self._share.reading
        window = share.window if share.level and not volume.level else volume.window
        if decision.kind is AlertKind.CRISIS and share.raised and not share.rises(windows, window):
            window = share.window
        if incident is None or rises(incident, decision):
            return window
        if decision.severity is None:
            return incident.told_window
        return max(incident.told_window, min(window, covering(windows.at - incident.onset)))

    def _open(self, windows: Windows, decision: Decision, window: int) -> Incident | None:
        if decision.kind is None or decision.severity is None:
            return None
        at = windows.at
        return Incident(
            alert_id=alert_id_of(self._topic.id, at),
            opened=at,
            onset=self._onset(windows, decision, window),
            revision=1,
            kind=decision.kind,
            severity=decision.severity,
            reason=decision.reason,
            last_signal=at,
            last_event=at,
            told_count=windows.total[window],
            told_share=negative_share(windows, window),
            told_window=window,
        )

    def _facets(self, windows: Windows, window: int, joint: JointReading) -> Facets:
        expected = self._volume.reading.means[window]
        usual = self._share.usual if windows.has_text else 0.0
        return Facets(
            window, expected, self._volume.windows[window].deviation, usual, self._evidence(windows, joint)
        )

    @staticmethod
    def _bar(score: float, threshold: float, joint: JointReading) -> float:
        """Return what an evidence had to pass: its own threshold, or its part of that of both together."""
        part = joint.threshold / max(joint.score, joint.threshold) if joint.level else 1.0
        return min(threshold, score * part) if joint.level and score > 0.0 else threshold

    def _evidence(self, windows: Windows, joint: JointReading) -> tuple[Evidence, ...]:
        """Return the evidences, each with the threshold that it had to pass in this decision.

        Of the authors that is the number that makes a public of so many mentions.
        """
        volume, share, crowd = self._volume.reading, self._share.reading, self._crowd.reading
        found = [(EvidenceName.VOLUME, volume.score, self._bar(volume.score, volume.threshold, joint))]
        if windows.has_text:
            found += [
                (EvidenceName.NEGATIVITY, share.score, self._bar(share.score, share.threshold, joint)),
                (EvidenceName.SPREAD, crowd.spread, CROWD_SCORE),
                (EvidenceName.DUPLICATION, crowd.duplication, CROWD_SCORE),
            ]
        if crowd.authors:
            authors, needed = crowd.told_authors
            found.append((EvidenceName.AUTHORS, float(authors), float(needed)))
        told = [
            evidence_of(name, score, threshold, self._since.get(name, 0)) for name, score, threshold in found
        ]
        return (*told, *map(self._named_evidence, self._named.readings))

    def _named_evidence(self, reading: NamedReading) -> Evidence:
        since = self._since.get(reading.name, 0)
        found = evidence_of(EvidenceName.RIVER, reading.score, reading.threshold, since)
        return msgspec.structs.replace(found, detector=reading.name)

    def _mark_since(self, at: int, joint: JointReading) -> None:
        """Note since when each evidence is a signal."""
        crowd, since = self._crowd.reading, self._since
        signals = (
            self._volume.reading.level or joint.level,
            self._share.reading.level or joint.level,
            crowd.spread >= CROWD_SCORE,
            crowd.campaign,
            crowd.authors and not crowd.few,
        )
        named = self._named.readings
        if signals == self._signals and not named:
            return
        self._signals = signals
        told: set[str] = {name for name, signal in zip(_MARKED, signals, strict=True) if signal}
        told.update(one.name for one in named if one.signal)
        self._since = {name: since.get(name, at) for name in sorted(told)}

    def dump(self) -> dict[str, object]:
        """Return the whole state as builtins, about 9 kB in MessagePack."""
        return {
            "version": _STATE_VERSION,
            "step": self._step,
            "heard": self._heard,
            "seen": self._seen,
            "trimmed": [self._trimmed, self._trims_now],
            "volume": self._volume.dump(),
            "share": self._share.dump(),
            "joint": self._joint.dump(),
            "crowd": self._crowd.dump(),
            "named": self._named.dump(),
            "since": dict(self._since),
            "calendar": self._calendar.dump(),
            "verdicts": self._verdicts.dump(),
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
        if dump.get("version") == _STATE_VERSION:
            monitor._restore(dump)
        return monitor

    def _restore(self, dump: dict[str, Any]) -> None:
        self._start(int(dump["step"]))
        self._heard = int(dump["heard"])
        self._seen = int(dump["seen"])
        self._trimmed, self._trims_now = int(dump["trimmed"][0]), bool(dump["trimmed"][1])
        self._volume.restore(dump["volume"])
        self._share.restore(dump["share"])
        self._joint.restore(dump["joint"])
        self._crowd.restore(dump["crowd"])
        self._named.restore(dump["named"])
        self._since = {str(name): int(at) for name, at in dump["since"].items()}
        self._calendar.restore(dump["calendar"])
        self._verdicts.restore(dump["verdicts"])
        self._allow()
        self._incident = None if dump["incident"] is None else Incident.load(dump["incident"])

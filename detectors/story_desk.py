"""The story desk: one monitor for the stories of all topics, so that a story is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from detectors.calendar import Calendar
from detectors.compose import Facets, compose, evidence_of
from detectors.decision import Decision
from detectors.events import (
    AlertEvent,
    AlertKind,
    DecisionReason,
    EventName,
    EvidenceName,
    Model,
    Name,
    Severity,
    TopicRef,
)
from detectors.explain import StoryFacts, story_headline
from detectors.incident import Figures, Incident, Rule, advance, alert_id_of, is_of_a_story
from detectors.orders import Cancelled, PlannedEvent, Verdict
from detectors.settings import MODEL_VERSION
from detectors.stories import LEAST_SOURCES, STORY_QUIET_SECONDS, Stories, StoryReading
from detectors.story_ledger import StoryLedger
from detectors.verdicts import Verdicts
from detectors.windows import DAY, KINDS, WINDOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.orders import Order
    from detectors.settings import DetectionSettings
    from detectors.windows import Windows

__all__ = ["StoryDesk"]

_STATE_VERSION = 3
_HOUR_SECONDS = 3600
#: The watch list may hold so many stories for each page that the budget allows.
_WATCHED_PER_PAGE = 4.5
_PAGE = Decision(AlertKind.NARRATIVE, Severity.WARNING, DecisionReason.GRAVE_STORY)
_WATCH = Decision(AlertKind.NARRATIVE, Severity.INFO, DecisionReason.NEW_STORY)
_EXPECTED = Decision(AlertKind.NARRATIVE, Severity.INFO, DecisionReason.PLANNED)
_OVER = Decision(None, None, DecisionReason.QUIET)
#: No plan excuses this gravity: three dead, a storm ahead, mass violence (`gravity._HARM`).
_NO_EXCUSE = 0.8


class StoryDesk:
    """Follows the press of all topics and tells each story once, as an alert of its strongest topic.

    A story whose score passes the lower threshold goes on the watch list (severity info); one that passes the
    upper, then or later, pages (warning). Both thresholds are learnt: so many stories a week pass. Verdicts
    on stories lower the pages a week, to a quarter at most, and raise them again, never above the budget.
    While the calendar has a planned event that names its topic, a story is only watched, unless it is of
    harm.

    Parameters
    ----------
    names
        Name of each topic of the catalogue.
    settings
        Settings of the detection.
    config_hash
        Digest of everything that shapes a decision; written into each event.

    """

    def __init__(self, names: Mapping[str, Name], settings: DetectionSettings, config_hash: str) -> None:
        self._names = names
        self._model = Model(MODEL_VERSION, config_hash)
        self._weekly = settings.pages_per_week
        self._warm_up = round(settings.warm_up_hours * _HOUR_SECONDS)
        self._rule = Rule(STORY_QUIET_SECONDS, settings.update_minutes * 60)
        self._stories = Stories()
        self._ledger = StoryLedger()
        self._calendar = Calendar()
        self._verdicts = Verdicts()
        self._first = 0
        self._last: list[int] = []
        self._told: dict[int, _Told] = {}

    @property
    def open_alert(self) -> str | None:
        """Id of the oldest open alert, if any."""
        return next((told.incident.alert_id for told in self._told.values()), None)

    def hear(self, order: Order) -> None:
        """Take in what people said: a planned event, its cancelling, or a verdict on a story's alert.

        Hearing the same order again changes nothing; a verdict on an alert of counts is passed over.
        """
        match order:
            case PlannedEvent():
                self._calendar.plan(order)
            case Cancelled():
                self._calendar.cancel(order.event_id)
            case Verdict() if is_of_a_story(order.topic, order.alert_id):
                self._verdicts.hear(order)

    def close(self, windows: Windows) -> list[AlertEvent]:
        """Take one closed minute and return the events that its articles cause."""
        self._stories.close(windows.at)
        self._calendar.forget(windows.at)
        events = self._read(windows)
        open_ = {story.number for story in self._stories.open}
        over = [number for number in self._told if number not in open_]
        return [*events, *(self._end(number, windows) for number in over)]

    def _read(self, windows: Windows) -> list[AlertEvent]:
        known, self._last = set(self._last), [example.mention for example in windows.examples]
        fresh = [example for example in windows.examples if example.mention not in known]
        if not fresh:
            return []
        self._first = self._first or windows.at
        begins = windows.at - self._first >= self._warm_up
        if begins:
            self._ledger.watch(windows.at)
        events: list[AlertEvent] = []
        for example in fresh:
            for story in self._stories.take(example, windows.at, begins=begins):
                events += self._tell(self._stories.read(story, windows.at), windows)
        return events

    def _tell(self, reading: StoryReading, windows: Windows) -> list[AlertEvent]:
        story, decision = reading.story, self._decide(reading, windows.at)
        if reading.score > story.best and decision is not _EXPECTED:
            self._ledger.enter(story.best, reading.score)
            story.best = reading.score
        told = self._told.get(story.number)
        event: EventName | None = EventName.OPENED
        if told is not None:
            figures = Figures(DAY, reading.articles, 0.0)
            event = advance(told.incident, decision, windows.at, figures, self._rule)
        elif decision.severity is not None:
            told = self._told[story.number] = _Told(story.topic, _opened(reading, decision, windows.at))
        if told is None or event is None:
            return []
        story.paged = told.incident.severity.paging
        if event is EventName.CLOSED:
            del self._told[story.number]
        return [self._compose(told, event, reading, windows)]

    def _decide(self, reading: StoryReading, at: int) -> Decision:
        if reading.sources < LEAST_SOURCES:
            return _OVER  # what one paper goes on telling
        if reading.score < self._threshold(Severity.INFO):
            return _OVER
        if reading.gravity < _NO_EXCUSE and self._calendar.expects(reading.story.topic, at):
            return _EXPECTED
        return _PAGE if reading.score >= self._threshold(Severity.WARNING) else _WATCH

    def _end(self, number: int, windows: Windows) -> AlertEvent:
        """Close the alert of a story that is followed no more."""
        told = self._told.pop(number)
        told.incident.revision += 1
        told.incident.last_event = windows.at
        return self._compose(told, EventName.CLOSED, None, windows)

    def _compose(
        self, told: _Told, event: EventName, reading: StoryReading | None, windows: Windows
    ) -> AlertEvent:
        """Return the event: its figures and samples are of the story alone.

        Observed are its articles of 24 hours, expected those that stories of its topic have by its age.
        """
        shown = _only(reading, windows)
        incident = told.incident
        if incident.revision == 1:
            incident.onset = min([e.published for e in shown.examples], default=incident.opened)
        topic = TopicRef(told.topic, self._names.get(told.topic, Name(told.topic, told.topic)))
        score, expected = (0.0, 0.0) if reading is None else (reading.score, reading.expected)
        since = 0 if reading is None else incident.opened
        evidence = evidence_of(EvidenceName.NOVELTY, score, self._threshold(incident.severity), since)
        facets = Facets(DAY, expected, 1.0, 0.0, (evidence,))
        alert = compose(topic, self._model, incident, event, shown, facets)
        facts = None if reading is None else StoryFacts(reading.articles, reading.sources, expected)
        title = story_headline(_headed(topic.name, alert.phrases), event, facts)
        return msgspec.structs.replace(alert, headline=title)

    def _threshold(self, severity: Severity) -> float:
        part = min(self._verdicts.share, 1.0) if severity.paging else _WATCHED_PER_PAGE
        return self._ledger.threshold(self._weekly * part)

    def dump(self) -> dict[str, object]:
        """Return the whole state as builtins, below 64 kB in MessagePack."""
        return {
            "version": _STATE_VERSION,
            "stories": self._stories.dump(),
            "ledger": self._ledger.dump(),
            "calendar": self._calendar.dump(),
            "verdicts": self._verdicts.dump(),
            "first": self._first,
            "last": list(self._last),
            "told": {number: [told.topic, told.incident.dump()] for number, told in self._told.items()},
        }

    @classmethod
    def load(
        cls, dump: dict[str, Any], names: Mapping[str, Name], settings: DetectionSettings, config_hash: str
    ) -> StoryDesk:
        """Return the desk that `dump` describes; one of an unknown version is learnt anew."""
        desk = cls(names, settings, config_hash)
        if dump.get("version") == _STATE_VERSION:
            desk._restore(dump)
        return desk

    def _restore(self, dump: dict[str, Any]) -> None:
        self._stories.restore(dump["stories"])
        self._ledger.restore(dump["ledger"])
        self._calendar.restore(dump["calendar"])
        self._verdicts.restore(dump["verdicts"])
        self._first = int(dump["first"])
        self._last = [int(mention) for mention in dump["last"]]
        self._told = {
            int(n): _Told(topic, Incident.load(saved)) for n, (topic, saved) in dump["told"].items()
        }


class _Told(NamedTuple):
    """The alert of a story and the topic that it is told under."""

    topic: str
    incident: Incident


def _opened(reading: StoryReading, decision: Decision, at: int) -> Incident:
    """Return the alert that a story opens; its onset is known when its articles are."""
    return Incident(
        alert_id=alert_id_of(reading.story.topic, at, f"story{reading.story.number}"),
        opened=at,
        onset=at,
        revision=1,
        kind=AlertKind.NARRATIVE,
        severity=decision.severity or Severity.INFO,
        reason=decision.reason,
        last_signal=at,
        last_event=at,
        told_count=reading.articles,
        told_share=0.0,
        told_window=DAY,
    )


def _only(reading: StoryReading | None, windows: Windows) -> Windows:
    """Return the windows with the figures and examples of one story alone, the most telling first."""
    articles, negative, mentions = (
        (0, 0, ()) if reading is None else (reading.articles, reading.negative, reading.mentions)
    )
    examples = {example.mention: example for example in windows.examples}
    return msgspec.structs.replace(
        windows,
        total=_of_day(articles),
        negative=_of_day(negative),
        kinds=(*((0,) * len(KINDS) for _ in WINDOW_SECONDS[:-1]), _press(articles)),
        examples=tuple(examples[mention] for mention in mentions if mention in examples),
    )


def _of_day(count: int) -> tuple[int, ...]:
    """Return a count of the longest window; the shorter ones are not told."""
    return (0,) * DAY + (count,)


def _press(articles: int) -> tuple[int, ...]:
    return tuple(articles if kind == "press" else 0 for kind in KINDS)


def _headed(name: Name, phrases: tuple[str, ...]) -> Name:
    """Return the name of the topic with the story's strongest phrase."""
    if not phrases:
        return name
    return Name(f"{name.vi}, “{phrases[0]}”", f"{name.en}, “{phrases[0]}”")

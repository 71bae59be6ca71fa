"""Alerts of stories: each story that bursts inside a topic has an alert of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from detectors.compose import Facets, compose, evidence_of
from detectors.decision import Decision
from detectors.events import AlertEvent, AlertKind, DecisionReason, EventName, EvidenceName, Severity
from detectors.explain import Facts, headline
from detectors.incident import Figures, Incident, Rule, advance, alert_id_of
from detectors.stories import STORY_QUIET_SECONDS, Story, StoryEvidence, StoryReading
from detectors.windows import DAY

if TYPE_CHECKING:
    from detectors.events import Model, TopicRef
    from detectors.settings import DetectionSettings
    from detectors.windows import Windows

_NEW = Decision(AlertKind.NARRATIVE, Severity.WARNING, DecisionReason.NEW_STORY)
_OVER = Decision(None, None, DecisionReason.QUIET)


class StoryAlerts:
    """The stories of one topic and their alerts.

    Parameters
    ----------
    topic, model
        As told in each event.
    settings
        Settings of the detection.

    """

    def __init__(self, topic: TopicRef, model: Model, settings: DetectionSettings) -> None:
        self._topic = topic
        self._model = model
        self._evidence = StoryEvidence(settings)
        self._rule = Rule(STORY_QUIET_SECONDS, settings.update_minutes * 60)
        self._incidents: dict[int, Incident] = {}

    @property
    def score(self) -> float:
        """Score of the newest article that belongs to no told story."""
        return self._evidence.reading.score

    def close(self, windows: Windows, *, speaks: bool) -> list[AlertEvent]:
        """Take one step and return the events that its articles cause."""
        if not windows.arrived and not self._incidents:
            return []
        events = [self._end(story, windows) for story in self._evidence.close(windows.at)]
        events += [self._tell(reading, windows) for reading in self._evidence.read(windows, speaks=speaks)]
        opened = {story.opened for story in self._evidence.open}
        self._incidents = {at: one for at, one in self._incidents.items() if at in opened}
        return [event for event in events if event is not None]

    def _tell(self, reading: StoryReading, windows: Windows) -> AlertEvent | None:
        story = reading.story
        if story is None:
            return None
        incident = self._incidents.get(story.opened)
        if incident is None:
            incident = self._incidents[story.opened] = self._open(reading, windows.at)
            return self._compose(incident, EventName.OPENED, reading, windows)
        figures = Figures(DAY, reading.articles, 0.0)
        event = advance(incident, _NEW, windows.at, figures, self._rule)
        return None if event is None else self._compose(incident, event, reading, windows)

    def _end(self, story: Story, windows: Windows) -> AlertEvent | None:
        incident = self._incidents.pop(story.opened, None)
        if incident is None:
            return None
        event = advance(incident, _OVER, windows.at, Figures(DAY, 0, 0.0), self._rule)
        reading = StoryReading(0.0, self._evidence.reading.threshold)
        return None if event is None else self._compose(incident, event, reading, windows)

    def _open(self, reading: StoryReading, at: int) -> Incident:
        return Incident(
            alert_id=alert_id_of(self._topic.id, at, "story"),
            opened=at,
            onset=at,
            revision=1,
            kind=AlertKind.NARRATIVE,
            severity=Severity.WARNING,
            reason=DecisionReason.NEW_STORY,
            last_signal=at,
            last_event=at,
            told_count=reading.articles,
            told_share=0.0,
            told_window=DAY,
        )

    def _compose(
        self, incident: Incident, event: EventName, reading: StoryReading, windows: Windows
    ) -> AlertEvent:
        """Return the event: figures are articles of the story within 24 hours, samples are of the story."""
        examples = tuple(e for e in windows.examples if e.mention in reading.mentions)
        if incident.revision == 1:
            incident.onset = min([e.published for e in examples], default=incident.opened)
        since = incident.opened if reading.story else 0
        evidence = evidence_of(EvidenceName.NOVELTY, reading.score, reading.threshold, since)
        facets = Facets(DAY, reading.expected, 1.0, 0.0, (evidence,))
        shown = msgspec.structs.replace(windows, examples=examples)
        told = compose(self._topic, self._model, incident, event, shown, facets)
        name = self._topic.name
        if told.phrases:
            name = msgspec.structs.replace(
                name, vi=f"{name.vi}, “{told.phrases[0]}”", en=f"{name.en}, “{told.phrases[0]}”"
            )
        facts = Facts(DAY, reading.articles, reading.expected, None, 0.0)
        return msgspec.structs.replace(
            told,
            observed=reading.articles,
            headline=headline(name, incident.kind, incident.severity, event, facts),
        )

    def dump(self) -> dict[str, Any]:
        """Return the state as builtins."""
        incidents = {at: incident.dump() for at, incident in self._incidents.items()}
        return {"evidence": self._evidence.dump(), "incidents": incidents}

    def restore(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` returned."""
        self._evidence.restore(state["evidence"])
        self._incidents = {int(at): Incident.load(saved) for at, saved in state["incidents"].items()}

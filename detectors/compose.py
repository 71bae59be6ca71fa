"""From a decision to the Alert event v1 that carries it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from detectors.events import (
    SCHEMA,
    AlertEvent,
    AlertKind,
    DecisionReason,
    EventName,
    Evidence,
    EvidenceName,
    Model,
    Shares,
    Span,
    TopicRef,
)
from detectors.explain import Facts, fresh, headline, samples, sources, strongest_phrases
from detectors.windows import WINDOW_SECONDS

if TYPE_CHECKING:
    from detectors.incident import Incident
    from detectors.windows import Windows

#: Half the width of an interval that holds 95 % of square roots of unit-variance residuals.
_HALF_WIDTH = 0.98
_SURE = 0.99
_RESTS_ON = {
    AlertKind.CRISIS: (EvidenceName.VOLUME, EvidenceName.NEGATIVITY),
    AlertKind.NEGATIVITY: (EvidenceName.NEGATIVITY,),
    AlertKind.NARRATIVE: (EvidenceName.NOVELTY,),
}
#: Examples published so long before the onset still belong to it.
_LEAD_SECONDS = 900


class Facets(NamedTuple):
    """What the evidences found at the moment of an event.

    Parameters
    ----------
    window
        Place in `WINDOW_SECONDS` of the window shown.
    expected, deviation
        Expected count in it and the standard deviation of its residual.
    usual_share
        Usual share of mentions called negative, 0 .. 1.
    evidence
        The evidences, volume first.

    """

    window: int
    expected: float
    deviation: float
    usual_share: float
    evidence: tuple[Evidence, ...]


def compose(
    topic: TopicRef, model: Model, incident: Incident, event: EventName, windows: Windows, facets: Facets
) -> AlertEvent:
    """Return the event that tells of `incident` at the end of `windows`."""
    window = facets.window
    count, share = windows.total[window], negative_share(windows, window)
    examples = fresh(windows.examples, incident.onset - _LEAD_SECONDS)
    shown = share if windows.has_text else None
    facts = Facts(incident.reason, window, count, facets.expected, shown, facets.usual_share)
    low, high = interval(facets.expected, facets.deviation)
    return AlertEvent(
        schema=SCHEMA,
        alert_id=incident.alert_id,
        revision=incident.revision,
        event=event,
        at=moment(windows.at),
        topic=topic,
        kind=incident.kind,
        severity=incident.severity,
        confidence=_confidence(incident, facets.evidence),
        onset=moment(incident.onset),
        window=Span(moment(windows.at - WINDOW_SECONDS[window]), moment(windows.at)),
        observed=count,
        expected=round(facets.expected, 3),
        interval=(round(low, 3), round(high, 3)),
        negative=Shares(round(share, 4), round(facets.usual_share, 4)),
        evidence=facets.evidence,
        phrases=strongest_phrases(examples, topic.name),
        sources=sources(windows, window),
        samples=samples(windows, examples, incident.kind),
        reason=incident.reason,
        headline=headline(topic.name, incident.kind, incident.severity, event, facts),
        model=model,
    )


def negative_share(windows: Windows, window: int) -> float:
    """Return the share of mentions called negative in the window, 0 for none."""
    count = windows.total[window]
    return windows.negative[window] / count if count else 0.0


def interval(mean: float, deviation: float) -> tuple[float, float]:
    """Return the counts between which 95 % of ordinary ones lie: square-root residuals, turned back."""
    root = math.sqrt(mean + 0.375)
    low = max(root - _HALF_WIDTH * deviation, 0.0)
    return max(low * low - 0.375, 0.0), (root + _HALF_WIDTH * deviation) ** 2 - 0.375


def moment(at: int) -> datetime:
    """Return an epoch second as aware UTC."""
    return datetime.fromtimestamp(at, UTC)


def evidence_of(name: EvidenceName, score: float, threshold: float, since: int) -> Evidence:
    """Return one evidence; `since` of 0 means that it is below its threshold."""
    return Evidence(name, round(score, 3), round(threshold, 3), moment(since) if since else None)


def _confidence(incident: Incident, evidence: tuple[Evidence, ...]) -> float:
    """Return 0.5 at the threshold and towards 1 far beyond it; of a crisis, that of its weaker evidence."""
    wanted = _RESTS_ON.get(incident.kind, (EvidenceName.VOLUME,))
    if incident.reason is DecisionReason.RIVER:
        wanted = (EvidenceName.RIVER,)
    found = [_sureness(e) for e in evidence if e.name in wanted]
    return round(min(found), 3)


def _sureness(evidence: Evidence) -> float:
    if evidence.score <= 0.0:
        return 0.0
    return min(_SURE, max(0.0, 1.0 - 0.5 * evidence.threshold / evidence.score))

"""Verdicts: how precise a topic's alerts have been, and what part of the budget that earns it."""

from __future__ import annotations

from detectors.orders import Verdict, VerdictName

__all__ = ["LEAST_SHARE", "MOST_SHARE", "Verdicts"]

#: Verdicts kept for a topic, the newest; older ones tell of another threshold.
_KEPT = 32
#: Worth as much as four verdicts of which two were good: the mean of a Beta(2, 2) prior.
_PRIOR_GOOD, _PRIOR_ALL = 2, 4
_GOOD = frozenset((VerdictName.CRISIS, VerdictName.USEFUL))
_BAD = frozenset((VerdictName.FALSE_ALARM, VerdictName.PLANNED))
#: Verdicts move a topic's part of the alert budget within these bounds: a hostile or mistaken officer can
#: neither silence a topic nor flood the others.
LEAST_SHARE, MOST_SHARE = 0.25, 2.0


class Verdicts:
    """The newest verdicts on a topic's alerts.

    An alert that was a crisis or useful was worth its page; a false alarm or a planned event was not; a
    duplicate says nothing. One verdict an alert: a later one replaces it, and reopening takes it back.
    """

    def __init__(self) -> None:
        self._names: dict[str, VerdictName] = {}

    def hear(self, verdict: Verdict) -> None:
        """Take a verdict in."""
        self._names.pop(verdict.alert_id, None)
        if verdict.name is not None:
            self._names[verdict.alert_id] = verdict.name
        while len(self._names) > _KEPT:
            del self._names[next(iter(self._names))]

    @property
    def precision(self) -> float:
        """Part of the pages that were worth it, 0 .. 1; one half before any verdict (posterior mean)."""
        good = sum(name in _GOOD for name in self._names.values())
        bad = sum(name in _BAD for name in self._names.values())
        return (good + _PRIOR_GOOD) / (good + bad + _PRIOR_ALL)

    @property
    def share(self) -> float:
        """How many times its equal part of the budget the topic may use, `LEAST_SHARE` .. `MOST_SHARE`.

        Twice the precision: a topic whose every second page is worth it keeps its part.
        """
        return min(max(2.0 * self.precision, LEAST_SHARE), MOST_SHARE)

    def dump(self) -> list[list[str]]:
        """Return the state as builtins, the oldest first."""
        return [[alert_id, str(name)] for alert_id, name in self._names.items()]

    def restore(self, state: list[list[str]]) -> None:
        """Take a state that `dump` returned."""
        self._names = {alert_id: VerdictName(name) for alert_id, name in state}

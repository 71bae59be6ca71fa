"""What officers may do with an alert, and what follows from it: pure.

The machine's state (open, closed) is not touched here: an alert that people have resolved may still be going
on, and one that is over may still need a verdict.
"""

from dataclasses import dataclass
from enum import StrEnum

from api.store.states import Action, AlertVerdict, HumanState

_UNRESOLVED = frozenset({HumanState.NEW, HumanState.ACKNOWLEDGED, HumanState.ASSIGNED})
ALLOWED: dict[Action, frozenset[HumanState]] = {
    Action.ACKNOWLEDGE: frozenset({HumanState.NEW}),
    Action.ASSIGN: _UNRESOLVED,
    Action.HAND_OVER: frozenset({HumanState.ACKNOWLEDGED, HumanState.ASSIGNED}),
    Action.COMMENT: frozenset(HumanState),
    Action.PUBLISH: _UNRESOLVED,
    Action.CLOSE: _UNRESOLVED,
    Action.REOPEN: frozenset({HumanState.RESOLVED}),
}


class ConflictReason(StrEnum):
    """Why an action is not possible now."""

    STATE = "state"
    REVISION = "revision"
    HANDLING_REVISION = "handling_revision"


@dataclass(frozen=True)
class Standing:
    """Where an alert stands: ``handling_revision`` counts officers' actions, ``revision`` the machine's."""

    human_state: HumanState
    revision: int
    handling_revision: int
    assignee: str | None
    verdict: AlertVerdict | None


@dataclass(frozen=True)
class Wish:
    """What an officer asks for; a revision that is given must be the present one."""

    action: Action
    verdict: AlertVerdict | None = None
    reason: str | None = None
    comment: str | None = None
    to: str | None = None
    revision: int | None = None
    handling_revision: int | None = None


@dataclass(frozen=True)
class Conflict:
    """Not possible: why, and where the alert stands."""

    reason: ConflictReason
    standing: Standing


def decide(standing: Standing, wish: Wish) -> Standing | Conflict:
    """Give where the alert stands after the action, or why it cannot be done; the caller stores it."""
    reason = _refusal(standing, wish)
    if reason is not None:
        return Conflict(reason, standing)
    return Standing(
        human_state=_next_state(standing, wish.action),
        revision=standing.revision,
        handling_revision=standing.handling_revision + 1,
        assignee=standing.assignee if wish.to is None else wish.to,
        verdict=standing.verdict if wish.action is Action.COMMENT else wish.verdict,
    )


def _refusal(standing: Standing, wish: Wish) -> ConflictReason | None:
    """Say why an action is not possible; None when it is."""
    if standing.human_state not in ALLOWED[wish.action]:
        return ConflictReason.STATE
    if wish.handling_revision not in {None, standing.handling_revision}:
        return ConflictReason.HANDLING_REVISION
    if wish.revision not in {None, standing.revision}:
        return ConflictReason.REVISION
    return None


def _next_state(standing: Standing, action: Action) -> HumanState:
    """Give the state after an allowed action; a reopened alert goes back to whom it was assigned to."""
    if action is Action.COMMENT:
        return standing.human_state
    if action is Action.PUBLISH and standing.human_state is not HumanState.NEW:
        return standing.human_state
    if action is Action.CLOSE:
        return HumanState.RESOLVED
    if action is Action.REOPEN and standing.assignee is not None:
        return HumanState.ASSIGNED
    return HumanState.ASSIGNED if action in {Action.ASSIGN, Action.HAND_OVER} else HumanState.ACKNOWLEDGED

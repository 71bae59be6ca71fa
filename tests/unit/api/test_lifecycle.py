"""What officers may do with an alert."""

import pytest

from api.lifecycle import ALLOWED, Conflict, ConflictReason, Standing, Wish, decide
from api.store.states import Action, AlertVerdict, HumanState


def standing(state: HumanState = HumanState.NEW, assignee: str | None = None) -> Standing:
    """Give where an alert stands after two revisions and five actions."""
    return Standing(state, 2, 5, assignee, None)


@pytest.mark.parametrize("state", HumanState)
@pytest.mark.parametrize("action", Action)
def test_an_action_is_done_where_it_is_allowed_and_refused_elsewhere(
    action: Action, state: HumanState
) -> None:
    """A refusal names the state; what is done counts once."""
    after = decide(standing(state), Wish(action, to="desk"))
    if state in ALLOWED[action]:
        assert isinstance(after, Standing)
        assert after.handling_revision == 6
    else:
        assert after == Conflict(ConflictReason.STATE, standing(state))


def test_the_way_of_an_alert() -> None:
    """New, acknowledged, assigned, handed over, resolved, reopened to whom it was assigned."""
    now = standing()
    seen = []
    for wish in (
        Wish(Action.ACKNOWLEDGE),
        Wish(Action.ASSIGN, to="day"),
        Wish(Action.HAND_OVER, to="night"),
        Wish(Action.COMMENT, comment="c"),
        Wish(Action.CLOSE, verdict=AlertVerdict.USEFUL),
        Wish(Action.COMMENT, comment="late"),
        Wish(Action.REOPEN),
    ):
        after = decide(now, wish)
        assert isinstance(after, Standing)
        now = after
        seen.append((str(now.human_state), now.assignee, now.verdict))
    assert seen == [
        ("acknowledged", None, None),
        ("assigned", "day", None),
        ("assigned", "night", None),
        ("assigned", "night", None),
        ("resolved", "night", "useful"),
        ("resolved", "night", "useful"),
        ("assigned", "night", None),
    ]


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Wish(Action.ACKNOWLEDGE, revision=1), ConflictReason.REVISION),
        (Wish(Action.ACKNOWLEDGE, handling_revision=4), ConflictReason.HANDLING_REVISION),
    ],
)
def test_what_was_decided_on_an_older_view_is_refused(wish: Wish, reason: ConflictReason) -> None:
    """Someone who saw less must look again."""
    assert decide(standing(), wish) == Conflict(reason, standing())


def test_what_was_decided_on_the_present_view_is_done() -> None:
    """Both revisions given, both right."""
    assert isinstance(decide(standing(), Wish(Action.CLOSE, revision=2, handling_revision=5)), Standing)

"""The console has a word for everything that the API says, in both languages."""

import re
from pathlib import Path

import pytest

from api.outcome import DeadReason, Outcome
from api.response import Goal, Standing
from api.routing import HoldReason, WithheldReason
from api.store.states import Action, AlertState, AlertVerdict, DeliveryState, HumanState, SampleAction
from detectors.events import AlertKind, DecisionReason, EventName, EvidenceName, Severity
from detectors.gist import Label

STATIC = Path(__file__).parents[3] / "api" / "console" / "static"
GROUPS = {
    "severity": [Severity],
    "kind": [AlertKind],
    "state": [AlertState],
    "human": [HumanState],
    "action": [Action, SampleAction],
    "event": [EventName],
    "verdict": [AlertVerdict],
    "label": [Label],
    "evidence": [EvidenceName],
    "reason": [DecisionReason],
    "delivery": [DeliveryState],
    "why": [WithheldReason, HoldReason, DeadReason],
    "outcome": [Outcome],
    "goal": [Goal],
    "deadline": [Standing],
}


def names(language: str, group: str) -> set[str]:
    """Give the names of one group of words of one language."""
    script = (STATIC / "words.js").read_text(encoding="utf-8")
    [part] = re.findall(rf"^  {language}: \{{$(.*?)^  \}},$", script, re.DOTALL | re.MULTILINE)
    [words] = re.findall(rf"^    {group}: \{{(.*?)\}},$", part, re.DOTALL | re.MULTILINE)
    without_texts = re.sub(r'"[^"]*"', '""', words)
    return set(re.findall(r"(\w+): \"\"", without_texts))


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("group", sorted(GROUPS))
def test_every_word_of_the_api_is_said(group: str, language: str) -> None:
    """A new reason needs words before it can be shown."""
    assert names(language, group) == {str(member) for words in GROUPS[group] for member in words}


@pytest.mark.parametrize("group", [*sorted(GROUPS), "source", "text"])
def test_both_languages_say_the_same_things(group: str) -> None:
    """Nothing is left in the other language."""
    assert names("vi", group) == names("en", group) != set()


def test_every_text_that_is_asked_for_is_there() -> None:
    """And none is left over."""
    scripts = "".join(
        file.read_text(encoding="utf-8") for file in STATIC.glob("*.js") if file.stem != "words"
    )
    asked = set(re.findall(r"\b(?:say|section|big)\(\s*\"(\w+)\"", scripts))
    assert asked <= names("vi", "text")
    unsaid = {name for name in names("vi", "text") if f'"{name}"' not in scripts}
    assert not unsaid

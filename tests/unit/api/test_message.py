"""What people are written: golden files in both languages, and laws that hold for any event."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_support import alert_event
from hypothesis import given
from hypothesis import strategies as st

from api import message
from api.letter import Content, Escalation, Events, Language, Notice, Trial
from detectors.events import AlertEvent, AlertKind, DecisionReason, EventName, Severity, Shares, encode_event

GOLDEN = Path(__file__).parents[2] / "golden" / "messages_v1.txt"
CONSOLE = "https://haidang.example"
DEADLINE = {
    "goal": "acknowledged",
    "number": 1,
    "due_at": "2026-11-24T03:15:00Z",
    "remaining_seconds": 300,
}
NOTICE = {
    "endpoint_id": "ep_1",
    "name": "Bàn trực <đêm>",
    "channel": "email",
    "reason": "failing",
    "at": "2026-11-24T03:00:00Z",
    "failing_since": "2026-11-19T03:00:00Z",
}


def told(*events: AlertEvent) -> Events:
    """Give events as a delivery carries them."""
    return Events(tuple(msgspec.json.decode(encode_event(event)) for event in events))


def contents() -> dict[str, Content]:
    """Give one of each kind of content."""
    critical = alert_event(severity=Severity.CRITICAL)
    group = (alert_event("a", kind=AlertKind.SURGE), alert_event("b", severity=Severity.CRITICAL))
    return {
        "critical": told(critical),
        "surge": told(alert_event(kind=AlertKind.SURGE, severity=Severity.INFO)),
        "closed": told(alert_event(revision=60, event=EventName.CLOSED)),
        "group": told(*group),
        "escalation": Escalation(told(critical).events[0], DEADLINE),
        "notice": Notice(NOTICE),
        "test": Trial("ep_1", "2026-11-24T03:00:00Z"),
    }


def rendered() -> str:
    """Give every content in both languages, one after the other."""
    return "\n".join(
        f"=== {name} ({language}) ===\n{message.compose(content, language, CONSOLE).text}\n"
        for name, content in contents().items()
        for language in Language
    )


def test_the_messages_are_the_golden_ones() -> None:
    """What officers read changes only in a visible diff."""
    assert rendered() == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", list(contents()))
def test_a_message_is_short(name: str, language: Language) -> None:
    """Ten seconds: a headline of at most 120 characters, at most seven lines of at most 240 below it."""
    said = message.compose(contents()[name], language, CONSOLE)
    lines = said.text.splitlines()
    assert 0 < len(said.headline) <= message.HEADLINE_CHARACTERS
    assert len(lines) <= 2 + 7
    assert max(map(len, lines)) <= 240


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(AlertKind))
@pytest.mark.parametrize("severity", list(Severity))
def test_an_alert_says_what_since_when_how_much_what_is_said_and_what_to_do(
    kind: AlertKind, severity: Severity, language: Language
) -> None:
    """Whatever its kind and severity."""
    said = message.compose(told(alert_event(kind=kind, severity=severity)), language)
    labels, texts = zip(*said.lines, strict=True)
    assert len(labels) == 5
    assert all(texts)
    assert "09:50 24/11/2026" in texts[1]
    assert "120" in texts[2]
    assert "thiếu thuốc" in texts[3]


@pytest.mark.parametrize(
    ("kind", "event", "said"),
    [
        (AlertKind.CRISIS, EventName.OPENED, "; 60 lượt tiêu cực, thường 13"),
        (AlertKind.CRISIS, EventName.CLOSED, "; tiêu cực 50%, thường 63%"),
        (AlertKind.SURGE, EventName.OPENED, "; tiêu cực 50%, thường 63%"),
    ],
)
def test_a_crisis_no_angrier_than_usual_says_how_many_are_negative(
    kind: AlertKind, event: EventName, said: str
) -> None:
    """While it lasts: more of the same anger is no calm."""
    found = msgspec.structs.replace(alert_event(kind=kind, event=event), negative=Shares(0.5, 0.63))
    more = dict(message.compose(told(found), Language.VI).lines)["So với thường lệ"]
    assert more.endswith(said)


@pytest.mark.parametrize("reason", [DecisionReason.COPIES, DecisionReason.FEW_VOICES])
def test_copied_text_is_not_told_as_public_anger(reason: DecisionReason) -> None:
    """Neither as what it is nor in what to do; nor are a handful of voices."""
    event = alert_event(kind=AlertKind.NEGATIVITY, severity=Severity.INFO)
    said = message.compose(told(msgspec.structs.replace(event, reason=reason)), Language.EN)
    lines = dict(said.lines)
    assert lines["What"].startswith(("Copied text, to watch", "Few voices, to watch"))
    assert lines["Do next"].endswith("not public opinion so far.")


def test_a_subject_is_one_printable_line() -> None:
    """A line break in a headline could add a header to a mail."""
    event = told(alert_event()).events[0]
    hostile = {"vi": "Y tế\r\nBcc: a@b.example\x00" + "ệ" * 300, "en": "x"}
    said = message.compose(Events(({**event, "headline": hostile},)), Language.VI)
    assert said.headline.isprintable()
    assert len(said.headline) == message.HEADLINE_CHARACTERS


def test_html_shows_what_comes_from_outside_as_text() -> None:
    """A phrase of the public is no markup."""
    event = {**told(alert_event()).events[0], "phrases": ["<script>alert(1)</script>"]}
    said = message.compose(Events((event,)), Language.EN)
    assert "<script>" not in said.html
    assert "&lt;script&gt;" in said.html


def test_a_group_shows_each_alert_once_the_most_severe_first() -> None:
    """By its latest event; more than ten are counted."""
    events = [alert_event(f"a{number}") for number in range(12)]
    events += [alert_event("a0", 2, EventName.RAISED, Severity.CRITICAL)]
    said = message.compose(told(*events), Language.EN)
    assert said.headline.startswith("12 alerts: ")
    assert said.lines[-2] == ("", "and 2 more alerts")
    assert said.lines[-1] == ("Do next", message.WORDS[Language.EN].todo_critical)


JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 7, -1.5, "x", "", ["x"], [1, "a"], {}, {"vi": 1}, {"vi": "a", "en": "b"}]
)


@given(st.dictionaries(st.sampled_from(message.Facts.__struct_fields__[8:]), JUNK))
def test_what_another_producer_left_out_or_wrote_otherwise_is_not_told(parts: dict[str, Any]) -> None:
    """The head of an event is enough for a message, and nothing else can prevent one."""
    event = told(alert_event()).events[0]
    head = {name: event[name] for name in message.Facts.__struct_fields__[:8]}
    for language in Language:
        assert message.compose(Events((head | parts,)), language).headline


def test_words_are_there_in_both_languages() -> None:
    """No text is empty, and the two differ."""
    vi, en = (message.WORDS[language] for language in Language)
    for name in vi.__dataclass_fields__:
        assert getattr(vi, name)
        assert getattr(vi, name) != getattr(en, name), name
    assert replace(vi, comma=".") != vi

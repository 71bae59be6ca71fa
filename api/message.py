"""What a person is written about an alert, in Vietnamese or English: pure.

A tired officer must understand it in ten seconds: a headline of at most 120 characters, then one line each
for what, since when, how much more than usual, what people say and what to do next. Texts of mentions are
never quoted beyond the event's own phrases, which are masked; nothing here says that a critic is wrong.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Annotated

import msgspec

from api.letter import Content, Escalation, Event, Events, Language, Notice
from api.wire import TopicRef
from api.wording import WORDS, Words
from detectors.events import AlertKind, DecisionReason, EventName, Name, Severity, Shares
from detectors.naming import called, is_no_angrier

HEADLINE_CHARACTERS = 120
GROUP_LINES = 10
PHRASES = 3
PHRASE_CHARACTERS = 60
TIMES_TOLD_FROM = 1.5
_WHOLE_NUMBERS = 10
_VIETNAM = timezone(timedelta(hours=7))


class Facts(msgspec.Struct, frozen=True):
    """What a message needs of an Alert event v1; what another producer left out is not told."""

    alert_id: str
    revision: int
    event: EventName
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    onset: Annotated[datetime, msgspec.Meta(tz=True)]
    topic: TopicRef
    kind: AlertKind
    severity: Severity
    headline: Name | None = None
    observed: int | None = None
    expected: float | None = None
    interval: tuple[float, float] | None = None
    negative: Shares | None = None
    phrases: tuple[str, ...] = ()
    reason: DecisionReason | None = None


@dataclass(frozen=True)
class Message:
    """A message to a person: ``lines`` are pairs of a label and what is said, either may be empty."""

    headline: str
    lines: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The message as plain text, the headline first."""
        return "\n".join([self.headline, "", *(_line(label, said) for label, said in self.lines)])

    @property
    def html(self) -> str:
        """The message as a small HTML document; everything from outside is escaped."""
        rows = "".join(
            f'<tr><th align="left" valign="top">{html.escape(label)}</th><td>{html.escape(said)}</td></tr>'
            for label, said in self.lines
        )
        title = html.escape(self.headline)
        return f'<!DOCTYPE html><meta charset="utf-8"><h2>{title}</h2><table cellpadding="4">{rows}</table>'


def _line(label: str, said: str) -> str:
    """Give one line of plain text."""
    return f"{label}: {said}" if label else said


def compose(content: Content, language: Language, console_url: str | None = None) -> Message:
    """Write what is to be told; ``console_url`` is the console's address, without a slash at the end."""
    words = WORDS[language]
    if isinstance(content, Events):
        facts = sorted(map(read, newest(content.events)), key=lambda one: -one.severity.rank)
        if len(facts) == 1:
            return _signed(_alert(facts[0], words), f"#{facts[0].alert_id}", words, console_url)
        return _signed(_group(facts, words), "", words, console_url)
    if isinstance(content, Escalation):
        return _escalation(content, words, console_url)
    if isinstance(content, Notice):
        return _notice(content.notice, words)
    return Message(words.trial, (("", words.trial_more),))


def read(event: Event) -> Facts:
    """Read an event; what a foreign producer wrote in another form is left out."""
    try:
        return msgspec.convert(event, Facts)
    except msgspec.ValidationError:
        required = Facts.__struct_fields__[: -len(Facts.__struct_defaults__)]
        return msgspec.convert({name: event[name] for name in required}, Facts)


def newest(events: Sequence[Event]) -> list[Event]:
    """Give the latest event of each alert."""
    ordered = sorted(events, key=lambda event: int(event["revision"]))
    return list({str(event["alert_id"]): event for event in ordered}.values())


def _clean(text: str, length: int) -> str:
    """Give a text on one line, without control characters, cut at a length."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def headline(facts: Facts, words: Words) -> str:
    """Give the headline of an event."""
    told = None if facts.headline is None else getattr(facts.headline, words.language)
    return _clean(told or f"{_name(facts, words)} – {_topic(facts, words)}", HEADLINE_CHARACTERS)


def _topic(facts: Facts, words: Words) -> str:
    """Give the name of the topic."""
    return str(getattr(facts.topic.names, words.language))


def _time(moment: datetime) -> str:
    """Give a time as officers read it: +07:00, day and month."""
    return moment.astimezone(_VIETNAM).strftime("%H:%M %d/%m/%Y")


def _alert(facts: Facts, words: Words) -> Message:
    """Write of one alert."""
    what = f"{_name(facts, words)}, {words.severities[facts.severity]} – {_topic(facts, words)}"
    lines = [(words.what, _clean(what, 2 * HEADLINE_CHARACTERS)), (words.since, _since(facts, words))]
    if (more := _more(facts, words)) is not None:
        lines.append((words.more, more))
    lines += [(words.said, _said(facts, words)), (words.todo, _todo(facts, words))]
    return Message(headline(facts, words), tuple(lines))


def _name(facts: Facts, words: Words) -> str:
    """Name what it is."""
    return str(getattr(called(facts.kind, facts.reason), words.language))


def _since(facts: Facts, words: Words) -> str:
    """Say since when, and until when if it is over."""
    since = _time(facts.onset)
    return words.until.format(since, _time(facts.at)) if facts.event is EventName.CLOSED else since


def _more(facts: Facts, words: Words) -> str | None:
    """Say how much more than usual; None when the event does not say."""
    if facts.observed is None or facts.expected is None:
        return None
    said = words.counts.format(facts.observed, _number(facts.expected, words))
    if facts.expected > 0 and facts.observed / facts.expected >= TIMES_TOLD_FROM:
        said = f"{words.times.format(_number(facts.observed / facts.expected, words))} – {said}"
    if facts.negative is not None:
        said += _negative(facts, facts.negative, facts.observed, facts.expected, words)
    return said


def _negative(facts: Facts, share: Shares, observed: int, expected: float, words: Words) -> str:
    """Say how negative; of a crisis no angrier than usual, how many are."""
    if is_no_angrier(facts.kind, facts.event, share.observed, share.expected):
        angry = round(share.observed * observed)
        return words.negatives.format(angry, _number(share.expected * expected, words))
    return words.shares.format(share.observed, share.expected)


def _number(value: float, words: Words) -> str:
    """Give a number as a person says it: one decimal below ten."""
    return (
        f"{value:.0f}"
        if value >= _WHOLE_NUMBERS or value == int(value)
        else f"{value:.1f}".replace(".", words.comma)
    )


def _said(facts: Facts, words: Words) -> str:
    """Say what people say."""
    phrases = [_clean(phrase, PHRASE_CHARACTERS) for phrase in facts.phrases[:PHRASES]]
    return ", ".join(f"“{phrase}”" for phrase in phrases if phrase) or words.nothing_said


def _todo(facts: Facts, words: Words) -> str:
    """Say what to do next."""
    if facts.event is EventName.CLOSED:
        return words.todo_closed
    if facts.severity is Severity.CRITICAL:
        return words.todo_critical
    usual = words.todo_kinds[facts.kind]
    return usual if facts.reason is None else words.todo_reasons.get(facts.reason, usual)


def _group(facts: Sequence[Facts], words: Words) -> Message:
    """Write of several alerts at once."""
    topics = dict.fromkeys(_topic(one, words) for one in facts)
    title = _clean(words.group.format(len(facts), "; ".join(topics)), HEADLINE_CHARACTERS)
    shown = [(_time(one.onset), headline(one, words)) for one in facts[:GROUP_LINES]]
    if len(facts) > GROUP_LINES:
        shown.append(("", words.further.format(len(facts) - GROUP_LINES)))
    return Message(title, (*shown, (words.todo, _todo(facts[0], words))))


def _escalation(content: Escalation, words: Words, console_url: str | None) -> Message:
    """Write that a deadline is about to pass."""
    facts, deadline = read(content.event), content.deadline
    left = int(deadline["remaining_seconds"]) // 60
    due = _time(datetime.fromisoformat(str(deadline["due_at"])))
    goal = words.goals[str(deadline["goal"])]
    time_left = words.left.format(left) if left >= 0 else words.overdue
    title = _clean(f"{words.escalated}: {goal}, {time_left} – {_topic(facts, words)}", HEADLINE_CHARACTERS)
    below = _alert(facts, words)
    lines = ((words.deadline, f"{due} – {goal}"), (words.what, below.headline), *below.lines[1:])
    return _signed(Message(title, lines), f"#{facts.alert_id}", words, console_url)


def _notice(notice: Event, words: Words) -> Message:
    """Write that an endpoint was disabled."""
    name = _clean(str(notice["name"] or notice["endpoint_id"]), PHRASE_CHARACTERS)
    since = _time(datetime.fromisoformat(str(notice["failing_since"])))
    lines = (
        (words.what, words.disabled_reasons[str(notice["reason"])]),
        (words.since, since),
        (words.todo, words.todo_disabled),
    )
    return Message(_clean(words.disabled.format(name), HEADLINE_CHARACTERS), lines)


def _signed(message: Message, place: str, words: Words, console_url: str | None) -> Message:
    """Add where in the console to look."""
    if console_url is None:
        return message
    return Message(message.headline, (*message.lines, (words.look, f"{console_url}/{place}")))

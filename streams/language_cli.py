"""What ``haidang match`` and ``haidang polarity`` do with their lines.

Lines come in and go out as JSON Lines. The first bad line stops the work with one message that names the
line, the problem and the fix; what was written before it stays.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

from detectors.polarity import Label
from streams.catalogue import Catalogue, CatalogueError, default_catalogue_text
from streams.catalogue_check import catalogue_problems
from streams.understanding import Understanding, bundled_polarity, polarity_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detectors.polarity import PolarityModel

__all__ = ["LineError", "check_catalogue", "match_lines", "polarity_lines"]

_DIGITS = 4


class LineError(ValueError):
    """A line that cannot be used; the message names the line, the problem and the fix."""


def match_lines(
    lines: Iterable[str], out: TextIO, catalogue_text: str | None, *, passages: bool = False
) -> int:
    """Write which topics each line's text names.

    Parameters
    ----------
    lines
        JSON Lines of ``{id, text, title?}``; empty lines are skipped, other fields ignored.
    out
        Gets ``{id, topics}`` for each, in the same order.
    catalogue_text
        TOML of the catalogue, or None for the bundled one.
    passages
        Whether to write ``passages`` too: ``{topic, field, start, end, text}`` for each, offsets in
        characters of the field as it came in.

    Returns
    -------
    int
        Exit status: 0, or 1 after one line on standard error.

    """
    try:
        text = default_catalogue_text() if catalogue_text is None else catalogue_text
        catalogue = Catalogue.parse(text, "catalogue")
        understanding = Understanding(catalogue)
        for number, record in _records(lines, "input"):
            said = _title_and_text(number, record, "input")
            matched: dict[str, Any] = {"id": record["id"], "topics": list(understanding.topics(*said))}
            if passages:
                matched["passages"] = list(_passages(understanding, *said))
            _write(out, matched)
    except (CatalogueError, LineError) as error:
        return _failed(error)
    return 0


def _passages(understanding: Understanding, title: str, text: str) -> Iterator[dict[str, Any]]:
    """Yield where which topic is named, with the words that name it."""
    fields = {"title": title, "text": text}
    for passage in understanding.passages(title, text):
        yield passage._asdict() | {"text": fields[passage.field][passage.start : passage.end]}


def check_catalogue(text: str, origin: str, out: TextIO) -> int:
    """Write what is wrong with a catalogue, a line each, or its size; return the exit status."""
    problems = catalogue_problems(text, origin)
    out.writelines(f"{problem}\n" for problem in problems)
    if not problems:
        catalogue = Catalogue.parse(text, origin)
        count = sum(len(topic.aliases) + len(topic.ambiguous) for topic in catalogue.topics)
        out.write(f"{origin}: good: {len(catalogue.topics)} topics, {count} aliases\n")
    return 1 if problems else 0


def polarity_lines(
    lines: Iterable[str], out: TextIO, learn: Iterable[str] | None, corrections: Iterable[str] | None
) -> int:
    """Write how each line's text speaks, as probabilities.

    Parameters
    ----------
    lines
        JSON Lines of ``{id, text, title?}``; empty lines are skipped, other fields ignored.
    out
        Gets ``{id, negative, positive}`` for each, in the same order.
    learn
        JSON Lines of unlabelled mentions (or arrays of them) to learn from first, or None.
    corrections
        JSON Lines of ``{text, label}`` to learn from next, labels ``negative``, ``neutral``, ``positive``,
        or None.

    Returns
    -------
    int
        Exit status: 0, or 1 after one line on standard error.

    """
    model = bundled_polarity()
    try:
        _learn(model, learn or ())
        _correct(model, corrections or ())
        for number, record in _records(lines, "input"):
            found = model.judge(polarity_words(*_title_and_text(number, record, "input")))
            shares = {"negative": round(found.negative, _DIGITS), "positive": round(found.positive, _DIGITS)}
            _write(out, {"id": record["id"], **shares})
    except LineError as error:
        return _failed(error)
    return 0


def _learn(model: PolarityModel, lines: Iterable[str]) -> None:
    """Learn from the headline of each mention, from its text where it has none."""
    for number, mention in _objects(lines, "learn"):
        title, text = (_string(number, mention, key, "learn") for key in ("title", "text"))
        if not title and not text:
            raise LineError(f'learn line {number}: neither "title" nor "text": give one of them')
        model.learn(polarity_words("", title or text))


def _correct(model: PolarityModel, lines: Iterable[str]) -> None:
    """Learn from each labelled text, in order."""
    for number, record in _objects(lines, "corrections"):
        text = _string(number, record, "text", "corrections")
        label = _string(number, record, "label", "corrections")
        if not text:
            raise LineError(f'corrections line {number}: "text" is missing or empty: give the text')
        if label not in set(Label):
            raise LineError(
                f'corrections line {number}: "label" is none of {", ".join(Label)}: use one of these'
            )
        model.correct(polarity_words("", text), Label(label))


def _records(lines: Iterable[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line number and record of lines that must have an ``id``."""
    for number, record in _objects(lines, name):
        if not isinstance(record.get("id"), str | int) or isinstance(record["id"], bool):
            raise LineError(f'{name} line {number}: "id" is missing or no string: give each text an id')
        yield number, record


def _objects(lines: Iterable[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line number and object of each line that is not empty; an array counts as its members."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            value = _parsed(line, f"{name} line {number}")
            for one in value if isinstance(value, list) else [value]:
                if not isinstance(one, dict):
                    raise LineError(f"{name} line {number}: not a JSON object: write one {{…}} a line")
                yield number, one


def _parsed(line: str, place: str) -> object:
    """Return the JSON value of a line."""
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a value is too deep or too long"
        raise LineError(f"{place}: not JSON ({reason}): write one JSON object a line") from error
    return value


def _title_and_text(number: int, record: dict[str, Any], name: str) -> tuple[str, str]:
    """Return the title, empty if there is none, and the text, which must be there."""
    if "text" not in record:
        raise LineError(f'{name} line {number}: "text" is missing: write {{"id": …, "text": …}}')
    return _string(number, record, "title", name), _string(number, record, "text", name)


def _string(number: int, record: dict[str, Any], key: str, name: str) -> str:
    """Return a field that is a string, empty if it is absent or null."""
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise LineError(f'{name} line {number}: "{key}" is not a string: put it in quotes')
    return value


def _write(out: TextIO, record: dict[str, Any]) -> None:
    """Write one record; escaped, so that no id can break the encoding."""
    out.write(json.dumps(record) + "\n")


def _failed(error: Exception) -> int:
    """Print the one line of a failure."""
    sys.stderr.write(f"haidang: {error}\n")
    return 1

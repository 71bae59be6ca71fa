"""Everything that is wrong with a catalogue at once, for the person who edits it (pure)."""

from __future__ import annotations

import tomllib
import unicodedata
from typing import TYPE_CHECKING

from streams.catalogue import Catalogue, CatalogueError
from streams.matching import is_syllable
from streams.text import fold, normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["catalogue_problems"]

_LISTS = ("aliases", "ambiguous", "context", "exclusions")


def catalogue_problems(toml_text: str, origin: str) -> list[str]:
    """Return what is wrong with a catalogue, a line each: file, place, problem; fix. Empty if nothing is.

    Parameters
    ----------
    toml_text
        Content of the file.
    origin
        Its name, for the messages.

    Notes
    -----
    A service refuses a catalogue for what `Catalogue.parse` raises, of which the first is given here. What is
    added works, but not as its author thinks: expressions that are not NFC, aliases that an exclusion always
    covers, one-syllable aliases that are ordinary words without their diacritics.

    """
    found: list[str] = []
    try:
        Catalogue.parse(toml_text, origin)
    except CatalogueError as error:
        found.append(str(error))
    try:
        tables = tomllib.loads(toml_text).get("topic")
    except tomllib.TOMLDecodeError:
        return found
    lines = toml_text.splitlines()
    for table in tables if isinstance(tables, list) else []:
        if isinstance(table, dict):
            found += (f"{origin}: {advice}" for advice in _advice(table, lines))
    return found


def _advice(table: dict[str, object], lines: list[str]) -> Iterator[str]:
    """Yield place, problem and fix of one topic's expressions."""
    lists = {key: _strings(table.get(key)) for key in _LISTS}
    covered = {normalise(one) for one in lists["exclusions"]}
    for key, values in lists.items():
        for value in values:
            place = f'topic "{table.get("id")}"{_line(value, lines)}'
            if unicodedata.normalize("NFC", value) != value:
                yield f'{place}: "{value}" in {key} is not NFC; type it again or convert the file to NFC'
            if key in {"aliases", "ambiguous"} and normalise(value) in covered:
                yield f'{place}: "{value}" is an exclusion of its own topic and never counts; remove one'
            if key == "aliases" and _is_word(value):
                yield f'{place}: "{value}" is ambiguous, a word; move it to ambiguous and add context'


def _strings(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _is_word(alias: str) -> bool:
    """Return whether an alias is one Vietnamese syllable, not an abbreviation in capitals."""
    return " " not in alias and not alias.isupper() and is_syllable(fold(normalise(alias)))


def _line(value: str, lines: list[str]) -> str:
    """Return where a string stands in the file, if it stands there as it is."""
    return next((f" (line {number})" for number, line in enumerate(lines, 1) if f'"{value}"' in line), "")

"""The catalogue: which topics are watched and under which names people speak of them (pure).

A catalogue is one TOML file, because officers edit it by hand: comments, one topic a paragraph, and a parser
in the standard library. Every mistake is one `CatalogueError` that names the topic or line, the problem and
the fix.
"""

from __future__ import annotations

import re
import tomllib
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from streams.text import canonical, normalise, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Catalogue", "CatalogueError", "Name", "Topic", "default_catalogue_text"]

SCHEMA = "haidang.catalogue.v1"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*topic[ \t]*\]\]", re.MULTILINE)
_LINE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_KEYS = frozenset({"id", "name", "aliases", "ambiguous", "context", "exclusions", "parent", "home_only"})
_LONGEST_ALIAS = 120
_SHORTEST_ALIAS = 2


class CatalogueError(ValueError):
    """A catalogue that cannot be used.

    Parameters
    ----------
    origin
        Where the catalogue came from, a file name mostly.
    place
        The topic or the line, e.g. ``topic "bo-y-te" (line 12)``.
    problem
        What is wrong there.
    fix
        What to do about it.

    """

    def __init__(self, origin: str, place: str, problem: str, fix: str) -> None:
        super().__init__(f"{origin}: {place}: {problem}; {fix}")
        self.origin = origin
        self.place = place
        self.problem = problem
        self.fix = fix


class Name(msgspec.Struct, frozen=True):
    """A topic's name as shown to officers, in Vietnamese and in English."""

    vi: str
    en: str


class Topic(msgspec.Struct, frozen=True):
    """A watched issue, agency or policy.

    Attributes
    ----------
    id
        Stable identifier: lower-case letters, digits, "-" and "_".
    name
        Names for people; they do not match by themselves.
    aliases
        How texts call it, in canonical form; a text that contains one belongs to the topic.
    parent
        Id of the wider topic, for display only: a mention counts for the topics it names, not their parents.
    exclusions
        Longer expressions inside which an alias means something else and is not counted.
    ambiguous
        Aliases that count only in a text that also has one of `context`.
    context
        Words that make an ambiguous alias clear; they name nothing by themselves.
    home_only
        Whether a mention does not count whose title places it abroad while neither title nor lead speaks of
        Vietnam: an issue of policy at home, which the same words name elsewhere too.

    """

    id: str
    name: Name
    aliases: tuple[str, ...]
    parent: str | None = None
    exclusions: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    home_only: bool = False


class Catalogue(msgspec.Struct, frozen=True):
    """All watched topics, in the order of the file.

    Attributes
    ----------
    topics
        At least one topic, ids and aliases unique.
    ids
        The ids of the topics.
    digest
        Twelve hexadecimal digits that change when the content does, whatever the order of the topics.

    """

    topics: tuple[Topic, ...]
    ids: frozenset[str]
    digest: str

    @classmethod
    def of(cls, topics: Iterable[Topic]) -> Catalogue:
        """Return the catalogue of topics that are known to be consistent."""
        kept = tuple(topics)
        content = msgspec.json.encode(sorted(kept, key=lambda topic: topic.id))
        return cls(kept, frozenset(topic.id for topic in kept), sha256(content).hexdigest()[:12])

    def with_topics_below(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Return the topics of some ids and all topics below them, sorted; an unknown id is left as it is."""
        found = set(ids)
        while more := {one.id for one in self.topics if one.parent in found} - found:
            found |= more
        return tuple(sorted(found))

    @classmethod
    def parse(cls, toml_text: str, origin: str) -> Catalogue:
        """Return the catalogue written in `toml_text`.

        Parameters
        ----------
        toml_text
            Content of a TOML file: ``schema`` and one ``[[topic]]`` table per topic.
        origin
            Name of the file, for messages.

        Raises
        ------
        CatalogueError
            Names the topic or line, the problem and the fix.

        """
        document = _document(toml_text, origin)
        lines = [toml_text.count("\n", 0, found.start()) + 1 for found in _HEADER.finditer(toml_text)]
        topics = [
            _Table(table, origin, _place(table, index, lines)).topic()
            for index, table in enumerate(document["topic"])
        ]
        for place, problem, fix in _conflicts(topics):
            raise CatalogueError(origin, place, problem, fix)
        return cls.of(topics)


def default_catalogue_text() -> str:
    """Return the bundled catalogue of Vietnamese ministries and policy issues, as TOML."""
    return files("streams").joinpath("catalogue_vn.toml").read_text(encoding="utf-8")


def _document(toml_text: str, origin: str) -> dict[str, Any]:
    """Return the parsed file, checked at its outermost level."""
    try:
        document = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        line = _LINE.search(str(error))
        place = f"line {line.group(1)}" if line and line.group(1) else "end of file"
        problem = "not valid TOML: " + _LINE.sub("", str(error)).strip()
        raise CatalogueError(origin, place, problem, "correct the syntax there") from error
    if document.get("schema") != SCHEMA:
        raise CatalogueError(origin, "line 1", "no known schema", f'begin the file with schema = "{SCHEMA}"')
    for key in document.keys() - {"schema", "topic"}:
        raise CatalogueError(origin, f'key "{key}"', "unknown key", "use only schema and [[topic]]")
    tables = document.get("topic")
    if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
        raise CatalogueError(origin, "file", "no topics", "add at least one [[topic]] table")
    return document


def _place(table: dict[str, Any], index: int, lines: list[int]) -> str:
    """Return how a message refers to the topic at `index`."""
    line = f" (line {lines[index]})" if index < len(lines) else ""
    return f'topic "{table["id"]}"{line}' if isinstance(table.get("id"), str) else f"topic {index + 1}{line}"


class _Table:
    """One ``[[topic]]`` table while it is read."""

    def __init__(self, table: dict[str, Any], origin: str, place: str) -> None:
        self.table = table
        self.origin = origin
        self.place = place

    def topic(self) -> Topic:
        """Return the topic of the table."""
        for key in sorted(self.table.keys() - _KEYS):
            raise self._error(f'unknown key "{key}"', "use " + ", ".join(sorted(_KEYS)))
        parent = self.table.get("parent")
        if parent is not None and not isinstance(parent, str):
            raise self._error("parent is not a string", "name another topic's id or leave it out")
        home_only = self.table.get("home_only", False)
        if not isinstance(home_only, bool):
            raise self._error("home_only is not true or false", "write home_only = true or leave it out")
        aliases, ambiguous = self._expressions("aliases"), self._expressions("ambiguous")
        exclusions, context = self._expressions("exclusions"), self._expressions("context")
        if not aliases and not ambiguous:
            raise self._error("no aliases", 'add aliases = ["…"], at least one')
        if ambiguous and not context:
            raise self._error(
                "ambiguous aliases without context", 'add context = ["…"], words beside which they count'
            )
        return Topic(self._id(), self._name(), aliases, parent, exclusions, ambiguous, context, home_only)

    def _id(self) -> str:
        value = self.table.get("id")
        if not isinstance(value, str) or _ID.fullmatch(value) is None:
            raise self._error(
                "id is missing or not allowed",
                'use 1 to 63 of a-z, 0-9, "-", "_", beginning with a letter or digit',
            )
        return value

    def _name(self) -> Name:
        value = self.table.get("name")
        names = value if isinstance(value, dict) else {}
        vi, en = (names.get(language) for language in ("vi", "en"))
        if names.keys() != {"vi", "en"} or not isinstance(vi, str) or not isinstance(en, str):
            raise self._error("name is incomplete", 'write name = { vi = "…", en = "…" }')
        if not vi.strip() or not en.strip():
            raise self._error("a name is empty", "give a Vietnamese and an English name")
        return Name(readable(vi), readable(en))

    def _expressions(self, key: str) -> tuple[str, ...]:
        values = self.table.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self._error(f"{key} is not a list of strings", f'write {key} = ["…", "…"]')
        return tuple(self._expression(key, value) for value in values)

    def _expression(self, key: str, value: str) -> str:
        kept = canonical(value)
        letters = sum(character.isalnum() for character in kept)
        if letters < _SHORTEST_ALIAS:
            raise self._error(f'"{value}" in {key} is too short', "use at least two letters or digits")
        if len(kept) > _LONGEST_ALIAS:
            raise self._error(f"an entry of {key} is too long", f"keep to {_LONGEST_ALIAS} characters")
        return kept

    def _error(self, problem: str, fix: str) -> CatalogueError:
        return CatalogueError(self.origin, self.place, problem, fix)


def _conflicts(topics: list[Topic]) -> Iterator[tuple[str, str, str]]:
    """Yield place, problem and fix of what single topics cannot show."""
    yield from _repeated_ids(topics)
    yield from _bad_parents(topics)
    yield from _repeated_aliases(topics)


def _repeated_ids(topics: list[Topic]) -> Iterator[tuple[str, str, str]]:
    seen: set[str] = set()
    for topic in topics:
        if topic.id in seen:
            yield f'topic "{topic.id}"', "the id is used twice", "rename one of the two topics"
        seen.add(topic.id)


def _bad_parents(topics: list[Topic]) -> Iterator[tuple[str, str, str]]:
    parents = {topic.id: topic.parent for topic in topics}
    for topic in topics:
        place = f'topic "{topic.id}"'
        if topic.parent is not None and topic.parent not in parents:
            yield place, f'unknown parent "{topic.parent}"', "add that topic or correct the id"
            return
        line, above = {topic.id}, topic.parent
        while above is not None and above in parents:
            if above in line:
                yield place, "it is its own ancestor", "remove one parent of the circle"
                return
            line.add(above)
            above = parents[above]


def _repeated_aliases(topics: list[Topic]) -> Iterator[tuple[str, str, str]]:
    owners: dict[str, str] = {}
    for topic in topics:
        for alias in (*topic.aliases, *topic.ambiguous):
            other = owners.setdefault(normalise(alias), topic.id)
            if other != topic.id:
                problem = f'"{alias}" also belongs to topic "{other}"'
                yield f'topic "{topic.id}"', problem, "keep it in one of them"
        spellings = [normalise(alias) for alias in (*topic.aliases, *topic.ambiguous, *topic.exclusions)]
        if len(set(spellings)) < len(spellings):
            twice = max(spellings, key=spellings.count)
            yield f'topic "{topic.id}"', f'"{twice}" is listed twice', "remove one of the two"

"""Checking a catalogue names every problem with its place and fix."""

import io
import unicodedata

import pytest

from streams.catalogue import default_catalogue_text
from streams.catalogue_check import catalogue_problems
from streams.language_cli import check_catalogue

HEAD = 'schema = "haidang.catalogue.v1"\n'
NAME = 'name = { vi = "A", en = "A" }\n'


def _topic(rest: str, name: str = "a") -> str:
    return f'[[topic]]\nid = "{name}"\n{NAME}{rest}\n'


FAULTS = {
    "invalid": (HEAD + "[[topic]\n", ("line 2", "not valid TOML", "correct the syntax")),
    "duplicate alias": (
        HEAD + _topic('aliases = ["giá điện"]') + _topic('aliases = ["giá điện"]', "b"),
        ('topic "b"', 'also belongs to topic "a"', "keep it in one"),
    ),
    "ambiguous without context": (
        HEAD + _topic('ambiguous = ["sởi"]'),
        ('topic "a" (line 2)', "ambiguous aliases without context", "add context"),
    ),
    "ambiguous word as alias": (
        HEAD + _topic('aliases = ["sởi"]'),
        ('topic "a" (line 5)', "ambiguous", "move it to ambiguous and add context"),
    ),
    "not NFC": (
        HEAD + _topic(f'aliases = ["{unicodedata.normalize("NFD", "giá điện")}"]'),
        ("(line 5)", "not NFC", "convert the file"),
    ),
    "unknown parent": (
        HEAD + _topic('parent = "nobody"\naliases = ["giá điện"]'),
        ('topic "a"', 'unknown parent "nobody"', "add that topic or correct the id"),
    ),
    "excluded alias": (
        HEAD + _topic('aliases = ["giá điện", "tiền điện"]\nexclusions = ["Tiền điện"]'),
        ("(line 5)", "is an exclusion of its own topic", "remove one"),
    ),
    "topics no tables": (HEAD + "topic = 3\n", ("file", "no topics", "add at least one")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_with_place_and_fix(fault: str) -> None:
    """One line a problem, beginning with the file."""
    text, parts = FAULTS[fault]
    problems = catalogue_problems(text, "mine.toml")
    assert problems
    assert all(problem.startswith("mine.toml: ") and "\n" not in problem for problem in problems)
    assert any(all(part in problem for part in parts) for problem in problems), problems


def test_a_good_catalogue_is_counted() -> None:
    """Status 0 and one line; a bad one gives status 1 and its problems."""
    out = io.StringIO()
    assert check_catalogue(default_catalogue_text(), "catalogue_vn.toml", out) == 0
    assert "good: 115 topics" in out.getvalue()
    assert check_catalogue(FAULTS["not NFC"][0], "mine.toml", out) == 1
    assert "not NFC" in out.getvalue()

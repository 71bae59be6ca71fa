"""Kinds of fields: what each refuses, and that it says so."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from api import cursor
from api.errors import ProblemError
from api.fields import NUMBER, Moment, Text


@pytest.mark.parametrize("value", ["2026-11-24T10:00:00+07:00", "1970-01-01T00:00:00Z", "2999-12-31T23:59Z"])
def test_a_moment_is_rfc_3339_with_an_offset(value: str) -> None:
    """Between 1970 and 2999."""
    assert TypeAdapter(Moment).validate_python(value).tzinfo is not None


@pytest.mark.parametrize(
    "value",
    [0, 0.5, "0.5", "2026-11-24", "2026-11-24T10:00:00", "1969-12-31T23:59Z", "3000-01-01T00:00Z"],
)
def test_a_number_a_date_or_a_far_year_is_no_moment(value: object) -> None:
    """Numbers would be read as seconds; far years leave the arithmetic."""
    with pytest.raises(ValidationError):
        TypeAdapter(Moment).validate_python(value)


def test_no_text_holds_nul() -> None:
    """PostgreSQL cannot keep it."""
    with pytest.raises(ValidationError, match="NUL"):
        TypeAdapter(Text).validate_python("a\0b")


@pytest.mark.parametrize("value", [True, "1", 1.5, None])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    """Truth values and texts too."""
    with pytest.raises(ValidationError):
        TypeAdapter(Annotated[int, NUMBER]).validate_python(value)


def test_one_point_nought_is_one() -> None:
    """JSON has one kind of number."""
    assert TypeAdapter(Annotated[int, NUMBER]).validate_python(1.0) == 1


@pytest.mark.parametrize("place", [(10**30,), (-(2**63),), ("a\0",)])
def test_a_cursor_holds_only_what_every_database_does(place: tuple[int | str, ...]) -> None:
    """A made-up one is refused by name, not by the database."""
    with pytest.raises(ProblemError) as refused:
        cursor.decode(cursor.encode(place), type(place[0]))
    assert refused.value.errors[0].field == "cursor"

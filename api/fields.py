"""Kinds of fields that parameters and bodies share: pure.

They refuse what another part could not hold: NUL (PostgreSQL), times that are numbers, years without end.
"""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(3000, 1, 1, tzinfo=UTC)


def is_rfc3339(value: object) -> object:
    """Refuse numbers as times: RFC 3339 is text."""
    if not isinstance(value, str | datetime) or (isinstance(value, str) and "T" not in value.upper()):
        raise ValueError("must be an RFC 3339 time with offset, such as 2026-11-24T10:00:00+07:00")
    return value


def has_no_nul(value: object) -> object:
    """Refuse NUL, which other programs and databases cannot hold."""
    if isinstance(value, str) and "\0" in value:
        raise ValueError("must not contain NUL")
    return value


def is_number(value: object) -> object:
    """Refuse texts and truth values as numbers; 1.0 is the whole number 1 (JSON Schema)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic reports ValueError only
    return value


def _is_in_range(value: datetime) -> datetime:
    """Refuse years that arithmetic on times would leave."""
    if not EARLIEST <= value < LATEST:
        raise ValueError("must be between 1970 and 2999")
    return value


NUMBER = BeforeValidator(is_number)
"""Stands after a number's bounds, or they would be missing in the OpenAPI document."""

MAX_REVISION = 2**31 - 1
Revision = Annotated[int, Field(ge=1, le=MAX_REVISION), NUMBER]
Text = Annotated[str, BeforeValidator(has_no_nul)]
Time = Annotated[AwareDatetime, BeforeValidator(is_rfc3339)]
Moment = Annotated[Time, AfterValidator(_is_in_range)]
Id = Annotated[Text, Field(min_length=1, max_length=200)]
Comment = Annotated[Text, Field(max_length=2000)]
Cursor = Annotated[Text, Field(max_length=500, description="`next` of the page before")]

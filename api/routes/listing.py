"""What the routes of all lists that are ordered by an id share."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TypeVar

from pydantic import BaseModel, Field
from sqlalchemy import Connection, Table

from api import cursor
from api.errors import ProblemError
from api.fields import Cursor
from api.query import StrictQuery
from api.schemas import Page
from api.store import listing
from api.store.listing import AnyRow

Shape = TypeVar("Shape", bound=BaseModel)


class PageQuery(StrictQuery):
    """Which page of a list."""

    limit: int = Field(100, ge=1, le=500)
    cursor: Cursor | None = None

    @property
    def after(self) -> str:
        """The id after which the page begins."""
        return "" if self.cursor is None else str(cursor.decode(self.cursor, str)[0])


def found(connection: Connection, table: Table, row_id: str, name: str) -> AnyRow:
    """Find the row with an id; raises a 404 problem that calls it by ``name``."""
    row = listing.find(connection, table, row_id)
    if row is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"there is no {name} with this id")
    return row


def page(rows: Sequence[AnyRow], limit: int, shape: Callable[[AnyRow], Shape]) -> Page[Shape]:
    """Give a page of at most ``limit`` rows; one row more says that another page follows."""
    shown = [shape(row) for row in rows[:limit]]
    place = cursor.encode((str(rows[limit - 1][0]),)) if len(rows) > limit else None
    return Page(items=shown, next=place)

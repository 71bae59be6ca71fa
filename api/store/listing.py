"""What all lists that are ordered by an id share: one row by its id, and a page of them."""

from collections.abc import Sequence

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, select

AnyRow = Row[tuple[object, ...]]


def find(connection: Connection, table: Table, row_id: str) -> AnyRow | None:
    """Find the row with an id; None when there is none."""
    return connection.execute(select(table).where(_id(table) == row_id)).first()


def page(
    connection: Connection, table: Table, after: str, limit: int, *conditions: ColumnElement[bool]
) -> Sequence[AnyRow]:
    """List rows by id, from after ``after`` on, that satisfy all conditions."""
    query = select(table).where(_id(table) > after, *conditions)
    return connection.execute(query.order_by(_id(table)).limit(limit)).all()


def _id(table: Table) -> Column[object]:
    """Give the one column of a table's primary key."""
    [column] = table.primary_key.columns
    return column

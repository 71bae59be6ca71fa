"""Places: how far each log was read, and how far the store's own rounds have come."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from api.store import tables as t
from api.store.upsert import insert_into


def next_offsets(connection: Connection, topic: str) -> dict[int, int]:
    """Give, per partition of a topic, the offset to read next."""
    rows = connection.execute(
        select(t.consumed.c.partition, t.consumed.c.next_offset).where(t.consumed.c.topic == topic)
    )
    return {row.partition: row.next_offset for row in rows}


def store_places(connection: Connection, places: Mapping[tuple[str, int], int]) -> None:
    """Keep, per topic and partition, the place to go on from."""
    if not places:
        return
    statement = insert_into(connection, t.consumed)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["topic", "partition"], set_={"next_offset": statement.excluded.next_offset}
        ),
        [
            {"topic": topic, "partition": part, "next_offset": place}
            for (topic, part), place in places.items()
        ],
    )

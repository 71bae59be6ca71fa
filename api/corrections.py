"""Corrections of polarity for Kafka ``corrections``, where mentions are judged by them.

What is kept of the text is its gist: hashes, no words. What takes a correction back, or an erasure, replaces
it under the same key, so that Kafka's compaction drops it as well.
"""

import msgspec
from sqlalchemy import Connection

from api.clock import rfc3339
from api.publisher import Message, Outgoing
from api.store import corrections
from api.store.listing import AnyRow
from api.store.turns import Duty

CORRECTIONS = "corrections"
SCHEMA = "haidang.correction.v1"
BATCH_ROWS = 100


def message(row: AnyRow) -> Message:
    """Give key (id) and value of one correction, as correction v1; taken back, without label and gist."""
    is_given = row.taken_back_ms is None
    value = {
        "schema": SCHEMA,
        "id": row.correction_id,
        "revision": row.revision,
        "number": row.number,
        "label": row.label if is_given else None,
        "gist": msgspec.Raw(row.gist.encode()) if is_given else None,
        "alert_id": row.alert_id,
        "topic": row.topic_id,
        "mention": row.mention,
        "at": rfc3339(row.given_ms if is_given else row.taken_back_ms),
        "by": row.given_by if is_given else row.taken_back_by,
    }
    return row.correction_id.encode(), msgspec.json.encode(value)


def unpublished(connection: Connection) -> tuple[list[Message], dict[str, int]]:
    """Give the next corrections and the revision of each."""
    rows = corrections.unpublished(connection, BATCH_ROWS)
    return [message(row) for row in rows], {row.correction_id: row.revision for row in rows}


SAID = Outgoing(CORRECTIONS, Duty.CORRECTIONS, unpublished, corrections.published)

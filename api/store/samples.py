"""Samples of mentions: people's words, kept for a while with the alerts that they explain; erased on request.

What was erased stays away: an erasure is remembered, and a later event of the worker loses the sample before
it is stored.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, false, select, true, update

from api.store import audit, corrections
from api.store import tables as t
from api.store.upsert import insert_into
from detectors.events import mention_key

WHOLE_SOURCE = ""
COMMAND_LINE = "command line"
_BATCH_LINES = 500
_line = t.alert_events.c
Chosen = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True)
class Erasure:
    """What is to be erased: a mention, by its id or by its link, or without either all of a source."""

    source: str
    mention: str | None = None

    @property
    def digests(self) -> frozenset[str]:
        """What is remembered: of a mention, digests of what was named, as an id and as a link."""
        if self.mention is None:
            return frozenset({WHOLE_SOURCE})
        return frozenset({digest(f"{mention_key(self.source, self.mention):016x}"), digest(self.mention)})


def digest(name: str) -> str:
    """Digest what a mention is known by: its link, or the 16 digits that a sample has of its id."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def erase(connection: Connection, erasure: Erasure, now_ms: int) -> int:
    """Erase samples from every alert and event, and remember that; gives how many events had one."""
    digests = [(erasure.source, digest) for digest in sorted(erasure.digests)]
    rows = [{"source": source, "mention_sha256": digest, "at_ms": now_ms} for source, digest in digests]
    connection.execute(insert_into(connection, t.erasures).on_conflict_do_nothing(), rows)
    what = "source_erase" if erasure.mention is None else "mention_erase"
    audit.note(connection, COMMAND_LINE, what, erasure.source, now_ms)
    erased = _erased(set(digests))
    _strip_answers(connection, erased)
    _take_back(connection, erasure, now_ms)
    return sum(_strip(connection, seq, body, erased) for seq, body in _lines_with_samples(connection))


def _take_back(connection: Connection, erasure: Erasure, now_ms: int) -> None:
    """Take back what was learned from what is erased: nothing of it is kept, not even hashes of its words."""
    for row in corrections.in_force(connection):
        names = {WHOLE_SOURCE, digest(row.mention), row.url_sha256}
        if row.source == erasure.source and names & erasure.digests:
            corrections.take_back(connection, row, COMMAND_LINE, now_ms)


def _lines_with_samples(connection: Connection) -> Iterator[tuple[int, str]]:
    """Give place and body of each journal line that still has samples."""
    after = 0
    while True:
        with_samples = and_(_line.has_samples == true(), _line.seq > after)
        query = select(_line.seq, _line.body).where(with_samples).order_by(_line.seq).limit(_BATCH_LINES)
        rows = connection.execute(query).all()
        if not rows:
            return
        for row in rows:
            yield row.seq, row.body
        after = rows[-1].seq


def strip_old(connection: Connection, before_ms: int, limit: int) -> int:
    """Take the samples out of at most ``limit`` events that were decided before; gives how many."""
    old = and_(_line.has_samples == true(), _line.decided_ms < before_ms)
    query = select(_line.seq, _line.body).where(old).order_by(_line.decided_ms).limit(limit)
    rows = connection.execute(query).all()
    for row in rows:
        _strip(connection, row.seq, row.body, lambda _: True)
    if rows:
        seqs = [row.seq for row in rows]
        connection.execute(update(t.alert_events).where(_line.seq.in_(seqs)).values(has_samples=false()))
    return len(rows)


def _strip(connection: Connection, seq: int, body: str, chosen: Chosen) -> bool:
    """Take samples out of a journal line and of the alert that shows it; gives whether there were any."""
    stripped = without(body, chosen)
    if stripped == body:
        return False
    connection.execute(update(t.alert_events).where(_line.seq == seq).values(body=stripped))
    alert = t.alerts.c
    shown = select(_line.alert_id).where(
        _line.seq == seq, _line.alert_id == alert.alert_id, _line.revision == alert.revision
    )
    connection.execute(update(t.alerts).where(shown.exists()).values(body=stripped))
    return True


def _strip_answers(connection: Connection, chosen: Chosen) -> None:
    """Take samples out of the answers that are kept for repeated requests."""
    row = t.requests.c
    for name, body in connection.execute(select(row.name, row.body).where(row.body.contains('"samples"'))):
        stripped = without(body, chosen)
        connection.execute(update(t.requests).where(row.name == name).values(body=stripped))


def without(body: str, chosen: Chosen) -> str:
    """Give an event or alert (JSON) without the chosen samples; the same text if it has none of them."""
    event = msgspec.json.decode(body)
    samples = event.get("samples") if isinstance(event, dict) else None
    if not isinstance(samples, list):
        return body
    left = [sample for sample in samples if not (isinstance(sample, dict) and chosen(sample))]
    if len(left) == len(samples):
        return body
    return msgspec.json.encode(event | {"samples": left}).decode()


def without_erased(connection: Connection, body: str) -> str:
    """Give an event as it may be stored: without what was erased before."""
    rows = connection.execute(select(t.erasures.c.source, t.erasures.c.mention_sha256)).all()
    return without(body, _erased({(row.source, row.mention_sha256) for row in rows})) if rows else body


def _erased(erasures: set[tuple[str, str]]) -> Chosen:
    """Say of a sample whether it was erased."""

    def chosen(sample: dict[str, Any]) -> bool:
        names = [name for name in (sample.get("mention"), sample.get("url")) if isinstance(name, str)]
        return any((sample.get("source"), one) in erasures for one in (WHOLE_SOURCE, *map(digest, names)))

    return chosen

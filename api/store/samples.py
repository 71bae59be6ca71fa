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

from api.store import audit
from api.store import tables as t
from api.store.upsert import insert_into

WHOLE_SOURCE = ""
COMMAND_LINE = "command line"
_BATCH_LINES = 500
_line = t.alert_events.c
Chosen = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True)
class Erasure:
    """What is to be erased: a mention, known by its link, or without a link all of a source."""

    source: str
    url: str | None = None

    @property
    def url_sha256(self) -> str:
        """What is remembered of the link."""
        return WHOLE_SOURCE if self.url is None else _sha256(self.url)


def _sha256(url: str) -> str:
    """Digest a link."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def erase(connection: Connection, erasure: Erasure, now_ms: int) -> int:
    """Erase samples from every alert and event, and remember that; gives how many events had one."""
    remembered = insert_into(connection, t.erasures).values(
        source=erasure.source, url_sha256=erasure.url_sha256, at_ms=now_ms
    )
    connection.execute(remembered.on_conflict_do_nothing())
    what = "source_erase" if erasure.url is None else "mention_erase"
    audit.note(connection, COMMAND_LINE, what, erasure.source, now_ms)
    erased = _erased({(erasure.source, erasure.url_sha256)})
    _strip_answers(connection, erased)
    return sum(_strip(connection, seq, body, erased) for seq, body in _lines_with_samples(connection))


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
    rows = connection.execute(select(t.erasures.c.source, t.erasures.c.url_sha256)).all()
    return without(body, _erased({(row.source, row.url_sha256) for row in rows})) if rows else body


def _erased(erasures: set[tuple[str, str]]) -> Chosen:
    """Say of a sample whether it was erased."""

    def chosen(sample: dict[str, Any]) -> bool:
        source, url = sample.get("source"), sample.get("url")
        if (source, WHOLE_SOURCE) in erasures:
            return True
        return isinstance(url, str) and (source, _sha256(url)) in erasures

    return chosen

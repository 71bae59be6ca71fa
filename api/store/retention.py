"""The end of what has been kept long enough, in steps so small that nobody waits long for the store."""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, delete, select

from api.rollup import HOUR_MINUTES
from api.store import samples, series
from api.store import tables as t
from api.terms import Terms

BATCH_ROWS = 500
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MONTH_DAYS = 31
"""A month of ours is never shorter than one of the calendar."""


Step = Callable[[Connection], int]


def steps(connection: Connection, terms: Terms, now_ms: int) -> Iterator[tuple[str, Step]]:
    """Give what is to be done now: its name, and a step that gives how much it did, 0 once all is done.

    Samples and the audit log go by the clock. Counts go by the newest count, or by the clock if that is
    ahead of it: last year's data, replayed, is rolled up as it was then.
    """
    yield "samples", lambda c: samples.strip_old(c, now_ms - terms.samples_hours * HOUR_MS, BATCH_ROWS)
    audit_before_ms = now_ms - terms.audit_months * MONTH_DAYS * DAY_MS
    yield "audit", lambda c: _forget_audit(c, audit_before_ms, BATCH_ROWS)
    present = series.present_minute(connection, now_ms // MINUTE_MS)
    if present is not None:
        young = present - terms.minutes_days * 24 * HOUR_MINUTES
        yield "rolled_up", lambda c: series.roll_up(c, young)
        kept_hour = present // HOUR_MINUTES - terms.counts_months * MONTH_DAYS * 24
        yield "counts", lambda c: series.forget(c, kept_hour, BATCH_ROWS)


def _forget_audit(connection: Connection, before_ms: int, limit: int) -> int:
    """Delete at most ``limit`` lines of the audit log written before; gives how many."""
    old = select(t.audit.c.seq).where(t.audit.c.at_ms < before_ms).order_by(t.audit.c.at_ms).limit(limit)
    return connection.execute(delete(t.audit).where(t.audit.c.seq.in_(old))).rowcount

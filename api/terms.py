"""How long things are kept: what the settings say of it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Terms:
    """How long each thing is kept; a month has 31 days."""

    samples_hours: int
    minutes_days: int
    counts_months: int
    audit_months: int

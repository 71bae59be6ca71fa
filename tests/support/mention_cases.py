"""The contract table of Mention v1, shared by everyone who accepts mentions.

``tests/contract/mention_cases.json`` lists mentions with their verdict. The stream and the HTTP API are each
held against every line of it, so that neither accepts what the other refuses.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TABLE = Path(__file__).parents[1] / "contract" / "mention_cases.json"


@dataclass(frozen=True)
class MentionCase:
    """One mention as JSON; valid when ``field`` is None, else at fault there ("" = the mention itself)."""

    name: str
    mention: object
    field: str | None = None
    reason: str | None = None

    @property
    def json(self) -> bytes:
        """The mention as a producer sends it."""
        return json.dumps(self.mention, ensure_ascii=False).encode()


def load_cases() -> list[MentionCase]:
    """Return every case, valid ones first, in the order of the file."""
    table = _table()
    return [
        MentionCase(case["name"], _expand(case["mention"]), case.get("field"), case.get("reason"))
        for case in (*table["valid"], *table["invalid"])
    ]


def valid_cases() -> list[MentionCase]:
    """Only what must be accepted."""
    return [case for case in load_cases() if case.field is None]


def invalid_cases() -> list[MentionCase]:
    """Only what must be refused."""
    return [case for case in load_cases() if case.field is not None]


def known_topics() -> frozenset[str]:
    """Return the ids that the table's catalogue holds."""
    return frozenset(_table()["known_topics"])


def appended_at() -> datetime:
    """Return the moment at which the table's mentions reach Kafka."""
    return datetime.fromisoformat(_table()["appended_at"]).astimezone(UTC)


def appended_ms() -> int:
    """`appended_at` in epoch milliseconds."""
    return round(appended_at().timestamp() * 1000)


def _table() -> dict[str, object]:
    return json.loads(TABLE.read_text(encoding="utf-8"))


def _expand(value: object) -> object:
    """Write out ``{"$repeat": [x, n]}``, which keeps values at their length limit readable."""
    if isinstance(value, dict):
        if "$repeat" in value:
            what, times = value["$repeat"]
            return what * times
        return {name: _expand(part) for name, part in value.items()}
    return value

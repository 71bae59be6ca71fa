"""What alerts are called, in both languages (pure): one place for headlines and for messages to people."""

from __future__ import annotations

from detectors.events import AlertKind, DecisionReason, EventName, Name

__all__ = ["called", "is_no_angrier"]

_KIND = {
    AlertKind.CRISIS: Name("Nguy cơ khủng hoảng", "Crisis risk"),
    AlertKind.SURGE: Name("Tăng đột biến", "Surge"),
    AlertKind.NEGATIVITY: Name("Tiêu cực tăng", "Negativity up"),
    AlertKind.NARRATIVE: Name("Câu chuyện mới", "New narrative"),
    AlertKind.POSITIVE: Name("Phản hồi tích cực", "Positive wave"),
    AlertKind.FORECAST: Name("Dự báo tăng", "Forecast rise"),
}
#: What would be mistaken for public anger, or for a surge, if its kind alone were told.
_REASON = {
    DecisionReason.COPIES: Name("Nội dung sao chép", "Copied text"),
    DecisionReason.FEW_VOICES: Name("Ít người nói", "Few voices"),
    DecisionReason.PLANNED: Name("Sự kiện theo lịch", "Planned event"),
    DecisionReason.FIRST_HEARD: Name("Chủ đề mới được nhắc", "First heard"),
    DecisionReason.RIVER: Name("Dấu hiệu lạ", "Unusual"),
}


def called(kind: AlertKind, reason: DecisionReason | None) -> Name:
    """Return what an alert is called: by its reason where its kind alone would mislead."""
    return _KIND[kind] if reason is None else _REASON.get(reason, _KIND[kind])


def is_no_angrier(kind: AlertKind, event: EventName, share: float, usual: float) -> bool:
    """Return whether this is a crisis of more of the same anger: its share would calm the reader.

    `share` and `usual` are the negative share and what is usual of it, 0 .. 1. How many mentions are
    negative is told instead.
    """
    return kind is AlertKind.CRISIS and event is not EventName.CLOSED and share <= usual

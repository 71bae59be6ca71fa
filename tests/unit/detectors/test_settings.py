"""Settings of the detection."""

import pytest
from pydantic import ValidationError

from detectors.settings import DetectionSettings


def test_the_budget_is_split_over_topics_and_steps() -> None:
    """14 pages a week over 28 topics are half a page a week and topic."""
    assert DetectionSettings(pages_per_week=14, topics=28).topic_rate(60) * 7 * 1440 == pytest.approx(0.5)


def test_any_change_changes_the_digest() -> None:
    """Equal settings have equal digests, others differ."""
    assert DetectionSettings().digest() == DetectionSettings().digest()
    different = {DetectionSettings(topics=n).digest() for n in (1, 2)} | {
        DetectionSettings(quiet_hours=6).digest()
    }
    assert len(different) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [("pages_per_week", 0), ("topics", 0), ("quiet_hours", 0), ("warm_up_hours", 100), ("colour", 1)],
)
def test_unsafe_and_unknown_settings_are_refused_by_name(field: str, value: float) -> None:
    """The error names the setting."""
    with pytest.raises(ValidationError, match=field):
        DetectionSettings(**{field: value})

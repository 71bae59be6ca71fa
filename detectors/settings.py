"""Settings of the detection: few, because every topic calibrates itself to the alert budget."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field, model_validator

from detectors.river_anomaly import build

#: Version of the decision logic; any change that can change an alert raises it.
MODEL_VERSION = "haidang-detect-11"

_WEEK_SECONDS = 7 * 86_400


class NamedDetector(BaseModel):
    """A detector of `river.anomaly`, told as one more evidence: its dotted name and parameters.

    A name alone stands for a detector with default parameters. Raises pydantic's ``ValidationError`` when it
    is not one of `river.anomaly` or the parameters do not fit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    parameters: dict[str, int | float | str | bool | None] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _take_a_name(cls, given: object) -> object:
        return {"name": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _refuse_what_cannot_be_built(self) -> NamedDetector:
        build(self.name, self.parameters)
        return self


class DetectionSettings(BaseModel):
    """What a team may choose about detection.

    Examples
    --------
    >>> DetectionSettings(pages_per_week=14, topics=28).topic_rate(60) * 7 * 1440
    0.5

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pages_per_week: float = Field(
        default=14.0, gt=0, le=10_000, description="Alert budget: pages a week for the whole catalogue."
    )
    topics: int = Field(default=1, ge=1, le=1_000_000, description="Topics that share the budget.")
    quiet_hours: float = Field(
        default=12.0, ge=0.5, le=72, description="Hours below every threshold after which an alert closes."
    )
    update_minutes: int = Field(
        default=10, ge=1, le=1440, description="Least minutes between two events of an open alert."
    )
    warm_up_hours: float = Field(
        default=60.0, ge=1, le=72, description="Hours of a new topic before it pages on ordinary evidence."
    )
    least_mentions: int = Field(
        default=5, ge=2, le=1000, description="Mentions in a window below which nothing is an alert."
    )
    holidays: str = Field(
        default="VN", pattern=r"^([A-Z]{2})?$", description="Country whose public holidays are like weekends."
    )
    detectors: tuple[NamedDetector, ...] = Field(
        default=(), max_length=4, description="Detectors of river.anomaly told as further evidence."
    )
    utc_offset_minutes: int = Field(
        default=420, ge=-720, le=840, description="Local time of day and weekend, minutes from UTC."
    )

    def topic_rate(self, step_seconds: int) -> float:
        """Return the pages that one topic may raise per step of `step_seconds` on average."""
        return self.pages_per_week / self.topics * step_seconds / _WEEK_SECONDS

    def quiet_steps(self, step_seconds: int) -> int:
        """Return the steps of `step_seconds` after which a quiet alert closes, at least 1."""
        return max(1, round(self.quiet_hours * 3600 / step_seconds))

    def digest(self) -> str:
        """Return 12 hexadecimal digits that change with any setting or with `MODEL_VERSION`."""
        text = f"{MODEL_VERSION}\n{self.model_dump_json()}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

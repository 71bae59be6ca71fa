"""The detectors of `river.anomaly`: made by dotted name, asked and taught alike whatever their kind."""

from __future__ import annotations

import copy
import inspect
import math
from typing import TYPE_CHECKING, Any, TypeAlias

from river import anomaly, base

if TYPE_CHECKING:
    from collections.abc import Mapping

Detector: TypeAlias = base.AnomalyDetector | base.SupervisedAnomalyDetector
Features: TypeAlias = dict[base.typing.FeatureName, Any]

__all__ = ["FEATURES", "Detector", "Features", "build", "learn", "score"]

_PREFIX = "river.anomaly."
#: What a detector sees of a step, each 0 .. 1, in this order.
FEATURES = ("quarter", "hour", "negative", "positive", "sources", "authors", "copies")


def build(name: str, parameters: Mapping[str, object]) -> Detector:
    """Return a new detector of `river.anomaly`; one that draws by chance gets seed 1 unless told otherwise.

    Raises
    ------
    ValueError
        If the name is not that of a detector of `river.anomaly`, or the parameters do not fit it.

    """
    kind = _kinds().get(name)
    if kind is None:
        raise ValueError(f"{name!r} is no detector of river.anomaly; choose one of {', '.join(_kinds())}")
    known = inspect.signature(kind).parameters
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise ValueError(f"{name} has no parameter {unknown[0]!r}; it has {', '.join(known)}")
    seeded = {"seed": 1, **parameters} if "seed" in known else dict(parameters)
    detector = kind(**seeded)
    try:
        learn(detector, dict.fromkeys(FEATURES, 0.5))
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(f"{name} does not work with these parameters: {error}") from error
    fresh: Detector = kind(**seeded)
    return fresh


def _kinds() -> dict[str, type[Any]]:
    """Return the detectors by dotted name; filters around another detector are none."""
    found = (getattr(anomaly, name) for name in anomaly.__all__)
    kinds = (base.AnomalyDetector, base.SupervisedAnomalyDetector)
    detectors = (one for one in found if issubclass(one, kinds) and not issubclass(one, base.AnomalyFilter))
    return {_PREFIX + one.__name__: one for one in detectors}


def _score(detector: Detector, x: Features) -> float:
    """Return a finite score; 0 where the detector cannot tell yet."""
    try:
        if isinstance(detector, base.SupervisedAnomalyDetector):
            score = float(detector.score_one(x, x["quarter"]))
        else:
            score = float(detector.score_one(x))
    except ArithmeticError:
        return 0.0
    return score if math.isfinite(score) else 0.0


def learn(detector: Detector, x: Features) -> None:
    """Let the detector learn ``x``."""
    if isinstance(detector, anomaly.PredictiveAnomalyDetection):
        _score(detector, x)  # its error statistics are learnt only while it scores
    if isinstance(detector, base.SupervisedAnomalyDetector):
        detector.learn_one(x, x["quarter"])
    else:
        detector.learn_one(x)


def score(detector: Detector, x: Features) -> float:
    """Return the score of ``x``, 0 where the detector cannot tell yet, and leave the detector as it was.

    A supervised detector gets the feature ``quarter`` as its target.
    """
    learns = isinstance(detector, anomaly.PredictiveAnomalyDetection)
    return _score(copy.deepcopy(detector) if learns else detector, x)

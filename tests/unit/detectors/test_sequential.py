"""Sequential evidence: sums of likelihood ratios."""

import math

import numpy as np
import pytest
from detector_support import RIVER_CHECKS
from hypothesis import given
from hypothesis import strategies as st
from river import base

from detectors.sequential import RateCusum, ShareCusum, log_ratios

COUNTS = st.lists(st.integers(0, 30), max_size=60)


@pytest.mark.parametrize("check", RIVER_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("estimator", [RateCusum, ShareCusum])
def test_our_estimators_keep_the_conventions_of_river(estimator: type[base.Base], check: object) -> None:
    """Clone, pickle, parameters and documentation are as River wants them."""
    check(estimator())  # type: ignore[operator]


@given(COUNTS, st.integers(0, 30), st.floats(0.01, 20.0), st.floats(1.0, 5.0))
def test_a_score_comes_before_learning_and_changes_nothing(
    counts: list[int], count: int, mean: float, dispersion: float
) -> None:
    """What is scored is what would be learnt; the input is left as it is."""
    cusum = RateCusum()
    for one in counts:
        cusum.push(one, mean, dispersion, math.inf)
    x = {"count": count, "mean": mean, "dispersion": dispersion}
    before = dict(x)
    told = cusum.score_one(x)
    assert cusum.score_one(x) == told
    assert x == before
    cusum.learn_one(x)
    assert max(cusum.dump()[1:]) == told


@given(COUNTS, st.integers(0, 30), st.integers(0, 30), st.floats(0.01, 20.0), st.floats(1.0, 5.0))
def test_more_mentions_are_never_less_strange(
    counts: list[int], one: int, other: int, mean: float, dispersion: float
) -> None:
    """The nats rise with the newest count, whatever came before."""
    few, many = RateCusum(), RateCusum()
    for count in counts:
        few.push(count, mean, dispersion, 40.0)
        many.push(count, mean, dispersion, 40.0)
    low, high = sorted((one, other))
    assert few.push(low, mean, dispersion, 40.0) <= many.push(high, mean, dispersion, 40.0)


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40), st.floats(0.01, 0.99))
def test_more_negatives_are_never_less_strange(n: int, one: int, other: int, share: float) -> None:
    """The nats rise with the negative mentions of a step."""
    low, high = sorted((min(one, n), min(other, n)))
    assert ShareCusum().push(n, low, share, 1.0, 40.0) <= ShareCusum().push(n, high, share, 1.0, 40.0)


@pytest.mark.parametrize("dispersion", [1.0, 3.0])
def test_a_likelihood_ratio_is_one_on_average(dispersion: float) -> None:
    """Without a change the ratio of each step has mean 1: so false alarms come at the promised rate."""
    rng, mean = np.random.default_rng(1), 4.0
    beyond = dispersion - 1.0
    counts = rng.poisson(rng.gamma(mean / beyond, beyond, 200_000) if beyond else np.full(200_000, mean))
    for gain, cost in log_ratios((1.5, 2.0), dispersion):
        assert np.exp(counts * gain - mean * cost).mean() == pytest.approx(1.0, abs=0.03)


def test_a_tripled_rate_is_ten_nats_after_five_minutes() -> None:
    """From 2 to 6 a minute each minute brings 2.6 nats."""
    cusum = RateCusum()
    nats = [cusum.push(6.0, 2.0, 1.0, 40.0) for _ in range(5)]
    assert nats[-1] == pytest.approx(5 * (6 * math.log(3) - 4))


def test_no_sum_exceeds_its_ceiling_and_silence_takes_it_back() -> None:
    """A calm window ends a run at once; without mentions it fades."""
    cusum = RateCusum()
    assert cusum.push(500.0, 2.0, 1.0, 12.0) == 12.0
    fading = [cusum.push(0.0, 2.0, 1.0, 40.0) for _ in range(30)]
    assert fading == sorted(fading, reverse=True)
    assert fading[-1] == 0.0
    cusum.push(500.0, 2.0, 1.0, 12.0)
    assert cusum.push(2.0, 2.0, 1.0, 0.0) == 0.0


@given(COUNTS, st.integers(0, 60))
def test_a_restored_run_goes_on_as_if_never_stored(counts: list[int], cut: int) -> None:
    """Dump and restore at any point change nothing."""
    whole, part, again = RateCusum(), RateCusum(), RateCusum()
    for count in counts[:cut]:
        part.push(count, 3.0, 2.0, 40.0)
    again.restore(part.dump())
    for count in counts[cut:]:
        again.push(count, 3.0, 2.0, 40.0)
    for count in counts:
        whole.push(count, 3.0, 2.0, 40.0)
    assert again.dump() == whole.dump()

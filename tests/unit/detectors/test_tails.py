"""Exact tails of small counts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.tails import upper_tail


def poisson_tail(count: int, mean: float) -> float:
    """Return the Poisson tail by its plain definition."""
    return 1.0 - math.fsum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(count))


@pytest.mark.parametrize(("count", "mean"), [(1, 0.5), (3, 0.5), (4, 2.0), (10, 5.0), (30, 20.0)])
def test_a_dispersion_of_one_gives_the_poisson_tail(count: int, mean: float) -> None:
    """The sum of the terms above equals one minus the terms below."""
    assert upper_tail(count, mean) == pytest.approx(poisson_tail(count, mean), rel=1e-6)


def test_a_geometric_count_has_its_known_tail() -> None:
    """A negative binomial of size 1 is geometric: P(X >= k) = (mean / (1 + mean)) ** k."""
    assert upper_tail(5, 2.0, dispersion=3.0) == pytest.approx((2 / 3) ** 5, rel=1e-6)


def test_a_far_tail_keeps_its_digits() -> None:
    """1e-12 is not rounded to 0, as one minus the terms below would be."""
    assert upper_tail(8, 0.05) == pytest.approx(0.05**8 / math.factorial(8) * math.exp(-0.05), rel=0.01)


@given(st.integers(0, 60), st.floats(0.001, 300), st.floats(1.0, 20.0))
def test_a_tail_is_a_probability_that_falls_with_the_count(count: int, mean: float, spread: float) -> None:
    """More mentions are never less surprising."""
    here, next_one = upper_tail(count, mean, spread), upper_tail(count + 1, mean, spread)
    assert 0.0 <= next_one <= here * (1 + 1e-9) <= 1.0 + 1e-9


def test_nothing_is_certain_and_a_count_without_expectation_impossible() -> None:
    """The edges: no mentions, no mean, and means too large to sum."""
    assert upper_tail(0, 3.0) == 1.0
    assert upper_tail(1, 0.0) == 0.0
    assert upper_tail(900, 800.0) == 0.0

"""Exact tails of small counts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.tails import share_surprise, surprise, upper_tail


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


@given(st.integers(1, 60), st.floats(0.001, 300), st.floats(1.0, 20.0))
def test_nats_never_promise_more_than_the_tail(count: int, mean: float, spread: float) -> None:
    """Chernoff: a count of h nats has a tail of at most exp(-h); nothing up to the mean has any."""
    nats = surprise(count, mean, spread)
    assert upper_tail(count, mean, spread) <= math.exp(-nats) * (1 + 1e-6)
    assert (nats > 0.0) == (count > mean) or nats == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("dispersion", [1.0, 2.0])
def test_a_count_a_hair_above_its_mean_has_no_negative_nats(dispersion: float) -> None:
    """Rounding alone must not make a surprise that has no root."""
    above = (math.nextafter(mean, math.inf) for mean in (0.1, 3.0, 17.3, 1234.5))
    assert all(surprise(count, count * (1 - 1e-16), dispersion) >= 0.0 for count in above)
    assert all(surprise(1.0 * n, math.nextafter(1.0 * n, 0.0), dispersion) >= 0.0 for n in range(1, 2000))


def test_nats_of_large_counts_are_half_the_square_of_a_deviate() -> None:
    """Three standard deviations above 10,000 are 4.5 nats; twice the variance halves them."""
    assert surprise(10_300, 10_000) == pytest.approx(4.5, rel=0.02)
    assert surprise(10_300, 10_000, 2.0) == pytest.approx(2.25, rel=0.02)
    assert surprise(1, 0.0) == math.inf


@given(st.integers(1, 200), st.integers(0, 200), st.integers(0, 200), st.floats(0.01, 0.99))
def test_a_larger_share_is_never_less_surprising(n: int, one: int, other: int, share: float) -> None:
    """It rises with the negatives, and is 0 up to the usual share."""
    low, high = sorted((min(one, n), min(other, n)))
    assert share_surprise(n, low, share) <= share_surprise(n, high, share) + 1e-12
    assert share_surprise(n, share * n, share) == pytest.approx(0.0, abs=1e-9)


def test_all_of_ten_negative_has_the_nats_of_its_probability() -> None:
    """Where a fifth is usual: ten times log 5."""
    assert share_surprise(10, 10, 0.2) == pytest.approx(10 * math.log(5))
    assert share_surprise(0, 0, 0.2) == 0.0

"""How surprising a count is: exact upper tails of small counts, and nats for any count."""

from __future__ import annotations

import math

#: From this mean on the square-root residual is exact enough and the sum would be long.
_LARGE = 400.0
#: A dispersion this near to 1 is Poisson.
_POISSON = 1.0 + 1e-6
_TERMS = 2000


def upper_tail(count: int, mean: float, dispersion: float = 1.0) -> float:
    """Return P(X >= `count`) of a negative binomial count with `mean` and variance `dispersion` x `mean`.

    A dispersion of at most 1 gives the Poisson tail. The terms are summed from `count` upwards, so that a
    tail of 1e-12 is exact too. `count` of 0 gives 1, a mean of 0 gives 0. Above a mean of 400 the answer is
    0: there the square-root residual decides alone.
    """
    if count <= 0:
        return 1.0
    if mean <= 0.0 or mean > _LARGE:
        return 0.0
    term = math.exp(_log_mass(count, mean, dispersion))
    total = term
    for k in range(count, count + _TERMS):
        term *= _ratio(k, mean, dispersion)
        total += term
        if term < total * 1e-9:
            break
    return min(total, 1.0)


def surprise(count: float, mean: float, dispersion: float = 1.0) -> float:
    """Return the surprise of seeing `count` or more where `mean` is expected, in nats; 0 up to the mean.

    It is the largest log-likelihood ratio of any higher mean against `mean`, for a negative binomial count
    with variance `dispersion` x `mean` (a Poisson count for a dispersion of at most 1), and by Chernoff's
    bound at most ``-log P(X >= count)``. A standard normal deviate of z has about z^2 / 2 nats. A mean of 0
    makes any mention infinitely surprising.
    """
    if count <= mean:
        return 0.0
    if mean <= 0.0:
        return math.inf
    nats = count * math.log(count / mean)
    if dispersion <= _POISSON:
        nats -= count - mean
    else:
        size = mean / (dispersion - 1.0)
        nats -= (count + size) * math.log1p((count - mean) / (mean + size))
    return nats if nats > 0.0 else 0.0


def share_surprise(n: float, k: float, share: float) -> float:
    """Return the surprise of `k` or more of `n` where `share` is usual, in nats; 0 up to the usual share.

    `n` times the Kullback-Leibler divergence of the seen from the usual share: at most ``-log P(X >= k)`` of
    a binomial count (Chernoff). `share` lies inside 0 .. 1; `k` may be fractional.
    """
    seen = k / n if n > 0.0 else 0.0
    if seen <= share:
        return 0.0
    if seen >= 1.0:
        return n * math.log(1.0 / share)
    nats = n * (seen * math.log(seen / share) + (1.0 - seen) * math.log((1.0 - seen) / (1.0 - share)))
    return nats if nats > 0.0 else 0.0


def _log_mass(k: int, mean: float, dispersion: float) -> float:
    if dispersion <= _POISSON:
        return k * math.log(mean) - mean - math.lgamma(k + 1)
    size = mean / (dispersion - 1.0)
    return (
        math.lgamma(size + k)
        - math.lgamma(size)
        - math.lgamma(k + 1)
        - size * math.log(dispersion)
        + k * math.log1p(-1.0 / dispersion)
    )


def _ratio(k: int, mean: float, dispersion: float) -> float:
    if dispersion <= _POISSON:
        return mean / (k + 1)
    size = mean / (dispersion - 1.0)
    return (size + k) / (k + 1) * (1.0 - 1.0 / dispersion)

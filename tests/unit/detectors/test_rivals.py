"""The rivals are scored fairly: one pass, no look-ahead, one budget."""

import itertools

import numpy as np
import pytest

from detectors.rivals import RIVALS, alerts_of

HOUR_SECONDS = 3600
QUIET = 12
BURST = 900


def talk(hours: int = 1100) -> list[float]:
    """Return hourly counts: Poisson with a daily rhythm, and one burst of six hours."""
    rate = 20.0 + 10.0 * np.sin(np.arange(hours) / 24 * 2 * np.pi)
    counts = np.random.default_rng(3).poisson(rate).astype(float)
    counts[BURST : BURST + 6] += 200
    return [float(count) for count in counts]


@pytest.mark.parametrize("name", RIVALS)
def test_what_comes_later_changes_no_earlier_alert(name: str) -> None:
    """A truncated series gives the alerts of the whole one up to its end."""
    counts = talk()
    whole = alerts_of(RIVALS[name](HOUR_SECONDS), counts, rate=0.01, quiet=QUIET, warm_up=60)
    part = alerts_of(RIVALS[name](HOUR_SECONDS), counts[:950], rate=0.01, quiet=QUIET, warm_up=60)
    assert part == [place for place in whole if place < 950]


@pytest.mark.parametrize("name", RIVALS)
def test_the_incident_rule_holds_for_all(name: str) -> None:
    """Nothing opens while a topic warms up; alerts of one rival are farther apart than the quiet hours."""
    opened = alerts_of(RIVALS[name](HOUR_SECONDS), talk(), rate=0.02, quiet=QUIET, warm_up=60)
    assert all(place >= 60 for place in opened)
    assert all(after - before > QUIET for before, after in itertools.pairwise(opened))


@pytest.mark.parametrize("name", ["EARS C1", "EARS C2", "Farrington-like", "Kleinberg-like"])
def test_rules_of_public_health_see_a_burst_of_ten_times_the_usual(name: str) -> None:
    """Each has an alert open in its first hours; else they would be no rivals."""
    opened = alerts_of(RIVALS[name](HOUR_SECONDS), talk(), rate=0.01, quiet=QUIET, warm_up=60)
    assert any(BURST - QUIET <= place < BURST + 6 for place in opened)


def test_a_smaller_budget_opens_no_more_alerts() -> None:
    """Half the budget, at most as many."""
    found = [
        len(alerts_of(RIVALS["EARS C1"](HOUR_SECONDS), talk(), rate=rate, quiet=QUIET, warm_up=60))
        for rate in (0.004, 0.008, 0.016)
    ]
    assert found == sorted(found)

"""Verdicts move a topic's part of the budget, within limits."""

from detector_support import DAY_MINUTES, monitor, ordinary, steps, watch
from hypothesis import given
from hypothesis import strategies as st

from detectors.orders import Verdict, VerdictName
from detectors.verdicts import LEAST_SHARE, MOST_SHARE, Verdicts

NAMES = st.sampled_from([*VerdictName, None])


def heard(*names: VerdictName | None) -> Verdicts:
    """Return what is known after one verdict on each of several alerts."""
    verdicts = Verdicts()
    for number, name in enumerate(names):
        verdicts.hear(Verdict("water", f"a{number}", name))
    return verdicts


def test_without_a_verdict_a_topic_keeps_its_part() -> None:
    """Half of its pages are assumed to be worth it, and its part is its equal part."""
    assert Verdicts().precision == 0.5
    assert Verdicts().share == 1.0


@given(st.lists(NAMES, max_size=60))
def test_the_part_stays_within_its_limits(names: list[VerdictName | None]) -> None:
    """Whatever officers say, however often."""
    verdicts = heard(*names)
    assert LEAST_SHARE <= verdicts.share <= MOST_SHARE
    assert len(verdicts.dump()) <= 32


@given(st.lists(NAMES, max_size=20))
def test_a_good_verdict_never_lowers_and_a_bad_one_never_raises_the_part(
    names: list[VerdictName | None],
) -> None:
    """Crisis and useful earn pages; false alarm and planned cost them; a duplicate says nothing."""
    before = heard(*names).share
    assert heard(*names, VerdictName.CRISIS).share >= before
    assert heard(*names, VerdictName.USEFUL).share >= before
    assert heard(*names, VerdictName.FALSE_ALARM).share <= before
    assert heard(*names, VerdictName.PLANNED).share <= before
    assert heard(*names, VerdictName.DUPLICATE).share == before


@given(st.lists(NAMES, max_size=20))
def test_a_verdict_counts_once_and_can_be_taken_back(names: list[VerdictName | None]) -> None:
    """Said twice it is as said once; reopening leaves what was known before it."""
    verdicts = heard(*names)
    before = verdicts.share
    for _ in range(2):
        verdicts.hear(Verdict("water", "again", VerdictName.FALSE_ALARM))
    once = heard(*names, VerdictName.FALSE_ALARM)
    assert verdicts.share == once.share
    verdicts.hear(Verdict("water", "again", None))
    assert verdicts.share == before


def test_state_comes_back_as_it_was() -> None:
    """The order too, which decides what is dropped next."""
    verdicts = heard(*[VerdictName.FALSE_ALARM, VerdictName.CRISIS] * 20)
    again = Verdicts()
    again.restore(verdicts.dump())
    assert again.dump() == verdicts.dump()


def test_false_alarms_raise_the_bar_of_a_topic_and_good_pages_lower_it() -> None:
    """The same talk: the threshold in force is higher after false alarms, lower after crises."""
    history = ordinary(5 * DAY_MINUTES, rate=1.0, share=0.2)
    bars = []
    for name in (VerdictName.CRISIS, None, VerdictName.FALSE_ALARM):
        watcher = monitor(pages_per_week=200)
        for number in range(20):
            watcher.hear(Verdict("water", f"a{number}", name))
        watch(steps(history), watcher)
        bars.append(watcher.thresholds()["volume"])
    assert bars == sorted(bars)
    assert bars[0] < bars[2]

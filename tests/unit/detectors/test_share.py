"""Negative share against the topic's own."""

import numpy as np
from detector_support import Talk, ordinary, steps, windows
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.decision import Level
from detectors.share import ShareBaseline, ShareEvidence


def learnt(share: float, hours: int = 200, n: int = 20) -> ShareBaseline:
    """Return a baseline that has seen a steady share."""
    baseline = ShareBaseline()
    for _ in range(hours):
        baseline.learn_one({"n": n, "k": share * n})
    return baseline


def test_the_usual_share_is_learnt_per_topic() -> None:
    """A topic that is always angry expects anger."""
    assert abs(learnt(0.7).expected() - 0.7) < 0.02
    assert learnt(0.7).score_one({"n": 40, "k": 28}) < 1.0
    assert learnt(0.2).score_one({"n": 40, "k": 28}) > 4.0


def test_nothing_scores_nothing() -> None:
    """No mentions, no score; an empty baseline has its assumption."""
    assert ShareBaseline().score_one({}) == 0.0
    assert ShareBaseline().expected() == 0.3


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0, 1))
def test_more_negatives_never_lower_the_score(n: int, one: float, other: float) -> None:
    """The score rises with the negative mentions of the same total."""
    low, high = sorted((one, other))
    baseline = learnt(0.3)
    assert baseline.score(n, low * n) <= baseline.score(n, high * n) + 1e-9


@given(st.integers(1, 5), st.floats(0.2, 0.5))
def test_a_handful_never_scores_as_a_signal(n: int, usual: float) -> None:
    """Five of five negative is no alarm for a topic that is a fifth negative."""
    assert learnt(usual).score(n, n) < 4.0


def test_a_share_that_always_swings_scores_lower() -> None:
    """The spread of the share is part of the baseline."""
    swinging = ShareBaseline()
    for hour in range(400):
        swinging.learn(40, 4 if hour % 2 else 28)
    assert swinging.score(40, 34) < learnt(0.4, n=40).score(40, 34) / 2


def test_fewer_than_ten_mentions_are_not_read() -> None:
    """A window must hold ten mentions before its share speaks."""
    evidence = ShareEvidence(60)
    full = (9,) * 5
    reading = evidence.read(windows(total=full, negative=full, negative_milli=(9000,) * 5), 4.0)
    assert (reading.score, reading.level) == (0.0, Level.NONE)


def test_a_rise_of_the_share_alone_is_a_signal() -> None:
    """The same volume, but seven of ten negative instead of two."""
    evidence = ShareEvidence(60)
    levels = []
    for closed in steps(ordinary(4000, rate=1.0, share=0.2) + ordinary(120, rate=1.0, share=0.75, seed=5)):
        levels.append(evidence.read(closed, 4.0).level)
        evidence.learn(closed)
    assert any(levels[-120:])
    assert not any(levels[600:-120])


def night(share: float) -> ShareEvidence:
    """Return what is known after two days of talk and five hours of six mentions each, of that share."""
    rng = np.random.default_rng(3)
    evidence = ShareEvidence(60)
    talk = ordinary(2880, rate=0.3, share=0.45)
    talk += [Talk(int(i % 10 == 0), int(i % 10 == 0 and rng.random() < share)) for i in range(300)]
    for closed in steps(talk):
        evidence.read(closed, 3.0)
        evidence.learn(closed)
    return evidence


def test_a_night_of_few_angry_mentions_is_a_signal() -> None:
    """Six an hour fill no window that speaks, but nearly all of thirty negative in a row is no chance."""
    assert night(0.95).reading.level
    assert not night(0.45).reading.level


@settings(max_examples=25, deadline=None)
@given(st.integers(10, 60), st.integers(0, 60), st.integers(0, 60))
def test_more_negatives_in_every_window_never_lower_the_evidence(n: int, one: int, other: int) -> None:
    """The same mentions, more of them negative: the score of the step does not fall."""
    scores = []
    for negative in sorted((min(one, n), min(other, n))):
        evidence = ShareEvidence(60)
        for closed in steps(ordinary(1500, rate=1.0, share=0.2)):
            evidence.learn(closed)
        full = (negative * 1000,) * 5
        told = windows(total=(n,) * 5, negative_milli=full, arrived=n, arrived_negative_milli=full[0])
        scores.append(evidence.read(told, 4.0).score)
    assert scores[0] <= scores[1] + 1e-9


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1)), min_size=1, max_size=40),
    st.integers(0, 39),
    st.integers(1, 60),
)
def test_more_negatives_never_lower_what_the_evidence_says(
    talk: list[tuple[int, float]], place: int, more: int
) -> None:
    """Of the same mentions, more negative ones: windows and runs score no lower from then on."""
    calm = [Talk(total, round(total * share)) for total, share in talk]
    angry = list(calm)
    place %= len(angry)
    total, negative, _ = angry[place]
    angry[place] = Talk(total, min(total, negative + more))
    for one, other in zip(_scores(calm), _scores(angry), strict=True):
        assert one <= other + 1e-9


def _scores(talk: list[Talk]) -> list[float]:
    """Return the scores of the talk after an ordinary day of half the mentions a minute."""
    evidence = ShareEvidence(60)
    learned = ordinary(600, rate=0.5)
    scores = []
    for closed in steps([*learned, *talk]):
        scores.append(evidence.read(closed, 4.0).score)
        if len(scores) <= len(learned):
            evidence.learn(closed)
    return scores


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=5, max_size=5), st.floats(0.05, 1), st.floats(0, 1))
def test_an_onset_lies_in_the_six_hours_before(counts: list[int], share: float, turn: float) -> None:
    """Whatever the windows hold, and whichever speaks."""
    totals = tuple(np.cumsum(counts).tolist())
    milli = tuple(round(1000 * n * (share if i < 2 else share * turn)) for i, n in enumerate(totals))
    closed = windows(total=totals, negative_milli=milli, negative=totals)
    evidence = ShareEvidence(60)
    evidence.read(closed, 2.5)
    assert closed.at - 21_600 <= evidence.onset(closed) <= closed.at

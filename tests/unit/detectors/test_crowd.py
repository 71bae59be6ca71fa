"""Who speaks: sources, people and copies."""

import pytest
from detector_support import windows
from hypothesis import given
from hypothesis import strategies as st

from detectors.crowd import CROWD_SCORE, CrowdEvidence, CrowdReading, SourceSpread, originals
from detectors.windows import HOUR, WINDOW_SECONDS, Windows


def hour(total: int, *, copies: int = 0, sources: int = 4, authors: int = 0, kinds: int = 1) -> Windows:
    """Return windows that hold `total` mentions each."""
    every = (total,) * len(WINDOW_SECONDS)
    by_kind = (tuple(total if kind < kinds else 0 for kind in range(5)),) * len(WINDOW_SECONDS)
    return windows(total=every, kinds=by_kind, copies=copies, spread=sources, authors=authors)


def learnt(steps: int = 3000) -> CrowdEvidence:
    """Return the evidence of a topic of four sources, one kind, 30 mentions an hour and 2 copies."""
    evidence = CrowdEvidence(60)
    for i in range(steps):
        usual = hour(30, copies=1 + i // 60 % 3, sources=3 + i // 360 % 3)
        evidence.read(usual)
        evidence.learn(usual)
    return evidence


def test_a_fresh_spread_says_nothing() -> None:
    """Nothing to compare with: score 0, whatever comes."""
    assert SourceSpread().score_one({"sources": 400, "kinds": 5}) == 0.0
    assert SourceSpread().score_one({}) == 0.0


def test_more_sources_than_usual_raise_the_spread() -> None:
    """Four sources are usual, twenty are a signal; a second kind of source is news too."""
    evidence = learnt()
    assert evidence.read(hour(30)).spread < 1.5
    assert evidence.read(hour(30, sources=20)).spread >= CROWD_SCORE
    assert evidence.read(hour(30, kinds=3)).spread >= CROWD_SCORE


@given(st.integers(0, 256), st.integers(0, 256), st.integers(0, 5))
def test_a_source_more_never_lowers_the_spread(one: int, other: int, kinds: int) -> None:
    """The score rises with the sources."""
    spread = SourceSpread()
    for sources in (3, 5, 4, 6, 2):
        spread.learn(sources, 1)
    few, many = sorted((one, other))
    assert spread.score(few, kinds) <= spread.score(many, kinds)


def test_a_campaign_is_most_of_the_hour_and_far_more_than_usual() -> None:
    """Forty copies of fifty are; a tenth is not, nor is it where most was always copied."""
    assert learnt().read(hour(50, copies=40)).campaign
    assert not learnt().read(hour(50, copies=5)).campaign
    assert not learnt().read(hour(8, copies=8)).campaign
    wire = CrowdEvidence(60)
    for _ in range(3000):
        wire.read(hour(30, copies=24))
        wire.learn(hour(30, copies=24))
    assert not wire.read(hour(50, copies=40)).campaign


@pytest.mark.parametrize(
    ("mentions", "authors", "few"),
    [
        (80, 5, True),
        (80, 80, False),
        (80, 10, False),
        (29, 9, True),
        (26, 9, False),
        (3, 1, True),
    ],
)
def test_eighty_comments_of_five_people_are_not_eighty_people(mentions: int, authors: int, few: bool) -> None:  # noqa: FBT001
    """Fewer than ten authors with three mentions each are few."""
    assert CrowdEvidence(60).read(hour(mentions, authors=authors)).few is few


@pytest.mark.parametrize(
    ("negative", "angry", "press", "few"),
    [
        (80, 5, 0, True),
        (80, 10, 0, False),
        (29, 9, 0, True),
        (4, 2, 0, False),
        (80, 0, 0, False),
        (80, 5, 90, False),
    ],
)
def test_five_angry_people_do_not_hide_in_a_crowd(negative: int, angry: int, press: int, few: bool) -> None:  # noqa: FBT001
    """Of 100 mentions of 60 people the negative ones must be of a public too, unless articles are most."""
    every = (100,) * len(WINDOW_SECONDS)
    told = windows(
        total=every,
        negative=(negative,) * len(WINDOW_SECONDS),
        kinds=((press, 100 - press, 0, 0, 0),) * len(WINDOW_SECONDS),
        authors=60,
        angry_authors=angry,
        spread=12,
    )
    reading = CrowdEvidence(60).read(told)
    assert reading.few is few
    assert reading.told_authors == ((angry, min(10, negative // 3 + 1)) if few else (60, 10))


@pytest.mark.parametrize(
    ("press", "others", "sources", "authors", "few"),
    [
        (80, 0, 3, 0, True),
        (80, 9, 4, 0, True),
        (80, 10, 4, 0, False),
        (80, 0, 10, 0, False),
        (80, 0, 3, 20, False),
        (0, 80, 1, 0, False),
        (9, 9, 3, 0, False),
    ],
)
def test_what_three_papers_write_is_no_public(
    press: int,
    others: int,
    sources: int,
    authors: int,
    few: bool,  # noqa: FBT001
) -> None:
    """Nor are headlines of fewer than ten sources with hardly a post; posts of unknown authors may be one."""
    every, kinds = (press + others,) * len(WINDOW_SECONDS), ((press, others, 0, 0, 0),) * len(WINDOW_SECONDS)
    six_hours = windows(total=every, kinds=kinds, spread=sources, authors=authors)
    assert CrowdEvidence(60).read(six_hours).few is few


@given(st.integers(0, 1000), st.integers(0, 1200), st.integers(0, 4))
def test_originals_are_what_copies_leave(total: int, copies: int, window: int) -> None:
    """Between none and all of them; all of them without copies."""
    assert 0 <= originals(hour(total, copies=copies), window) <= total
    assert originals(hour(total), window) == total
    if copies <= total:
        assert originals(hour(total, copies=copies), HOUR) == pytest.approx(total - copies)


def test_a_restored_crowd_goes_on_as_if_never_stored() -> None:
    """Dump and restore change neither reading nor what is usual."""
    evidence = learnt(500)
    again = CrowdEvidence(60)
    assert again.reading == CrowdReading()
    again.restore(evidence.dump())
    assert again.reading == evidence.reading
    assert again.read(hour(50, copies=40, sources=9)) == evidence.read(hour(50, copies=40, sources=9))

"""Which neighbours are words: those that stand together more than chance brings, and are not torn."""

from collections import Counter

from deploy.word_counting import strengths, without_torn

RUNS = Counter(
    {
        ("xuất", "khẩu", "gạo"): 30,
        ("xuất", "khẩu"): 20,
        ("gạo",): 60,
        ("mưa", "gió"): 9,
        ("nắng",): 400,
    }
)


def test_what_is_rare_is_no_word() -> None:
    """Nine times together is not enough, however seldom the syllables stand apart."""
    assert ("mưa", "gió") not in strengths(RUNS)


def test_what_stands_together_more_than_chance_brings_is_as_strong_as_it_is_bound() -> None:
    """Strengths are hundredths; two syllables that never stand apart are stronger than two that do."""
    found = strengths(RUNS)
    assert 0 < found["khẩu", "gạo"] < found["xuất", "khẩu"] <= 100


def test_a_piece_of_a_stronger_word_is_none() -> None:
    """Where "khẩu gạo" stands, "xuất khẩu" has taken its first syllable."""
    assert without_torn(strengths(RUNS), RUNS).keys() == {("xuất", "khẩu")}

"""Words of one and two syllables: nothing lost, the strongest reading, the list that is shipped."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from streams.segmentation import segment
from streams.understanding import bundled_words

WORDS = {("xuất", "khẩu"): 80, ("khẩu", "gạo"): 60, ("học", "sinh"): 70, ("sinh", "viên"): 70}
SYLLABLES = st.lists(
    st.sampled_from(["xuất", "khẩu", "gạo", "học", "sinh", "viên", "Học", "SINH"]), max_size=12
)


def strength(words: list[list[str]]) -> int:
    """Return how strong the words of two syllables are together."""
    return sum(WORDS[word[0].lower(), word[1].lower()] for word in words if len(word) > 1)


def every_reading(syllables: list[str]) -> list[list[list[str]]]:
    """Return every way to read the syllables as words of one or two."""
    if not syllables:
        return [[]]
    one = [[syllables[:1], *rest] for rest in every_reading(syllables[1:])]
    if tuple(syllable.lower() for syllable in syllables[:2]) not in WORDS:
        return one
    return one + [[syllables[:2], *rest] for rest in every_reading(syllables[2:])]


def test_the_stronger_of_two_words_is_kept_whole() -> None:
    """A syllable between two possible words belongs to the stronger; of equals to the one on the left."""
    assert segment(["xuất", "khẩu", "gạo"], WORDS) == [["xuất", "khẩu"], ["gạo"]]
    assert segment(["Học", "sinh", "viên"], WORDS) == [["Học", "sinh"], ["viên"]]


@given(SYLLABLES)
def test_nothing_is_lost_and_no_reading_is_stronger(syllables: list[str]) -> None:
    """The words in order are the syllables, and all other ways to read them are at most as strong."""
    found = segment(syllables, WORDS)
    assert list(chain.from_iterable(found)) == syllables
    assert strength(found) == max(map(strength, every_reading(syllables)))


def test_the_shipped_words_are_small_letters_and_no_names() -> None:
    """Thousands of words, each two syllables in small letters; a public person's name is not among them."""
    words = bundled_words()
    assert len(words) > 5_000
    assert all(syllable.isalpha() and syllable.islower() for word in words for syllable in word)
    assert all(1 <= found <= 100 for found in words.values())
    assert {("học", "sinh"), ("ngộ", "độc"), ("đình", "chỉ"), ("khả", "năng")} <= words.keys()
    assert not {("khẩu", "gạo"), ("donald", "trump"), ("năng", "đổ")} & words.keys()

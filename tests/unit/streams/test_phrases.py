"""Phrases: readable, stable, few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.phrases import phrases
from streams.text import canonical
from streams.understanding import bundled_words

VOCABULARY = bundled_words()

TABLE = [
    ("Cục Điện lực kiểm tra hóa đơn", "hóa đơn"),
    ("Bộ trưởng thăm Bệnh viện Bạch Mai", "Bạch Mai"),
    ("Đại tướng Nguyễn Văn An ở Tây Ninh", "Nguyễn Văn An"),
    ("Dân xếp hàng đổ xăng", "đổ xăng"),
    ("Sự cố lộ dữ liệu của ngân hàng", "ngân hàng"),
    ("HÀNG TRĂM HỌC SINH NGỘ ĐỘC", "HỌC SINH"),
    ("gia xang dau tang", "gia xang"),
    ("Vành đai 3 TP.HCM", "TP.HCM"),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_telling_words_are_taken_as_written(text: str, expected: str) -> None:
    """Names and word pairs keep their case and diacritics."""
    assert any(expected in phrase for phrase in phrases(canonical(text), 8, VOCABULARY))


WHOLE = [
    ("Nổ lò hơi làm sập tường nhà dân", "lò hơi", "hơi làm"),
    ("Nghi phạm nổ súng đe dọa chủ quán", "nổ súng", "phạm nổ"),
    ("Bão số 5 có khả năng đổ bộ vào Nghệ An", "đổ bộ", "năng đổ"),
    ("Tạm đình chỉ công tác chủ tịch phường", "đình chỉ", "Tạm đình"),
    ("Hàng chục học sinh mắc kẹt", "mắc kẹt", "sinh mắc"),
    ("Bão số 5 giật cấp 14", "Bão số 5", "số 5"),
]


@pytest.mark.parametrize(("text", "whole", "torn"), WHOLE)
def test_no_phrase_begins_or_ends_within_a_word(text: str, whole: str, torn: str) -> None:
    """Words of two syllables stay whole, also those that hold a small word."""
    found = phrases(canonical(text), 8, VOCABULARY)
    assert whole in found
    assert torn not in found


@pytest.mark.parametrize("text", ["", "và là của", "ok", "123 456", "!!!", "một", "•••"])
def test_text_that_says_nothing_has_no_phrases(text: str) -> None:
    """Small words, numbers and signs are no phrases."""
    assert phrases(text, 8, VOCABULARY) == ()


def test_tone_placement_does_not_split_a_phrase() -> None:
    """Two spellings of one wording are one phrase, shown as most print has it."""
    assert phrases(canonical("nhà máy thuỷ điện Hoà Bình"), 8, VOCABULARY) == phrases(
        canonical("nhà máy thủy điện Hòa Bình"), 8, VOCABULARY
    )
    assert "Hòa Bình" in phrases(canonical("thuỷ điện Hoà Bình"), 8, VOCABULARY)


@given(st.text(max_size=120), st.integers(0, 8))
def test_number_and_length_are_bounded(text: str, most: int) -> None:
    """At most so many phrases of two to four words, each once."""
    found = phrases(canonical(text), most, VOCABULARY)
    assert len(found) <= most
    assert len({phrase.lower() for phrase in found}) == len(found)
    assert all(2 <= len(phrase.split()) <= 4 for phrase in found)

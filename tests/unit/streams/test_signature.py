"""Signatures: copies share a key through edits, other texts share none, and nothing of the text is left."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.copies import are_copies
from streams.signature import signature
from streams.text import fold, normalise

STORY = (
    "Nước máy ở xã Hoa Sen đục ngầu suốt một tuần, hàng nghìn hộ dân phải mua nước bình để nấu ăn. Ủy ban xã "
    "cho biết đường ống chính bị vỡ ở ba điểm, đơn vị cấp nước hẹn sửa xong trong tháng và xin lỗi bà con."
)
OTHER = (
    "Ủy ban xã Hoa Sen cho biết hàng nghìn hộ dân đã đăng ký tiêm chủng, trạm y tế hẹn bà con trước cuối "
    "tháng. Mỗi điểm tiêm có ba nhân viên, ai chưa có giấy hẹn thì được sửa ngay tại chỗ trong tuần."
)
CHANCE = random.Random(4)  # noqa: S311 - reproducible edits


def signed(text: str) -> bytes:
    """Return the signature of a text."""
    return signature(normalise(text))


def edited(text: str, edits: int) -> str:
    """Return a text with words replaced, left out or put in."""
    found = text.split()
    for _ in range(edits):
        place = CHANCE.randrange(len(found))
        found[place : place + CHANCE.choice((0, 1, 1))] = CHANCE.choice((["mới"], [], ["rất", "khác"]))
    return " ".join(found)


@pytest.mark.parametrize(
    "copy",
    [
        STORY.upper(),
        fold(STORY),
        STORY.replace(",", " -").replace(".", "!!!") + " 😡",
        "Báo Hoa Sen đưa tin: " + STORY,
        STORY + " (Theo Báo Hoa Sen, ảnh: bạn đọc cung cấp)",
        " ".join(STORY.split()[: len(STORY.split()) * 4 // 5]),
        "<p>" + STORY + '</p> <a href="https://example.org/a">Xem thêm</a>',
    ],
    ids=["capitals", "no diacritics", "punctuation", "prefix", "suffix", "cut by a fifth", "markup"],
)
def test_what_syndication_does_to_a_text_leaves_a_copy(copy: str) -> None:
    """A changed frame, spelling or length is the same story."""
    assert are_copies(signed(STORY), signed(copy))


@pytest.mark.parametrize("edits", [1, 3])
def test_a_few_edits_leave_a_copy(edits: int) -> None:
    """In a text of fifty syllables, nearly always."""
    found = [are_copies(signed(STORY), signed(edited(STORY, edits))) for _ in range(200)]
    assert sum(found) >= 195


def test_other_words_of_the_same_place_are_no_copy() -> None:
    """Two texts may share a third of their words."""
    assert not are_copies(signed(STORY), signed(OTHER))


def test_a_short_text_has_no_signature() -> None:
    """Many people write the same seven syllables without copying."""
    assert signed("mất điện nữa rồi bà con ơi!") == b""
    assert len(signed("mất điện nữa rồi bà con xóm mình ơi!")) == 40


def test_a_signature_is_what_it_always_was() -> None:
    """It is compared across processes and versions: a change forgets a day of copies."""
    assert signed(STORY).hex()[:16] == "f999f396524c18a8"


@given(st.text(max_size=400))
def test_any_text_has_a_signature_or_none(text: str) -> None:
    """Forty bytes, the same each time."""
    assert len(signed(text)) in {0, 40}
    assert signed(text) == signed(text)

"""One object that understands a mention: laws that hold for any text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.catalogue import Catalogue, default_catalogue_text
from streams.masking import MASK
from streams.understanding import EXAMPLE_CHARS, MAX_PHRASES, Understanding, polarity_words

CATALOGUE = Catalogue.parse(default_catalogue_text(), "catalogue_vn.toml")
UNDERSTANDING = Understanding(CATALOGUE)

ANYTHING = st.text(alphabet=st.characters(codec=None, categories=None), max_size=300)


@given(ANYTHING, ANYTHING)
@example("\ud800", "\udfff lũ \ud83d")
@example("", "\x00" * 300)
@example("Há»\x8dc phÃ\xad", "Giá điện" + "\x85\x9f")
@example("\u200f\u202eBão lũ\u202c", "\ufeffgiá\u2028điện\u2029")
@example("e\u0301" * 100, "\u202e" * 300)
def test_any_text_has_a_defined_result(title: str, text: str) -> None:
    """Whatever comes in: known ids, probabilities, short samples that can be encoded."""
    assert set(UNDERSTANDING.topics(title, text)) <= CATALOGUE.ids
    found = UNDERSTANDING.polarity(title, text)
    assert 0.0 <= found.negative <= 1.0
    assert 0.0 <= found.positive <= 1.0
    assert found.negative + found.positive <= 1.0 + 1e-9
    sample = UNDERSTANDING.example_text(title, text)
    assert len(sample.encode()) <= 4 * EXAMPLE_CHARS
    assert len(sample) <= EXAMPLE_CHARS
    assert len(UNDERSTANDING.signature(title, text)) in {0, 40}
    assert all(
        0 <= start < end <= len(text) or field == "title"
        for _, field, start, end in UNDERSTANDING.passages(title, text)
    )
    found_phrases = UNDERSTANDING.phrases(title, text)
    assert len(found_phrases) <= MAX_PHRASES
    assert "".join(found_phrases).encode() is not None


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "<a ",
        "&amp;",
        "\ud800",
        "\u0301",
        "0 ",
        "09.",
        "@",
        "a@",
        "bão lũ giá điện ",
        "Ông Bà ",
        "http://",
        "Ã¡ ",
        "á»‡",
        "aaa",
        "\u202e\u200f",
        "không chín ",
        "zalo: a1 ",
    ],
)
def test_a_million_characters_end(piece: str) -> None:
    """A megabyte of whatever is worst for a pattern is understood like its beginning."""
    text = piece * (1_000_000 // len(piece))
    UNDERSTANDING.topics(text, text)
    UNDERSTANDING.polarity(text, text)
    UNDERSTANDING.signature(text, text)
    UNDERSTANDING.passages(text, text)
    assert len(UNDERSTANDING.example_text("", text)) <= EXAMPLE_CHARS
    assert len(UNDERSTANDING.phrases("", text)) <= MAX_PHRASES


@pytest.mark.parametrize(
    ("title", "text", "topics"),
    [
        ("Lũ lụt ở Thái Lan, nhiều người mất tích", "Mưa lớn ba ngày liền.", ()),
        ("Lũ lụt ở Thái Lan", "Nhiều người Việt còn mắc kẹt.", ("bao-lu",)),
        ("Lũ lụt ở Thái Lan, bão sắp vào nước ta", "", ("bao-lu",)),
        ("Lũ lụt ở Lào; lũ quét ở Sơn La", "", ("bao-lu",)),
        ("Lũ lụt ở Thái Lan | Giá xăng tăng", "", ("bao-lu", "xang-dau")),
        ("Lũ lụt ở Lạng Sơn, hàng từ Trung Quốc ùn ứ", "", ("bao-lu",)),
        ("Trung Quốc siết thêm thuế quan", "", ("thue-quan-xuat-khau",)),
        ("", "Lũ lụt ở Thái Lan, nhiều người mất tích", ("bao-lu",)),
        ("Dịch tả heo châu Phi lan rộng", "Nhiều đàn heo bị tiêu hủy.", ("dich-benh",)),
    ],
)
def test_what_happens_abroad_is_no_issue_at_home(title: str, text: str, topics: tuple[str, ...]) -> None:
    """Unless title or lead speaks of home, or the topic counts it anywhere; only a title tells where."""
    assert UNDERSTANDING.topics(title, text) == topics
    assert {passage.topic for passage in UNDERSTANDING.passages(title, text)} == set(topics)


def test_sample_is_title_and_text_without_persons() -> None:
    """A sample shows what was said, in the writer's spelling, and leads to nobody."""
    sample = UNDERSTANDING.example_text("Hòa giải", "Gọi 0912 345 678, @an.nguyen hoặc fb.com/an")
    assert sample == f"Hòa giải – Gọi {MASK}, {MASK} hoặc {MASK}"


def test_long_sample_is_cut_at_a_word() -> None:
    """What is cut says so."""
    sample = UNDERSTANDING.example_text("", "điện lực " * 100)
    assert sample.endswith("…")
    assert sample[:-1].split()[-1] in {"điện", "lực"}
    assert len(UNDERSTANDING.example_text("", "x" * 500)) == EXAMPLE_CHARS


def test_number_at_the_cut_is_masked_whole() -> None:
    """Masking comes before cutting, so no half number is left."""
    sample = UNDERSTANDING.example_text("", "a" * 190 + " 0912345678")
    assert not any(character.isdigit() for character in sample)


def test_phrases_come_from_the_title_if_there_is_one() -> None:
    """The title says the point; a comment has only its text."""
    assert UNDERSTANDING.phrases("Sập cầu Phong Châu", "Nhiều người mất tích") == UNDERSTANDING.phrases(
        "Sập cầu Phong Châu", ""
    )
    assert "mất tích" in UNDERSTANDING.phrases("", "Nhiều người mất tích")


def test_phrases_hold_no_handle_and_no_number_of_a_person() -> None:
    """What identifies a person is no phrase."""
    found = " ".join(
        UNDERSTANDING.phrases(
            "", "nhắn tin @nguyen.an số 0912345678 hoặc nick Facebook facebook.com/an.nguyen"
        )
    )
    assert "nguyen" not in found
    assert "0912" not in found


def test_same_text_same_understanding() -> None:
    """A second object says the same: nothing depends on the process or on what came before."""
    other = Understanding(Catalogue.parse(default_catalogue_text(), "catalogue_vn.toml"))
    for title, text in [("Lũ quét ở Sơn La", "Nhiều nhà bị cuốn trôi"), ("", "evn cat dien hoai, chan qua")]:
        assert UNDERSTANDING.topics(title, text) == other.topics(title, text)
        assert UNDERSTANDING.polarity(title, text) == other.polarity(title, text)
        assert UNDERSTANDING.phrases(title, text) == other.phrases(title, text)


def test_repeated_letters_are_said_once() -> None:
    """Stretched words of comments are the words."""
    assert polarity_words("", "tệệệệ quáááá") == ["tệ", "quá"]

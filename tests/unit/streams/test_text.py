"""The normal form of Vietnamese text."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.text import (
    MAX_CHARS,
    canonical,
    classic,
    fold,
    has_marks,
    normalise,
    normalised,
    readable,
    words,
)

EQUAL = [
    ("composed and decomposed", "bộ y tế", unicodedata.normalize("NFD", "bộ y tế")),
    ("case", "BỘ CÔNG THƯƠNG", "bộ công thương"),
    ("tone on open oa", "hòa bình", "hoà bình"),
    ("tone on open oe", "khỏe", "khoẻ"),
    ("tone on open uy", "ủy ban, thủy lợi", "uỷ ban, thuỷ lợi"),
    ("tone misplaced in a closed syllable", "tòan dân ngòai trời", "toàn dân ngoài trời"),
    ("zero-width space", "lừa\u200b đảo", "lừa đảo"),
    ("soft hyphen", "ngộ\u00ad độc", "ngộ độc"),
    ("variation selector", "❤\ufe0f", "❤"),
    ("no-break space", "giá\u00a0điện", "giá điện"),
    ("white space of any length", "giá \t\r\n  điện", "giá điện"),
    ("right-to-left marks", "\u202egiá điện\u202c\u200f", "giá điện"),
    ("control characters", "giá\x00điện\x1f", "giá điện"),
    ("Cyrillic look-alikes", "bộ у tế, сао tốс", "bộ y tế, cao tốc"),
    ("eth for đ", "Ðiện lực ðiện", "điện lực điện"),
    ("full width", "ＥＶＮ", "evn"),
    ("mathematical letters", "𝐄𝐕𝐍 𝗕𝗢𝗧", "evn bot"),
    ("entities", "GD&amp;ĐT&nbsp;họp &#7897;", "gd&đt họp ộ"),
    ("entities twice", "a &amp;lt;br&amp;gt; b", "a b"),
    ("tags", "<p class='x'>giá <b>điện</b><br/>tăng</p>", "giá điện tăng"),
    ("stretched letters", "tệệệ quáááá điiii", "tệ quá đi"),
    ("stretched without its mark", "quáaaaa tệeee trờiii ơiiii", "quá tệ trời ơi"),
    ("stretched capitals", "TRỜIIII ơIIii", "trời ơi"),
    ("dotted capital I of Turkish", "HÀ NỘİ", "hà nội"),
    ("UTF-8 read as Latin-1", "Giá điện ở Huế 😡".encode().decode("latin-1"), "giá điện ở huế 😡"),
    ("UTF-8 read as Windows-1252", "Tiáº¿ng Viá»‡t cÃ³ dáº¥u, â€œÄ‘áº¹pâ€¦", "tiếng việt có dấu, “đẹp…"),
    ("UTF-8 misread twice", "điện".encode().decode("latin-1").encode().decode("latin-1"), "điện"),
    ("a misread text that was cut", "giá điện".encode()[:-4].decode("latin-1"), "giá đi"),
    ("misread entities", "h&aacute;º¿t &Auml;‘iá»‡n", "hết điện"),
    ("links", "xem https://evn.com.vn/gia-dien?x=1 nhé", "xem nhé"),
    ("handles and addresses of mail", "hỏi @evn.vn hay a.b@evn.com.vn đi", "hỏi hay đi"),
]
SAME = [
    "Đại hội XIII, khoá viii, mục III",
    "CCCD, PCCC, TTTT và cccd",
    "xoong nồi",
    "rock & roll!!!",
    "000 và 111",
    "‘LÃ’ và 'quá”…",
    "ĐÃ… xong",
    "Ã¡ đã",
    "café Zürich",
    "a < b và c > d",
    "5 <3 bạn",
    "R&D",
    "quý khách",
    "hoàn toàn",
    "huỷ hoại",
    "giá 1.500.000đ",
    "100% 😡!",
]


@pytest.mark.parametrize(("name", "one", "other"), EQUAL, ids=[case[0] for case in EQUAL])
def test_two_spellings_of_one_text_are_equal(name: str, one: str, other: str) -> None:
    """What a reader takes for the same text has one normal form."""
    assert normalise(one) == normalise(other), name


@pytest.mark.parametrize("text", SAME)
def test_what_is_normal_stays(text: str) -> None:
    """Normalisation changes nothing but spelling variants."""
    assert canonical(text) == text


NASTY = st.text(alphabet=st.characters(codec=None, categories=None), max_size=80)
PIECES = st.lists(
    st.sampled_from(
        [
            *("&", "amp;", "<", "b>", "@", "a", ".", "ò", "a\u0301", "\u200b", "&#60;", "\ud800", "uy", " "),
            *(
                "aaa",
                "ooò",
                "á",
                "Á",
                "iii",
                "X",
                "htttp",
                "://",
                "wwww",
                ".x",
                "/",
                "Ã",
                "¡",
                "á»",
                "‡",
                "İ",
            ),
        ]
    ),
    max_size=25,
).map("".join)


@given(st.one_of(NASTY, PIECES))
@example("&amp;amp;amp;amp;amp;amp;lt;b>")
@example("<\u200bb>")
@example("@0@0")
@example("&hearttts;")
@example("<a" + "b" * 500 + ">")
def test_normal_form_is_idempotent(text: str) -> None:
    """A text in normal form is left alone, in small letters too."""
    for form in (readable, canonical, normalise):
        assert form(form(text)) == form(text)


@given(st.one_of(NASTY, PIECES))
def test_offsets_lead_back_to_the_original(text: str) -> None:
    """One normaliser: the same text as without offsets, and offsets that ascend within the original."""
    found = normalised(text)
    assert found.text == canonical(text)
    assert len(found.text.lower()) == len(found.text) == len(found.offsets) - 1
    assert found.offsets == sorted(found.offsets)
    assert 0 <= found.offsets[0] <= found.offsets[-1] <= len(text)


WORDS = st.lists(
    st.sampled_from(("điện", "Huế", "toà", "a", "thuỷ", "VH-TT&DL", "😡", "3,5%")), min_size=1, max_size=8
)
SPELLINGS = st.sampled_from(
    (
        str,
        str.upper,
        lambda word: unicodedata.normalize("NFD", word),
        "\u200b".join,
        lambda word: f"<b class='x'>{word}</b>",
        lambda word: word.replace("&", "&amp;"),
        lambda word: word + 4 * word[-1] if word[-1].isalpha() else word,
    )
)


@given(WORDS, st.lists(SPELLINGS, min_size=8, max_size=8))
def test_each_word_leads_back_to_its_spelling(kept: list[str], spellings: list[Callable[[str], str]]) -> None:
    """What is found in the normal form can be shown in the original: the same word, alone, and all of it."""
    spelt = [spell(word) for word, spell in zip(kept, spellings, strict=False)]
    original = " &nbsp; ".join(spelt)
    found, place = normalised(original), 0
    for word in spelt:
        expected = normalise(word)
        start = found.text.lower().index(expected, place)
        place = start + len(expected)
        part = original[found.source(start, place)]
        assert normalise(part) == expected
        assert part.strip() in word or word in part


def test_repair_wants_a_text_that_is_misread_as_a_whole() -> None:
    """One letter that no misreading gives, and the text is left alone."""
    assert canonical("Ã¡ và Ã¡") == "Ã¡ và Ã¡"
    assert canonical("Ã¡ va Ã¡") == "á va á"


@given(st.one_of(NASTY, PIECES))
def test_result_can_always_be_encoded(text: str) -> None:
    """No lone surrogate survives, so nothing later fails to encode."""
    canonical(text).encode()
    readable(text).encode()


def test_letters_of_other_scripts_stay_words() -> None:
    """A text that is not Latin is still text."""
    assert words(normalise("北京 한국")) == ["北京", "한국"]


def test_excess_is_cut() -> None:
    """A text beyond the limit costs no more than one at the limit."""
    assert len(canonical("xy" * 500_000)) == MAX_CHARS


def test_readable_keeps_the_persons_spelling() -> None:
    """What officers read has the tone marks where the writer put them, and links."""
    assert readable("hòa  và hoà\u200b: https://a.vn") == "hòa và hoà: https://a.vn"


def test_classic_restores_print_spelling() -> None:
    """Phrases show tone marks as most print does, without touching closed syllables."""
    assert classic(canonical("Hoà Lạc, thuỷ điện, quý, hoàn, uỷ")) == "Hòa Lạc, thủy điện, quý, hoàn, ủy"


@pytest.mark.parametrize("text", ["Đường bộ", "ƯỚC ước", "Nguyễn Huệ", "plain", ""])
def test_folding_keeps_length_and_leaves_no_mark(text: str) -> None:
    """Offsets in a folded text are offsets in the text."""
    folded = fold(canonical(text))
    assert folded.isascii()
    assert len(folded) == len(canonical(text))


def test_marks_are_vietnamese_diacritics() -> None:
    """Pictures, quotes and other scripts are no diacritics."""
    assert has_marks("đi")
    assert not has_marks("di “cho” 😡 – café".replace("é", "e"))


def test_words_keep_numbers_pictures_and_sentence_marks() -> None:
    """Readers of words see clauses and pictures."""
    assert words("tệ quá!! 😡 giá 3,5%") == ["tệ", "quá", "!!", "😡", "giá", "3", ",", "5"]

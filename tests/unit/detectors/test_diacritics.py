"""Diacritics given back: counting, file, restoring."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import diacritics
from detectors.diacritics import DiacriticsError, Restorer
from streams.understanding import bundled_lexicons

TEXTS = [text.split() for text in ("giá điện tăng", "gia đình có điện", "già làng có gia đình")] * 3
COUNTED = diacritics.count(TEXTS)
FILE = diacritics.pack("three texts", *COUNTED)
LEXICONS = bundled_lexicons()


@pytest.mark.parametrize(
    ("bare", "marked"),
    [("gia dien tang", "giá điện tăng"), ("gia dinh co dien", "gia đình có điện"), ("gia lang", "già làng")],
)
def test_neighbours_decide_between_spellings(bare: str, marked: str) -> None:
    """The same syllable gets the diacritics that fit what stands beside it."""
    assert Restorer(*COUNTED).restore(bare.split()) == marked.split()


@pytest.mark.parametrize(
    ("bare", "marked"),
    [
        ("nguoi dan buc xuc vi mat dien keo dai", "người dân bức xúc vì mất điện kéo dài"),
        ("khong hai long ve thai do phuc vu", "không hài lòng về thái độ phục vụ"),
        ("ok shop nha :", "ok shop nha :"),
    ],
)
def test_what_is_shipped_restores_everyday_sentences(bare: str, marked: str) -> None:
    """Words that no diacritics belong to stay."""
    assert " ".join(LEXICONS.restored(bare.split())) == marked


@given(st.lists(st.text(max_size=8), max_size=12))
def test_restoring_changes_diacritics_only(words: list[str]) -> None:
    """Any words, lone surrogates included, come back with the same letters."""
    restored = Restorer(*COUNTED).restore(words)
    assert [diacritics.plain(one) for one in restored if one not in words] == [
        word for one, word in zip(restored, words, strict=True) if one not in words
    ]


def test_a_file_is_read_as_it_was_written() -> None:
    """The restorer of a file restores like the one that was counted."""
    words = ["gia", "dien", "tang"]
    assert diacritics.unpack(FILE).restore(words) == Restorer(*COUNTED).restore(words)


def _repacked(change: bytes) -> bytes:
    """Return the file with its first 40 bytes of content replaced by `change`."""
    body = zlib.decompress(FILE[8:])
    return FILE[:8] + zlib.compress(change + body[len(change) :])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a file of diacritics"),
        (FILE[:-9], "damaged"),
        (FILE[:8] + b"x", "damaged"),
        (_repacked(b"\0\0\0\2{}"), "damaged"),
        (FILE[:8] + zlib.compress(zlib.decompress(FILE[8:])[:-1]), "too short"),
        (
            FILE[:8] + zlib.compress(zlib.decompress(FILE[8:]).replace(b'"format":1', b'"format":7')),
            "format 7",
        ),
    ],
)
def test_a_bad_file_is_refused(data: bytes, said: str) -> None:
    """One line says what is wrong; nothing of the file is run."""
    with pytest.raises(DiacriticsError, match=said):
        diacritics.unpack(data)

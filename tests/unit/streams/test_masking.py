"""Masking: what leads to a person goes, what the text is about stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.masking import MASK, mask

PERSONAL = """
0912345678|0912.345.678|0912 345 678|0912-345-678|09.12.34.56.78|0 9 1 2 3 4 5 6 7 8|+84912345678
(+84) 912 345 678|84 912 345 678|024 3825 1234|(024) 3825 1234|028.3822.1234|a.b@gmail.com
a.b [at] gmail.com|nguyen_van-a+1@mail.co.vn|001085012345|001 085 012 345|19036789012345
1903 6789 0123 4567|29A-123.45|51F-12345|30H12345|59-X1 123.45|59X1-12345|29-B1 12345|29A 1234
80-NG-123-45|@nguyenvana|@nguyen.van.a|facebook.com/nguyen.van.a|https://www.facebook.com/a?id=100
fb.com/abc|m.facebook.com/abc|t.me/abc|zalo.me/0912345678|https://www.tiktok.com/@abc
https://youtube.com/@abc
"""
NAMED = """
CCCD: 001 085 012 345|CMND số 012345678|STK: 19036789012345|stk VCB: 0071001234567|tk 1903 6789 0123 45
sđt: 0912345678|số tài khoản 12345678|hộ chiếu B1234567|Zalo 0987654321
"""
PUBLIC = """
ngày 31/12/2025|ngày 31.12.2025|12-11-2025|2025-11-24|1.500.000 đồng|1,500,000,000 VND|1500000 đồng
150.000.000.000 đồng|12 000 000 000 đồng|Nghị định 168/2024/NĐ-CP|Điều 123 khoản 4 Luật 61/2020/QH14
Thông tư 29/2024/TT-BGDĐT|1900 1234|Quyết định 1234/QĐ-TTg|hotline 19001234|19h30 ngày 24/11
năm 2025-2026|tài khoản 500 triệu|QL1A 2025|Covid-19|5G 2025|RON 95 20.500|đường 36A 2025
tọa độ 21.0285, 105.8542|lúc 10:30:45|tài khoản bị trừ 50000000 đồng|TK 2025-2026|113|37,5%
Vành đai 3 TP.HCM|lớp 10A1|Boeing 787|xăng E5 RON92|30.000 - 50.000 đồng|từ 2015 đến 2020|A320|điểm 27,25
tỷ số 3-2
"""


def _rows(table: str) -> list[str]:
    return [row for line in table.strip().splitlines() for row in line.split("|")]


@pytest.mark.parametrize("reference", _rows(PERSONAL))
def test_personal_reference_goes(reference: str) -> None:
    """Nothing of the reference is left and nothing around it is lost."""
    assert mask(f"Gọi {reference} nhé") == f"Gọi {MASK} nhé"


@pytest.mark.parametrize("reference", _rows(NAMED))
def test_number_after_its_name_goes(reference: str) -> None:
    """A number that the text itself calls an account, card or phone is masked; the name stays."""
    masked = mask(f"Gửi {reference} nhé")
    assert not any(character.isdigit() for character in masked)
    assert masked.startswith("Gửi ")
    assert masked.endswith(f"{MASK} nhé")


@pytest.mark.parametrize("reference", _rows(PUBLIC))
def test_date_money_and_law_stay(reference: str) -> None:
    """What the text is about is not touched."""
    assert mask(f"Hôm nay {reference} thôi") == f"Hôm nay {reference} thôi"


def test_other_addresses_keep_their_host() -> None:
    """A link's path can name a person; its host says where it led."""
    assert mask("xem https://vnexpress.net/a-1.html?u=b") == f"xem vnexpress.net/{MASK}"


@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=200))
def test_masked_text_stays_masked(text: str) -> None:
    """Masking twice changes nothing more, whatever the text."""
    once = mask(text)
    assert mask(once) == once


@pytest.mark.parametrize(
    "piece", ["0", "9 ", "09.", "a.", "a@", "@", "29A-", "http://", "fb.com/", "tk ", "[at]", "("]
)
def test_hostile_repetition_ends(piece: str) -> None:
    """A long run of the start of a pattern is no trap (a backtracking one would take hours here)."""
    assert len(mask(piece * (200_000 // len(piece)))) <= 200_000 + len(MASK)

"""The vietnews corpus: files cut into words become running text again."""

import pytest

from deploy.vietnews import joined, title_and_lead


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("Bản_án cho đối_tượng giả_danh công_an", "Bản án cho đối tượng giả danh công an"),
        ("Ngày 25/2 , TAND TP. Đà_Nẵng ( SN 1994 ) .", "Ngày 25/2, TAND TP. Đà Nẵng (SN 1994)."),
        ('Dằn mặt , Mỹ lồng " lưới trời " ?', 'Dằn mặt, Mỹ lồng "lưới trời"?'),
        ('" Nổ " là sĩ_quan , " cò " đất', '"Nổ" là sĩ quan, "cò" đất'),
        ('một dấu " không đóng', 'một dấu "không đóng'),
        ("“ nổ ” là sĩ_quan", "“nổ” là sĩ quan"),
        ("tỷ_số 2 - 1 , 12 / 2018", "tỷ số 2-1, 12/2018"),
        ("kẹt xe TP. HCM", "kẹt xe TP.HCM"),
        ("hoa\u0300 bi\u0300nh", "hoà bình"),
        ("", ""),
    ],
)
def test_words_become_running_text(cut: str, whole: str) -> None:
    """Ties and the spaces around marks go, quotation marks pair up, letters are composed."""
    assert joined(cut) == whole


def test_running_text_stays_as_it_is() -> None:
    """Joining twice changes nothing."""
    text = joined('Dằn mặt , Mỹ lồng " lưới trời " ( S-400 ) 2 - 1')
    assert joined(text) == text


def test_title_and_lead_are_the_first_parts_of_a_file() -> None:
    """The body is left out, a lead is cut, an absent one is empty."""
    assert title_and_lead("Một\n\nHai .\n\nBa") == ("Một", "Hai.")
    assert title_and_lead("Một") == ("Một", "")
    assert len(title_and_lead("Một\n\n" + "dài " * 500)[1]) <= 400

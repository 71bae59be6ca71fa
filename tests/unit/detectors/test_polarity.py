"""Polarity: laws of the three estimators and of the model that joins them."""

import copy
import math
import pickle
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import base, checks

from detectors.polarity import (
    Corrector,
    GramClassifier,
    GramReader,
    Label,
    LexiconClassifier,
    Polarity,
    PolarityModel,
    gram_pipeline,
)
from streams.text import fold, normalise, words
from streams.understanding import bundled_lexicons, bundled_polarity

MODEL, LEXICONS = bundled_polarity(), bundled_lexicons()
CLASSIFIERS = [LexiconClassifier, GramClassifier, Corrector]

NEGATIVE = [
    "Hàng trăm học sinh nhập viện nghi ngộ độc thực phẩm",
    "Người dân bức xúc vì trạm thu phí đặt sai chỗ",
    "Khởi tố giám đốc sở nhận hối lộ",
    "Tiền điện tháng này tăng gấp đôi, quá vô lý",
    "Cây xăng đóng cửa, người dân xếp hàng dài",
    "Không được hỗ trợ gì cả, thất vọng quá",
    "lo quá, nước dâng tới sân rồi",
    "Sợ quá mọi người ơi",
    "Thất vọng về cách trả lời của phường",
    "nguoi dan buc xuc vi mat dien keo dai",
    "lu quet cuon troi nhieu nha, 3 nguoi mat tich",
    "The flood killed three people and the shortage is terrible 😡",
]
POSITIVE = [
    "Cảm ơn các bác sĩ đã tận tình cứu sống cháu bé",
    "Bộ trưởng khen thưởng đội cứu hộ",
    "Thủ tục nhanh gọn, cán bộ thân thiện, rất hài lòng",
    "Việt Nam giành huy chương vàng",
    "cam on cac chien si da giup do, tu hao qua",
    "Thank you, excellent and helpful service 👍",
]
NEUTRAL = [
    "Họp báo thường kỳ tháng 11",
    "Bảo tàng mở cửa cho học sinh tham quan",
    "Lịch nghỉ Tết năm 2026",
    "Phòng chống tham nhũng: hội nghị toàn quốc",
    "Bệnh viện đa khoa tỉnh đổi tên",
    "",
]


def _judge(model: PolarityModel, text: str) -> tuple[float, float]:
    found = model.judge(words(normalise(text)))
    return found.negative, found.positive


@pytest.mark.parametrize("text", NEGATIVE)
def test_bad_news_and_anger_are_negative(text: str) -> None:
    """With and without diacritics, press and comment, Vietnamese and English."""
    negative, positive = _judge(MODEL, text)
    assert negative > 0.5 > positive


@pytest.mark.parametrize("text", POSITIVE)
def test_praise_and_success_are_positive(text: str) -> None:
    """The positive side wins clearly."""
    negative, positive = _judge(MODEL, text)
    assert positive > 0.5 > negative


@pytest.mark.parametrize("text", NEUTRAL)
def test_plain_news_is_neither(text: str) -> None:
    """Expressions that hide a crisis word count for nothing; an empty text says nothing."""
    negative, positive = _judge(MODEL, text)
    assert negative < 0.3
    assert positive < 0.3


def test_a_hotline_and_a_visit_are_no_crisis() -> None:
    """Expressions in which a crisis word means something else."""
    for text in (
        "Công bố đường dây nóng của sở",
        "Khánh thành đường dây 500kV",
        "Trường mở cửa đón khách tham quan",
    ):
        negative, _ = _judge(MODEL, text)
        assert negative < 0.45


def test_correction_by_officials_is_less_negative_than_the_rumour() -> None:
    """A denial turns what it denies."""
    rumour, _ = _judge(MODEL, "Tin đồn vỡ đập khiến dân hoảng loạn")
    denial, _ = _judge(MODEL, "Bác bỏ tin đồn, khẳng định không có chuyện đó, đập an toàn")
    assert denial < 0.3 < rumour


@pytest.mark.parametrize("text", [*NEGATIVE[:7], *POSITIVE[:4]])
def test_a_text_is_judged_alike_without_its_diacritics(text: str) -> None:
    """What is typed without diacritics means what it means with them; of "so qua" nobody can tell."""
    marked, bare = _judge(MODEL, text), _judge(MODEL, fold(normalise(text)))
    assert (bare[0] > 0.5, bare[1] > 0.5) == (marked[0] > 0.5, marked[1] > 0.5)


features = st.dictionaries(
    st.sampled_from(["negative", "positive", "a", "b"]), st.floats(0.0, 5.0), max_size=4
)


@pytest.mark.parametrize("kind", CLASSIFIERS)
class TestEveryClassifier:
    """What River asks of a classifier."""

    @given(features, st.sampled_from(list(Label)))
    def test_probabilities_before_and_after_learning(
        self, kind: type[base.Classifier], x: dict[str, float], y: Label
    ) -> None:
        """Probabilities of all labels sum up to 1; learning a label does not make it less likely."""
        model = kind()
        before = model.predict_proba_one(x)
        given_x = copy.deepcopy(x)
        model.learn_one(x, y)
        after = model.predict_proba_one(x)
        assert x == given_x
        for odds in (before, after):
            assert set(odds) == set(Label)
            assert sum(odds.values()) == pytest.approx(1.0)
        assert after[y] >= before[y] - 1e-9
        assert model.predict_one(x) in set(Label)

    def test_pickle_keeps_what_was_learned(self, kind: type[base.Classifier]) -> None:
        """A stored model judges as it did."""
        model = kind()
        model.learn_one({"a": 1.0}, Label.NEGATIVE)
        again = pickle.loads(pickle.dumps(model))  # noqa: S301
        assert again.predict_proba_one({"a": 1.0}) == model.predict_proba_one({"a": 1.0})

    def test_clone_has_learned_nothing(self, kind: type[base.Classifier]) -> None:
        """River can start a model afresh."""
        model = kind()
        model.learn_one({"a": 1.0}, Label.NEGATIVE)
        assert model.clone().predict_proba_one({"a": 1.0}) == kind().predict_proba_one({"a": 1.0})


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_river_accepts_the_estimator(kind: type[base.Classifier]) -> None:
    """River's own checks pass, but for the one that asks for labels beyond negative, neutral and positive."""
    for check in checks.yield_checks(kind()):
        if check.__name__ not in _BEYOND_OUR_LABELS:
            check(kind())


_BEYOND_OUR_LABELS = ("check_classifier_tracks_seen_labels",)


def test_words_go_in_and_probabilities_come_out_of_one_pipeline() -> None:
    """Featuriser and regressions are one River pipeline: learning, cloning and storing go through it."""
    pipeline = gram_pipeline()
    for _ in range(50):
        pipeline.learn_one(["vỡ", "đê"], Label.NEGATIVE)
        pipeline.learn_one(["được", "mùa"], Label.POSITIVE, w=0.5)
    again = pickle.loads(pickle.dumps(pipeline))  # noqa: S301
    assert again.predict_one(["vỡ", "đê"]) == Label.NEGATIVE
    assert again.predict_one(["được", "mùa"]) == Label.POSITIVE
    fresh = pipeline.clone().predict_proba_one(["vỡ", "đê"])
    assert fresh == gram_pipeline().predict_proba_one(["vỡ", "đê"])


def test_grams_are_of_unit_length_and_the_same_everywhere() -> None:
    """Hashes do not depend on the process; an empty text has no features."""
    reader = GramReader()
    grams = reader.transform_one(["giá", "điện"])
    assert sum(value**2 for value in grams.values()) == pytest.approx(1.0)
    assert len(grams) == 6
    assert len(set(grams) & set(reader.transform_one(["gia", "dien"]))) == 3
    assert reader.transform_one([]) == {}
    assert reader.codes(["gia"]) == {crc32(b"gia") % (1 << 20), (crc32(b"gia") ^ 0x5BD1E995) % (1 << 20)}


def test_lexicon_teaches_new_words() -> None:
    """A word that stands beside crisis words becomes negative itself; one that never does stays."""
    model = bundled_polarity()
    before, _ = _judge(model, "gạo zín về chợ")
    for _ in range(150):
        model.learn(words("gạo zín gây ngộ độc khiến hai người tử vong"))
        model.learn(words("chợ mở cửa buổi sáng"))
    after, _ = _judge(model, "gạo zín về chợ")
    calm, _ = _judge(model, "chợ mở cửa")
    assert after > before + 0.04
    assert calm <= 0.2


def test_one_correction_changes_the_next_prediction_and_only_texts_that_share_words() -> None:
    """An officer sees the effect at once; unrelated texts hardly move."""
    model = bundled_polarity()
    text, other = "sữa học đường đổi vị", "Hội nghị toàn quốc về biển"
    before, unrelated = _judge(model, text), _judge(model, other)
    model.correct(words(normalise(text)), Label.NEGATIVE)
    assert _judge(model, text)[0] > before[0] + 0.1
    assert _judge(model, other) == pytest.approx(unrelated, abs=0.02)


def test_a_correction_can_be_taken_back() -> None:
    """What is left is as if it had never been given."""
    model, other = bundled_polarity(), bundled_polarity()
    given = [("sữa học đường đổi vị", Label.NEGATIVE), ("họp tổ dân phố", Label.POSITIVE)]
    places = [model.correct(words(text), label) for text, label in given]
    other.correct(words(given[1][0]), given[1][1])
    model.revert(places[0])
    assert model.corrections == 1
    for text, _ in given:
        assert _judge(model, text) == _judge(other, text)
    with pytest.raises(IndexError):
        model.revert(5)


def test_judging_learns_nothing() -> None:
    """The same text means the same however many others were judged between: live equals backtest."""
    model = bundled_polarity()
    before = _judge(model, NEGATIVE[0])
    for text in (*POSITIVE, *NEUTRAL):
        _judge(model, text)
    assert _judge(model, NEGATIVE[0]) == before


def test_hostile_corrections_cannot_wreck_the_model() -> None:
    """A thousand false labels for one text move it by a bounded amount and leave clear cases clear."""
    model = bundled_polarity()
    for _ in range(1_000):
        model.correct(words("ngộ độc thực phẩm"), Label.POSITIVE)
    assert _judge(model, NEGATIVE[2])[0] > 0.5
    assert _judge(model, POSITIVE[0])[1] > 0.5
    assert _judge(model, "ngộ độc thực phẩm")[0] > 0.001


texts = st.lists(st.sampled_from(["vỡ", "đê", "khen", "cầu", "mới", "giá", "tăng", "ngộ", "độc"]), min_size=1)
labels = st.sampled_from(list(Label))


@given(st.lists(st.tuples(texts, labels), max_size=30), texts)
@settings(max_examples=25)
def test_no_corrections_move_a_text_further_than_their_limit(
    given_corrections: list[tuple[list[str], Label]], text: list[str]
) -> None:
    """Whatever is corrected, in whatever order, log-odds move by at most 4; taking all back restores all."""
    model = PolarityModel(LEXICONS)
    before = model.judge(text)
    for words_, label in given_corrections:
        model.correct(words_, label)
    after = model.judge(text)
    for one, other in zip(_log_odds(before), _log_odds(after), strict=True):
        assert abs(one - other) <= 4.0 + 1e-6
    for _ in given_corrections:
        model.revert(0)
    assert model.judge(text) == before


def _log_odds(found: Polarity) -> tuple[float, float]:
    neutral = 1.0 - found.negative - found.positive
    return math.log(found.negative / neutral), math.log(found.positive / neutral)


@given(texts, labels)
@settings(max_examples=25)
def test_a_correction_moves_its_text_towards_its_label_at_once(text: list[str], label: Label) -> None:
    """The label given is likelier at the next reading of the same text."""
    model = PolarityModel(LEXICONS)
    before = _shares(model.judge(text))
    model.correct(text, label)
    assert _shares(model.judge(text))[label] > before[label]


def _shares(found: Polarity) -> dict[Label, float]:
    return {
        Label.NEGATIVE: found.negative,
        Label.POSITIVE: found.positive,
        Label.NEUTRAL: 1.0 - found.negative - found.positive,
    }

"""What polarity is trained from: the files that ship, and how they are read."""

import re
from collections import Counter
from pathlib import Path

import numpy as np

from deploy.polarity_training import (
    COMMENTS,
    GRADES,
    INVENTED,
    LABELS,
    VIETNEWS_GRADES,
    Article,
    Given,
    Lesson,
    fit_softmax,
    is_bare,
    joined,
    judged_across,
    learn,
    read_comments,
    read_grades,
    read_invented,
    read_labels,
    read_vietnews,
    shares,
    told,
)
from detectors.polarity import GramReader, Label, PolarityModel
from streams.masking import mask
from streams.understanding import bundled_lexicons, polarity_words


def test_patterns_are_filled_and_every_label_has_its_share() -> None:
    """No slot is left open, and no label is rarer than one comment in ten."""
    comments = read_comments(COMMENTS)
    assert not [text for text, _ in comments if "{" in text or not text]
    counts = Counter(label for _, label in comments)
    assert min(counts[label] for label in Label) >= len(comments) / 10


def test_labels_are_of_articles_and_not_of_texts() -> None:
    """The file holds ids, no title; sure labels count more than doubtful ones."""
    labels = read_labels(LABELS)
    assert {len(article) for article in labels} == {32}
    assert {one.weight for one in labels.values()} == {0.5, 1.0}
    assert len(labels) > 6_000


def test_grades_are_of_articles_that_have_no_label() -> None:
    """The file holds ids, no title; no article is judged twice."""
    grades = read_grades(GRADES)
    assert {len(article) for article in grades} == {32}
    assert grades.keys().isdisjoint(read_labels(LABELS))


def test_grades_of_vietnews_name_files_and_keep_some_back() -> None:
    """The file holds part and number of an article, no title; what validates is not learned from."""
    learned, kept_back = read_grades(VIETNEWS_GRADES), read_grades(VIETNEWS_GRADES, "validate")
    assert all(re.fullmatch(r"(train|val|test)/\d{6}", article) for article in [*learned, *kept_back])
    assert learned.keys().isdisjoint(kept_back)
    assert len(kept_back) > 1_500


def test_a_checkout_of_vietnews_is_read_always_alike(tmp_path: Path) -> None:
    """Titles come once each, those too short never, in an order that another reading repeats."""
    folder = tmp_path / "data" / "train_tokenized"
    folder.mkdir(parents=True)
    titles = ["Giá_cả tăng ở chợ", "Giá_cả TĂNG ở chợ", "Mưa lớn ở miền Trung", "Ngắn quá"]
    for number, title in enumerate(titles):
        (folder / f"{number:06}.txt.seg").write_text(f"{title}\n\nTóm_tắt .\n\nThân", encoding="utf-8")
    found = read_vietnews(tmp_path)
    assert {one.id for one in found} == {"train/000000", "train/000002"}
    assert {one.headline for one in found} == {"Giá cả tăng ở chợ", "Mưa lớn ở miền Trung"}
    assert [one.id for one in read_vietnews(tmp_path)] == [one.id for one in found]
    assert found[0].whole == [*found[0].title, ".", "tóm", "tắt", "."]


def _articles(*titles: str) -> list[Article]:
    return [
        Article({"id": str(number), "title": title, "summary": title, "published_at": "2019"})
        for number, title in enumerate(titles)
    ]


def test_an_article_is_judged_by_what_learned_the_other_half_only() -> None:
    """What one half calls bad becomes bad for the other, and never for itself."""
    lexicon = PolarityModel(bundled_lexicons())
    articles = _articles(*["xe buýt màu tím"] * 40)
    lessons = [(one, np.array((0.95, 0.01))) for one in articles if one.half == 0]
    found = judged_across(articles, lessons, lexicon)[:, 0]
    halves = np.array([one.half for one in articles])
    assert found[halves == 1].min() > found[halves == 0].max()


def test_what_somebody_said_of_an_article_moves_its_probabilities() -> None:
    """A sure judgement replaces them, a doubtful one moves them half the way, all others stay."""
    given = {"0": Given((0.9, 0.05)), "1": Given((0.9, 0.05), weight=0.5)}
    found = told(np.full((3, 2), 0.1), _articles("a", "b", "c"), given)
    assert np.allclose(found[:, 0], [0.9, 0.5, 0.1])


def test_halves_and_teacher_speak_together_of_what_both_judged() -> None:
    """Both agree with what was given; an article without a teacher is judged by the halves alone."""
    articles = _articles("a", "b", "c", "d")
    across = np.array([[2.0, -2.0] * 2, [-2.0, 2.0] * 2, [2.0, -2.0] * 2, [-2.0, 2.0] * 2])
    taught = np.array([[0.8, 0.1], [0.1, 0.8]])
    given = {"0": Given((0.9, 0.05)), "1": Given((0.05, 0.9))}
    found = joined(across, taught, articles, given)
    assert (found[[0, 2], 0] > 0.5).all()
    assert (found[[1, 3], 1] > 0.5).all()


def test_probabilities_of_grades_rise_with_them() -> None:
    """A text that is called worse is believed to be more negative and less positive."""
    odds = sorted({one.given.odds for one in read_invented(INVENTED)}, reverse=True)
    assert len(odds) == 5
    assert [positive for _, positive in odds] == sorted(positive for _, positive in odds)


def test_invented_texts_differ_and_name_no_number_or_account() -> None:
    """Nothing is taught twice, and nothing in the file would have to be masked."""
    texts = [one.headline for one in read_invented(INVENTED)]
    assert len(set(texts)) == len(texts)
    assert [text for text in texts if mask(text) != text] == []


def test_text_without_diacritics_is_known() -> None:
    """It may not teach which diacritics words have."""
    assert is_bare("gia lua nhich len")
    assert not is_bare("giá lúa nhích lên")


def test_a_softmax_finds_the_side_of_what_it_was_given() -> None:
    """Fitted probabilities follow the given ones, and heavier texts count more."""
    values = [[1.0], [-1.0], [-1.0]]
    given = [Given((0.9, 0.05)), Given((0.05, 0.9)), Given((0.9, 0.05), weight=0.1)]
    found = shares(np.array([[1.0, 1.0], [-1.0, 1.0]]), fit_softmax(np.array(values), given, ridge=0.1))
    assert found[0, 0] > found[0, 1]
    assert found[1, 1] > found[1, 0]


def test_a_few_texts_teach_their_words_with_diacritics_and_without() -> None:
    """What stands in negative texts becomes negative, though the lexicon is silent."""
    lexicon = PolarityModel(bundled_lexicons())
    said = {"xe buýt màu tím": (0.9, 0.05), "xe buýt màu vàng": (0.05, 0.9)}
    lessons = [Lesson(polarity_words("", text), odds) for text, odds in said.items()] * 60
    learner = learn(lessons, lexicon)
    for text in ("xe buýt màu tím", "xe buyt mau tim"):
        found = learner.predict_proba_one(GramReader().transform_one(lexicon.lexicon.restored(text.split())))
        assert found[Label.NEGATIVE] > found[Label.POSITIVE]


def test_what_the_lexicon_knows_is_not_learned_again() -> None:
    """Of two texts called alike, the words of the one that the lexicon calls so are learned less."""
    lexicon = PolarityModel(bundled_lexicons())
    said = ("tử vong", "màu tím")
    lessons = [Lesson(text.split(), (0.9, 0.05)) for text in said] * 60
    weights = learn(lessons, lexicon).heads[Label.NEGATIVE].weights
    known, unknown = (
        sum(weights.get(code, 0.0) for code in GramReader().codes(text.split())) for text in said
    )
    assert known < unknown

"""What polarity is trained from: the files that ship, and how they are read."""

from collections import Counter

import numpy as np

from deploy.polarity_training import (
    COMMENTS,
    GRADES,
    INVENTED,
    LABELS,
    Given,
    Lesson,
    fit_softmax,
    is_bare,
    learn,
    read_comments,
    read_grades,
    read_invented,
    read_labels,
    shares,
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

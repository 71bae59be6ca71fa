"""What polarity is trained from: the files that ship, and how they are read."""

from collections import Counter

import numpy as np

from deploy.polarity_training import COMMENTS, LABELS, believed, learn, read_comments, read_labels
from detectors.polarity import Label
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


def test_a_few_texts_teach_their_words() -> None:
    """What stands in negative texts becomes negative, with diacritics and without."""
    said = [("đường ngập nặng", Label.NEGATIVE), ("trường mới khánh thành", Label.POSITIVE)] * 60
    texts = [(polarity_words("", text), believed(label)) for text, label in said]
    pipeline = learn(list(texts), bundled_lexicons())
    for words in (["đường", "ngập"], list(bundled_lexicons().restored(["duong", "ngap"]))):
        found = pipeline.predict_proba_one(words)
        assert found[Label.NEGATIVE] > found[Label.POSITIVE]
    assert np.allclose(believed(Label.NEUTRAL), 0.05)

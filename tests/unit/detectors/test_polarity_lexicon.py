"""The crisis lexicon: file, reading, negation, contrast, degree."""

import pytest

from detectors.lexicon import Lexicon, LexiconError, Sense, is_foreign
from streams.text import normalise, words
from streams.understanding import bundled_lexicons

HEAD = "# version: 3\nexpression\tclass\tweight\n"
SMALL = Lexicon.parse(
    HEAD
    + "tử vong\tharm\t3\nchết\tharm\t2\nhỗ trợ\trelief\t2\nchết cười\tneutral\t0\nkhông\tnegation\t1\n"
    + "nhưng\tcontrast\t1\nrất\tintensifier\t1.5\nquá\tintensifier\t1.5\nhơi\tdiminisher\t0.5\ntệ\tanger\t2\n"
    + "lũ quét\tdisaster\t3\n"
)

FAULTS = [
    ("expression\tclass\tweight\n", "no version"),
    ("# version: 1\nx\tharm\t1\n", "no header"),
    (HEAD + "x\tharm\n", "line 3: not three columns"),
    (HEAD + "\n# note\nx\tterror\t1\n", "line 5: unknown class 'terror'"),
    (HEAD + "x\tharm\t-1\n", "line 3: weight '-1' is not a number from 0 to 3"),
    (HEAD + "x\tharm\t9\n", "line 3: weight '9'"),
    (HEAD + "\tharm\t1\n", "line 3"),
]

READINGS = [
    ("hai người tử vong", 3.0, 0.0),
    ("không ai tử vong", 0.0, 0.9),
    ("không được hỗ trợ", 1.4, 0.0),
    ("không, đã có người chết", 2.0, 0.0),
    ("chết cười", 0.0, 0.0),
    ("tệ", 2.0, 0.0),
    ("rất tệ", 3.0, 0.0),
    ("tệ quá", 3.0, 0.0),
    ("hơi tệ", 1.0, 0.0),
    ("tệ nhưng hỗ trợ", 1.0, 2.0),
    ("tệ. nhưng hỗ trợ", 2.0, 2.0),
    ("", 0.0, 0.0),
    ("bình thường", 0.0, 0.0),
]


@pytest.mark.parametrize(("text", "said"), FAULTS)
def test_bad_file_is_named_by_line(text: str, said: str) -> None:
    """A reviewer's slip is found when the file is read."""
    with pytest.raises(LexiconError, match=said.replace("(", r"\(")):
        Lexicon.parse(text)


@pytest.mark.parametrize(("text", "negative", "positive"), READINGS)
def test_reading(text: str, negative: float, positive: float) -> None:
    """Weights add up; negation turns, contrast halves what came before, degrees scale."""
    reading = SMALL.read(words(text))
    assert (reading.negative, reading.positive) == pytest.approx((negative, positive))


def test_long_text_is_scaled_down() -> None:
    """A long text does not become extreme by its length alone."""
    short, long = SMALL.read(["tệ"]), SMALL.read(["tệ", *["từ"] * 99])
    assert long.negative == pytest.approx(short.negative / 2)


class TestBundledLexicons:
    """The files that ship."""

    pair = bundled_lexicons()
    vietnamese = pair.vietnamese

    def test_entries_are_in_normal_form(self) -> None:
        """An entry that the reader of texts could never produce would be dead."""
        for entry in self.vietnamese.entries:
            expression = " ".join(entry.words)
            assert words(normalise(expression)) == list(entry.words), expression

    def test_no_entry_is_listed_twice(self) -> None:
        """One expression has one class and weight."""
        assert len({entry.words for entry in self.vietnamese.entries}) == len(self.vietnamese.entries)

    def test_vietnamese_lexicon_covers_every_class(self) -> None:
        """Crisis words of each kind, several hundred in all."""
        assert {entry.sense for entry in self.vietnamese.entries} == set(Sense)
        assert len(self.vietnamese.entries) >= 350

    def test_language_is_chosen_by_the_text(self) -> None:
        """Diacritics mean Vietnamese; without them the shape of the words tells."""
        assert self.pair.read(words("terrible flood in the city")).negative > 0
        assert self.pair.read(self.pair.restored(words("lu quet o son la"))).negative > 0
        assert self.pair.read(words("không terrible")).negative == 0
        assert self.pair.restored(words("terrible flood")) == ["terrible", "flood"]

    def test_negation_in_english_turns_what_it_negates(self) -> None:
        """VADER's rules, not its word list alone."""
        good, bad = (self.pair.read(words(text)) for text in ("the service was good", "it was not good"))
        assert good.positive > 0 == good.negative
        assert bad.negative > 0 == bad.positive


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("the government failed us", "foreign"),
        ("police arrest five over fraud", "foreign"),
        ("chinh phu khong lam gi ca", "vietnamese"),
        ("nguoi dan buc xuc vi gia dien tang", "vietnamese"),
        ("khuya truong nghieng huynh quyet", "vietnamese"),
        ("", "vietnamese"),
        ("123 !", "vietnamese"),
    ],
)
def test_foreign_text_is_told_by_its_syllables(text: str, read_as: str) -> None:
    """Vietnamese without diacritics still has Vietnamese syllables."""
    assert ("foreign" if is_foreign(words(text)) else "vietnamese") == read_as

"""The line formats of the match and polarity commands."""

import io
import json

import pytest

from streams.language_cli import match_lines, polarity_lines

CATALOGUE = """
schema = "haidang.catalogue.v1"
[[topic]]
id = "power"
name = { vi = "Điện", en = "Power" }
aliases = ["giá điện"]
"""
LINES = [
    '{"id": "a", "text": "giá điện tăng"}\n',
    "\n",
    '{"id": 7, "text": "x", "title": "Gia dien", "z": 1}\n',
]

BAD = [
    ("{", "input line 1: not JSON ("),
    ("[" * 100_000, "input line 1: not JSON ("),
    ("3", "input line 1: not a JSON object"),
    ('{"text": "x"}', 'input line 1: "id" is missing'),
    ('{"id": true, "text": "x"}', 'input line 1: "id" is missing'),
    ('{"id": "a"}', 'input line 1: "text" is missing'),
    ('{"id": "a", "text": 3}', 'input line 1: "text" is not a string'),
    ('{"id": "a", "text": "x", "title": []}', 'input line 1: "title" is not a string'),
]
BAD_CORRECTIONS = [
    ('{"text": "x"}', '"label" is none of negative, neutral, positive'),
    ('{"text": "x", "label": "bad"}', '"label" is none of'),
    ('{"label": "negative"}', '"text" is missing or empty'),
    ('{"text": 1, "label": "negative"}', '"text" is not a string'),
]


def _out(text: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.getvalue().splitlines()]


def test_match_answers_each_line_in_order() -> None:
    """One answer a line, same order, empty lines skipped, ids as given."""
    out = io.StringIO()
    assert match_lines(LINES, out, CATALOGUE) == 0
    assert _out(out) == [{"id": "a", "topics": ["power"]}, {"id": 7, "topics": ["power"]}]


def test_match_says_where_if_asked() -> None:
    """Passages in the field as it came in: field, offsets, the writer's own spelling."""
    lines = [
        '{"id": 1, "title": "Hết <b>GIÁ&nbsp;ĐIỆN</b>", "text": "gia\\u0301 \\u0111ie\\u0323\\u0302nnnn!"}'
    ]
    out = io.StringIO()
    assert match_lines(lines, out, CATALOGUE, passages=True) == 0
    assert _out(out)[0]["passages"] == [
        {"topic": "power", "field": "title", "start": 7, "end": 20, "text": "GIÁ&nbsp;ĐIỆN"},
        {"topic": "power", "field": "text", "start": 0, "end": 14, "text": "gia\u0301 đie\u0323\u0302nnnn"},
    ]


def test_match_without_a_catalogue_uses_the_bundled_one() -> None:
    """The default catalogue is at hand."""
    out = io.StringIO()
    assert match_lines(LINES[:1], out, None) == 0
    assert _out(out) == [{"id": "a", "topics": ["gia-dien"]}]


def test_bad_catalogue_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """An unusable catalogue fails before any line is read."""
    out = io.StringIO()
    assert match_lines(LINES, out, CATALOGUE.replace('"giá điện"', "")) == 1
    assert out.getvalue() == ""
    error = capsys.readouterr().err
    assert match_lines(LINES, out, "") == 1
    assert error.startswith("haidang: catalogue: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(("line", "said"), BAD, ids=[said for _, said in BAD])
def test_bad_line_is_named(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1 and one line that names line, problem and fix, for either command."""
    assert match_lines([line], io.StringIO(), CATALOGUE) == 1
    first = capsys.readouterr().err
    assert polarity_lines([line], io.StringIO(), None, None) == 1
    assert capsys.readouterr().err == first
    assert said in first
    assert first.count("\n") == 1


def test_lines_before_a_bad_one_are_answered(capsys: pytest.CaptureFixture[str]) -> None:
    """Work done stays; the bad line's number counts every line of the file."""
    out = io.StringIO()
    assert match_lines([*LINES, "{"], out, CATALOGUE) == 1
    assert len(_out(out)) == 2
    assert "input line 4" in capsys.readouterr().err


def test_polarity_answers_each_line_in_order() -> None:
    """Probabilities between 0 and 1; bad news is more negative than good news."""
    out = io.StringIO()
    lines = ['{"id": 1, "text": "Lũ quét cuốn trôi 5 người"}', '{"id": 2, "text": "Khen thưởng thầy cô"}']
    assert polarity_lines(lines, out, None, None) == 0
    first, second = _out(out)
    assert first.keys() == {"id", "negative", "positive"}
    assert first["id"] == 1
    assert float(str(first["negative"])) > 0.5 > float(str(second["negative"]))
    assert float(str(second["positive"])) > 0.4 > float(str(first["positive"]))


def test_learning_and_corrections_change_the_answer() -> None:
    """Both are read before the first line is answered; arrays and titles alone may be learned from."""
    text = '{"id": 1, "text": "zắt zơ lên ngôi"}'
    learn = [
        '{"title": "Zắt zơ khiến nhiều người tử vong"}',
        '[{"text": "zắt zơ gây ngộ độc"}, {"text": "trời nắng"}]',
    ] * 40
    corrections = ['{"text": "zắt zơ lên ngôi", "label": "negative"}'] * 3
    answers = []
    for taught, corrected in ((None, None), (learn, None), (None, corrections)):
        out = io.StringIO()
        assert polarity_lines([text], out, taught, corrected) == 0
        answers.append(float(str(_out(out)[0]["negative"])))
    assert answers[1] > answers[0]
    assert answers[2] > 0.6 > answers[0]


@pytest.mark.parametrize(("line", "said"), BAD_CORRECTIONS)
def test_bad_correction_is_named(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A correction that cannot be used stops the command before any answer."""
    out = io.StringIO()
    assert polarity_lines(LINES, out, None, [line]) == 1
    assert out.getvalue() == ""
    error = capsys.readouterr().err
    assert "corrections line 1" in error
    assert said in error


def test_bad_learning_line_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A mention without any text teaches nothing."""
    assert polarity_lines(LINES, io.StringIO(), ['{"id": 3}'], None) == 1
    assert 'learn line 1: neither "title" nor "text"' in capsys.readouterr().err


def test_lone_surrogates_pass_through() -> None:
    """Broken halves of pictures in id or text neither stop the work nor break the output's encoding."""
    out = io.StringIO()
    assert match_lines(['{"id": "\\ud83d", "text": "\\ud83d giá điện"}'], out, CATALOGUE) == 0
    assert out.getvalue().encode() == b'{"id": "\\ud83d", "topics": ["power"]}\n'

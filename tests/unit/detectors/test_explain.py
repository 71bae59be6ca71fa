"""What an officer reads."""

import pytest
from detector_support import START, example, windows
from hypothesis import given
from hypothesis import strategies as st

from detectors.copies import SIGNATURE_KEYS, signature_of
from detectors.events import AlertKind, DecisionReason, EventName, Name, Severity
from detectors.explain import (
    Facts,
    StoryFacts,
    fresh,
    headline,
    samples,
    sources,
    story_headline,
    strongest_phrases,
)

TOPIC = Name("Nước sạch Hoa Sen", "Hoa Sen water")
FACTS = Facts(
    reason=DecisionReason.VOLUME_AND_NEGATIVITY,
    window=1,
    observed=188,
    expected=3.25,
    share=0.71,
    usual_share=0.2,
)


def told(kind: AlertKind, severity: Severity, event: EventName = EventName.OPENED) -> Name:
    """Return the headline of the usual facts."""
    return headline(TOPIC, kind, severity, event, FACTS)


def test_a_headline_says_what_where_how_much_and_what_is_usual() -> None:
    """In both languages, with the comma of each."""
    assert told(AlertKind.CRISIS, Severity.WARNING) == Name(
        "Nguy cơ khủng hoảng – Nước sạch Hoa Sen: 188 lượt nhắc/15 phút (thường 3,2), "
        "tiêu cực 71% (thường 20%)",
        "Crisis risk – Hoa Sen water: 188 mentions/15 min (usual 3.2), 71% negative (usual 20%)",
    )


def test_a_critical_crisis_and_a_closed_alert_have_words_of_their_own() -> None:
    """The first word tells the urgency."""
    assert told(AlertKind.CRISIS, Severity.CRITICAL).vi.startswith("KHỦNG HOẢNG – ")
    assert told(AlertKind.CRISIS, Severity.CRITICAL, EventName.CLOSED).en.startswith("Quiet again – ")


def test_a_crisis_no_angrier_than_usual_tells_how_many_are_negative() -> None:
    """More of the same anger: "50 % negative (usual 63 %)" would say that nothing is the matter."""
    facts = FACTS._replace(window=2, observed=104, expected=63.3, share=0.5, usual_share=0.63)
    crisis = headline(TOPIC, AlertKind.CRISIS, Severity.WARNING, EventName.OPENED, facts)
    assert crisis.vi.endswith(": 104 lượt nhắc/1 giờ (thường 63), 52 tiêu cực (thường 40)")
    assert crisis.en.endswith(": 104 mentions/1 h (usual 63), 52 negative (usual 40)")
    surge = headline(TOPIC, AlertKind.SURGE, Severity.INFO, EventName.OPENED, facts)
    assert surge.en.endswith("50% negative (usual 63%)")
    closed = headline(TOPIC, AlertKind.CRISIS, Severity.WARNING, EventName.CLOSED, facts)
    assert closed.en.endswith("50% negative (usual 63%)")


@pytest.mark.parametrize(
    ("kind", "reason", "word"),
    [
        (AlertKind.NEGATIVITY, DecisionReason.COPIES, Name("Nội dung sao chép", "Copied text")),
        (AlertKind.SURGE, DecisionReason.COPIES, Name("Nội dung sao chép", "Copied text")),
        (AlertKind.NEGATIVITY, DecisionReason.FEW_VOICES, Name("Ít người nói", "Few voices")),
        (AlertKind.SURGE, DecisionReason.PLANNED, Name("Sự kiện theo lịch", "Planned event")),
        (AlertKind.SURGE, DecisionReason.FIRST_HEARD, Name("Chủ đề mới được nhắc", "First heard")),
        (AlertKind.SURGE, DecisionReason.RIVER, Name("Dấu hiệu lạ", "Unusual")),
        (AlertKind.NEGATIVITY, DecisionReason.NEGATIVITY_ALONE, Name("Tiêu cực tăng", "Negativity up")),
    ],
)
def test_what_is_no_public_anger_is_named_as_such(
    kind: AlertKind, reason: DecisionReason, word: Name
) -> None:
    """A copy-paste campaign, a handful of voices, a planned event: by its first words."""
    said = headline(TOPIC, kind, Severity.INFO, EventName.OPENED, FACTS._replace(reason=reason))
    assert said.vi.startswith(f"{word.vi} – ")
    assert said.en.startswith(f"{word.en} – ")


def test_a_headline_without_text_has_no_shares() -> None:
    """Counts alone say nothing of negativity."""
    facts = FACTS._replace(share=None)
    assert "%" not in headline(TOPIC, AlertKind.SURGE, Severity.WARNING, EventName.OPENED, facts).en


def test_a_story_tells_its_articles_and_papers_and_what_stories_usually_have() -> None:
    """Five articles are many for a story though its words are used in fifty a day."""
    assert story_headline(TOPIC, EventName.OPENED, StoryFacts(5, 3, 2.25)) == Name(
        "Câu chuyện mới – Nước sạch Hoa Sen: 5 bài của 3 báo/24 giờ (chuyện thường có 2,2 bài vào lúc này)",
        "New narrative – Hoa Sen water: 5 articles in 3 papers/24 h (stories usually have 2.2 by now)",
    )
    assert story_headline(TOPIC, EventName.CLOSED, None) == Name(
        "Đã lắng – Nước sạch Hoa Sen: không có bài mới trong 48 giờ",
        "Quiet again – Hoa Sen water: no new article for 48 h",
    )
    long = story_headline(Name("x" * 300, "y" * 300), EventName.OPENED, StoryFacts(128, 100, 128.0))
    assert len(long.vi) <= 120
    assert len(long.en) <= 120


@given(
    st.text(min_size=1, max_size=300),
    st.sampled_from(AlertKind),
    st.integers(0, 10**9),
    st.floats(0, 1e9),
    st.integers(0, 4),
)
def test_a_headline_never_exceeds_120_characters(
    name: str, kind: AlertKind, observed: int, expected: float, window: int
) -> None:
    """Whatever the topic's name and the figures."""
    facts = FACTS._replace(window=window, observed=observed, expected=expected, share=1.0, usual_share=1.0)
    told = headline(Name(name, name), kind, Severity.CRITICAL, EventName.OPENED, facts)
    assert len(told.vi) <= 120
    assert len(told.en) <= 120


def test_the_phrase_of_most_sources_comes_first() -> None:
    """Two sources weigh more than two mentions of one."""
    examples = [
        example(1, phrases=("nước đục",), source="A"),
        example(2, phrases=("nước đục",), source="B"),
        example(3, phrases=("mất nước",), source="A"),
        example(4, phrases=("mất nước",), source="A"),
    ]
    assert strongest_phrases(examples, TOPIC) == ("nước đục", "mất nước")


def test_what_the_topic_always_says_explains_nothing() -> None:
    """A phrase of every mention that is usual comes after one of some that is not; a single use is weak."""
    said = [
        example(
            n,
            phrases=("hóa đơn", "công tơ" if n % 2 else f"lời {n}", "cúp điện"),
            usual_milli=(900, 10, 300),
            source=f"Báo {n}",
        )
        for n in range(8)
    ]
    assert strongest_phrases(said, TOPIC)[:3] == ("công tơ", "cúp điện", "lời 0")
    assert strongest_phrases([e for e in said if e.mention % 2], TOPIC) == ("công tơ", "cúp điện", "hóa đơn")


def test_phrases_leave_out_the_topic_and_parts_of_stronger_ones() -> None:
    """Neither the topic's own name nor a piece of what was already said."""
    examples = [example(n, phrases=("nước đục ngầu", "nước đục", "Hoa Sen")) for n in (1, 2)]
    examples.append(example(3, phrases=("nước đục ngầu",)))
    assert strongest_phrases(examples, TOPIC) == ("nước đục ngầu",)


def test_the_longer_of_two_nested_phrases_is_told_when_half_of_the_mentions_have_it() -> None:
    """The name "bão số 5" says more than "bão số"; a long one that few have is left out."""
    often = [example(n, phrases=("bão số", "bão số 5") if n % 2 else ("bão số",)) for n in range(4)]
    assert strongest_phrases(often, TOPIC) == ("bão số 5",)
    seldom = [example(n, phrases=("bão số",) if n else ("bão số", "bão số 5")) for n in range(4)]
    assert strongest_phrases(seldom, TOPIC) == ("bão số",)


@given(st.permutations([example(n, phrases=(f"cụm từ {n % 3}", "nước đục")) for n in range(6)]))
def test_the_order_of_examples_changes_no_phrase(examples: list[object]) -> None:
    """Phrases depend on the set of examples alone."""
    ordered = [example(n, phrases=(f"cụm từ {n % 3}", "nước đục")) for n in range(6)]
    assert strongest_phrases(examples, TOPIC) == strongest_phrases(ordered, TOPIC)  # type: ignore[arg-type]


def test_a_private_sample_leaves_only_from_a_crowd() -> None:
    """Ten sources or ten authors; the press may always be quoted."""
    private, press = example(1, kind="social"), example(2)
    lonely = windows(spread=9, authors=9)
    assert [s.source for s in samples(lonely, [private, press], AlertKind.CRISIS)] == ["Báo 2"]
    for crowd in (windows(spread=10), windows(authors=10)):
        assert len(samples(crowd, [private, press], AlertKind.CRISIS)) == 2


def test_at_most_three_samples_the_most_telling_first_and_no_text_twice() -> None:
    """The most negative of a crisis, the least negative of a positive alert; a narrative's as they come."""
    texts = [example(n, text=f"Câu {n % 4}", negative_milli=100 * n) for n in range(1, 9)]
    found = samples(windows(), texts, AlertKind.CRISIS)
    assert [s.title_or_text for s in found] == ["Câu 0", "Câu 3", "Câu 2"]
    assert samples(windows(), texts, AlertKind.POSITIVE)[0].title_or_text == "Câu 1"
    assert [s.title_or_text for s in samples(windows(), texts[4:], AlertKind.NARRATIVE)] == [
        "Câu 1",
        "Câu 2",
        "Câu 3",
    ]


def test_a_near_copy_is_no_second_sample() -> None:
    """Syndicated copies tell an officer nothing new; the earliest stands for them."""
    keys = range(SIGNATURE_KEYS)
    copies = [
        example(n, signature=signature_of([*keys[:-1], 100 + n]), published=START + 60 * n)
        for n in range(2, 5)
    ]
    other = example(1, signature=signature_of(range(50, 50 + SIGNATURE_KEYS)), negative_milli=100)
    found = samples(windows(), [*copies, other], AlertKind.CRISIS)
    assert [s.source for s in found] == ["Báo 2", "Báo 1"]


def test_fresh_examples_are_those_since_the_onset_or_all() -> None:
    """Old talk explains a new change only when there is nothing newer."""
    old, new = example(1, published=START - 9000), example(2, published=START)
    assert fresh([old, new], START - 60) == [new]
    assert fresh([old], START) == [old]


def test_sources_count_the_kinds_that_spoke() -> None:
    """Kinds without any mention are left out."""
    kinds = ((3, 0, 0, 0, 1),) * 5
    assert sources(windows(kinds=kinds), 0) == {"press": 3, "other": 1}

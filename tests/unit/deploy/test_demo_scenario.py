"""The demonstration's scenario: valid, repeatable, true to life, and about nobody."""

import json
import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from deploy.demo import scenario
from deploy.demo.scenario import Line, Plan
from deploy.demo.texts import bundled, catalogue_text, teencode, without_diacritics
from streams.catalogue import Catalogue
from streams.mention import Mention, parse_record
from streams.understanding import Understanding

NOW = datetime(2026, 11, 24, 10, 0, 17, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
TWO_HOURS_MS = 2 * scenario.HOUR_MS
CATALOGUE = Catalogue.parse(catalogue_text(), "catalogue.toml")

REAL_PROVINCES = (
    "Hà Nội|Quảng Ninh|Cao Bằng|Lạng Sơn|Lai Châu|Điện Biên|Sơn La|Thanh Hóa|Nghệ An|Hà Tĩnh|Tuyên Quang|"
    "Lào Cai|Thái Nguyên|Phú Thọ|Bắc Ninh|Hưng Yên|Hải Phòng|Ninh Bình|Quảng Trị|Đà Nẵng|Quảng Ngãi|Gia Lai|"
    "Khánh Hòa|Lâm Đồng|Đắk Lắk|Hồ Chí Minh|Đồng Nai|Tây Ninh|Cần Thơ|Vĩnh Long|Đồng Tháp|Cà Mau|An Giang|"
    "Hải Dương|Nam Định|Thái Bình|Bắc Giang|Hòa Bình|Bình Dương|Long An|Tiền Giang|Bến Tre|Kiên Giang|Sài Gòn"
)
REAL_MINISTRIES = (
    "Bộ Y tế|Bộ Công an|Bộ Quốc phòng|Bộ Ngoại giao|Bộ Nội vụ|Bộ Tư pháp|Bộ Tài chính|Bộ Công Thương|"
    "Bộ Xây dựng|Bộ Nông nghiệp|Bộ Giáo dục|Bộ Khoa học|Bộ Văn hóa|Bộ Dân tộc|Thủ tướng|"
    "Chủ tịch nước|Quốc hội|Tổng Bí thư"
)
REAL_PAPERS = "VnExpress|Tuổi Trẻ|Thanh Niên|Dân trí|VietNamNet|Tiền Phong|Facebook|Zalo|TikTok|YouTube"
SURNAME = re.compile(
    r"\b(Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Ngô|Dương)\s+[A-ZĐÀ-Ỹ]\w+\s+[A-ZĐÀ-Ỹ]\w+"
)


def _plan(episode: int, since: datetime | None = None) -> Plan:
    return scenario.plan(NOW, episode, since)


@pytest.fixture(scope="module")
def first() -> Plan:
    """First run."""
    return _plan(0)


@pytest.fixture(scope="module")
def lines(first: Plan) -> list[Line]:
    """Replay of the first run and two hours of real time."""
    return scenario.between(first, first.start_ms, first.end_ms + TWO_HOURS_MS)


@pytest.fixture(scope="module")
def mentions(lines: list[Line]) -> list[Mention]:
    """Read the same lines with the stream's own parser."""
    outcomes = []
    for start in range(0, len(lines), 500):
        part = lines[start : start + 500]
        value = b"[" + b",".join(line.json for line in part) + b"]"
        outcomes += parse_record(value, appended_ms=part[-1].arrival_ms, known_topics=CATALOGUE.ids)
    return [outcome for outcome in outcomes if isinstance(outcome, Mention)]


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    """Understand as the worker does with the demonstration's catalogue."""
    return Understanding(CATALOGUE)


def test_every_line_is_a_valid_mention(lines: list[Line], mentions: list[Mention]) -> None:
    """None would become a dead letter."""
    assert len(mentions) == len(lines)


def test_the_same_plan_gives_the_same_bytes() -> None:
    """So that a killed run sends the same mentions again."""
    plan = _plan(0)
    before = [line.json for line in scenario.history(plan)]
    scenario.ordinary_hour.cache_clear()
    scenario.special.cache_clear()
    assert [line.json for line in scenario.history(_plan(0))] == before


def test_another_seed_gives_other_texts(first: Plan) -> None:
    """The generator is seeded by the plan alone."""
    other = scenario.plan(NOW, 0, None, seed=7)
    assert scenario.between(other, NOW_MS - TWO_HOURS_MS, NOW_MS) != scenario.between(
        first, NOW_MS - TWO_HOURS_MS, NOW_MS
    )


def test_ids_are_unique(lines: list[Line]) -> None:
    """Else the stream would drop a mention as repeated."""
    assert len({line.id for line in lines}) == len(lines)


def test_lines_come_in_order_of_arrival_and_parts_join_without_a_seam(first: Plan, lines: list[Line]) -> None:
    """Sending second by second gives what sending at once gives."""
    assert lines == sorted(lines)
    end = first.end_ms
    steps = [scenario.between(first, end + n * 7_000, end + (n + 1) * 7_000) for n in range(60)]
    assert [line for step in steps for line in step] == scenario.between(first, end, end + 60 * 7_000)


def test_the_first_run_replays_seven_days_in_20_to_30_thousand_mentions(first: Plan) -> None:
    """Few enough to be sent in seconds, enough for every topic to know its days and nights."""
    history = scenario.history(first)
    assert first.end_ms == NOW_MS
    assert first.end_ms - first.start_ms == 7 * scenario.DAY_MS
    assert 20_000 <= len(history) <= 30_000


def test_about_seven_in_ten_mentions_name_no_topic(
    mentions: list[Mention], understanding: Understanding
) -> None:
    """As in a real stream."""
    unmatched = sum(not understanding.topics(m.title, m.text) for m in mentions)
    assert 0.6 <= unmatched / len(mentions) <= 0.8


def test_every_topic_is_talked_about_every_day(mentions: list[Mention], understanding: Understanding) -> None:
    """A topic without talk would stay in its warm-up."""
    seen = Counter(
        (topic, m.published_at.date()) for m in mentions for topic in understanding.topics(m.title, m.text)
    )
    days = {m.published_at.date() for m in mentions} - {mentions[0].published_at.date()}
    assert all(seen[topic, day] >= 10 for topic in CATALOGUE.ids for day in days)


def test_nights_are_quiet(mentions: list[Mention]) -> None:
    """Day and night differ by far."""
    hours = Counter(m.published_at.astimezone(scenario.VIETNAM).hour for m in mentions)
    assert hours[20] > 5 * hours[3]


def _negative(mentions: list[Mention], understanding: Understanding, topic: str) -> tuple[int, float]:
    about = [m for m in mentions if topic in understanding.topics(m.title, m.text)]
    negative = sum(understanding.polarity(m.title, m.text).negative > 0.5 for m in about)
    return len(about), negative / max(len(about), 1)


def _arrived(mentions: list[Mention], start_ms: int, end_ms: int) -> list[Mention]:
    return [
        m
        for m in mentions
        if m.fetched_at is not None and start_ms < m.fetched_at.timestamp() * 1000 <= end_ms
    ]


@pytest.mark.parametrize("episode", [0, 1, 2, 3, 4])
def test_a_crisis_is_loud_and_angry_until_the_officials_speak(
    understanding: Understanding, episode: int
) -> None:
    """Twenty times the talk, seventy to ninety per cent negative, then the anger falls."""
    plan = _plan(episode, None if episode == 0 else NOW - timedelta(days=1))
    topic = scenario.crisis_topic(episode)
    calm_end = plan.correction_ms + scenario.CORRECTION_RAMP_MS

    def told(start_ms: int, end_ms: int) -> tuple[int, float]:
        some = scenario.between(plan, start_ms, end_ms)
        read = parse_record(
            b"[" + b",".join(line.json for line in some[:500]) + b"]",
            appended_ms=end_ms,
            known_topics=CATALOGUE.ids,
        )
        return _negative([m for m in read if isinstance(m, Mention)], understanding, topic)

    usual, usual_share = told(plan.crisis_ms - 3 * scenario.HOUR_MS, plan.crisis_ms)
    crisis, share = told(plan.crisis_ms, plan.correction_ms)
    after, calmed = told(calm_end, calm_end + scenario.HOUR_MS)
    a_minute = crisis / ((plan.correction_ms - plan.crisis_ms) / scenario.MINUTE_MS)
    assert a_minute > 15 * usual / 180
    assert usual_share < 0.4
    assert 0.6 <= share <= 0.9
    assert calmed < 0.5 * share
    assert after > usual / 3


def test_ordinary_talk_is_one_fifth_negative(mentions: list[Mention], understanding: Understanding) -> None:
    """Averaged over all topics, before the crisis."""
    before = mentions[:20_000]
    about = [m for m in before if understanding.topics(m.title, m.text)]
    negative = sum(understanding.polarity(m.title, m.text).negative > 0.5 for m in about)
    assert 0.1 <= negative / len(about) <= 0.3


def test_the_announcement_is_loud_but_not_angry(
    first: Plan, mentions: list[Mention], understanding: Understanding
) -> None:
    """It must not page anybody."""
    assert first.announcement_ms is not None
    start = first.announcement_ms
    during = _arrived(mentions, start, start + 4 * scenario.HOUR_MS)
    usual = _arrived(mentions, start - scenario.DAY_MS, start - scenario.DAY_MS + 4 * scenario.HOUR_MS)
    count, share = _negative(during, understanding, "nuoc-sach-hoc-duong")
    assert count > 10 * _negative(usual, understanding, "nuoc-sach-hoc-duong")[0]
    assert share < 0.1


def test_crises_come_in_turn_and_follow_real_arrival_times() -> None:
    """Five crises, so that five runs within hours each alert on a topic of their own."""
    assert [scenario.crisis_topic(n) for n in range(6)] == [
        "nuoc-may-hai-son",
        "ho-thuong-lim",
        "gia-nuoc-sach",
        "nuoc-thai-cam-ha",
        "de-bien-vinh-cat",
        "nuoc-may-hai-son",
    ]
    plan = _plan(0)
    times = [line.arrival_ms - plan.crisis_ms for line in scenario.special(plan) if line.id.startswith("c0-")]
    assert tuple(times) == scenario.offsets("2013_Glasgow_helicopter_crash")
    assert all(len(scenario.offsets(crisis.arrivals)) > 900 for crisis in bundled().crisis)


@pytest.mark.parametrize("pause_seconds", [-190, 0, 5, 59, 600, 5 * 3600, 5 * 86_400])
def test_a_later_run_continues_and_stages_its_crisis_at_once(pause_seconds: int) -> None:
    """After any pause: nothing twice, at most two days of talk, a crisis in a minute that has ended."""
    since = NOW - timedelta(seconds=pause_seconds)
    plan = _plan(1, since)
    history = scenario.history(plan)
    since_ms = round(since.timestamp() * 1000)
    assert plan.start_ms == max(since_ms, NOW_MS - scenario.LONGEST_GAP_MS)
    assert all(line.arrival_ms > since_ms for line in history)
    assert NOW_MS <= plan.end_ms <= NOW_MS + scenario.FURTHEST_AHEAD_MS
    if pause_seconds >= 0:
        crisis = [line for line in history if line.id.startswith("c1-")]
        ended = [line for line in crisis if line.arrival_ms < plan.end_ms // scenario.MINUTE_MS * 60_000]
        assert len(ended) >= 60


def test_comments_have_an_author_and_articles_have_none(lines: list[Line]) -> None:
    """The stream must drop what it is given; a paper is no person."""
    records = [json.loads(line.json) for line in lines]
    assert all(("author_key" in r) == (r["source"]["kind"] != "press") for r in records)
    crisis = [r for r in records if r["id"].startswith("c0-") and "author_key" in r]
    assert len({r["author_key"] for r in crisis}) > len(crisis) / 2


def test_texts_come_in_both_normal_forms_with_and_without_diacritics_and_in_english(
    mentions: list[Mention],
) -> None:
    """All that the stream has to put up with."""
    texts = [m.text for m in mentions]
    assert any(not unicodedata.is_normalized("NFC", text) for text in texts)
    assert sum(unicodedata.is_normalized("NFC", text) for text in texts) > 0.9 * len(texts)
    comments = [m.text for m in mentions if m.author_key is not None and m.lang == "vi"]
    plain = sum(text == without_diacritics(text) for text in comments)
    assert 0.1 < plain / len(comments) < 0.25
    assert any(m.lang == "en" for m in mentions)
    assert any(" ko " in text for text in texts)


def test_nothing_names_a_real_person_province_ministry_or_paper(mentions: list[Mention]) -> None:
    """Everything is invented."""
    real = re.compile(f"{REAL_PROVINCES}|{REAL_MINISTRIES}|{REAL_PAPERS}", re.IGNORECASE)
    for mention in mentions:
        text = unicodedata.normalize("NFC", f"{mention.source.name} {mention.title} {mention.text}")
        assert not real.search(text), text
        assert not SURNAME.search(text), text


def test_every_template_of_a_topic_names_it(understanding: Understanding) -> None:
    """A text that names no topic would be lost for the demonstration."""
    texts = bundled()
    subjects = [(topic, pools) for topic, pools in texts.topic.items()]
    subjects += [(crisis.topic, pools) for crisis in texts.crisis for pools in (crisis, crisis.correction())]
    subjects.append((texts.announcement.topic, texts.announcement))
    for topic, pools in subjects:
        for mood in ("press", "angry", "worried", "neutral", "happy", "english"):
            for template in getattr(pools, mood):
                for alias in texts.aliases[topic]:
                    text = template.replace("{t}", alias)
                    assert topic in understanding.topics("", text), text


def test_noise_names_no_topic(understanding: Understanding) -> None:
    """Not even by chance."""
    noise = bundled().noise
    for mood in ("press", "angry", "worried", "neutral", "happy", "english"):
        for template in getattr(noise, mood):
            for place in bundled().places["noi"]:
                assert understanding.topics("", template.replace("{noi}", place)) == ()


def test_teencode_changes_whole_words_only() -> None:
    """An alias stays what it is."""
    assert teencode("không biết gì về nước máy") == "ko bít j về nước máy"
    assert teencode("khôngbiết") == "khôngbiết"


def test_without_diacritics_keeps_other_characters() -> None:
    """Emoji, capitals and punctuation stay."""
    assert without_diacritics("Đập Thượng Lim đục quá 😡!") == "Dap Thuong Lim duc qua 😡!"

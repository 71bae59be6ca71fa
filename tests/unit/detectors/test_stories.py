"""Stories: articles that tell of one matter, found whatever words they use."""

import msgspec
import pytest
from detector_support import START
from hypothesis import given, settings
from hypothesis import strategies as st
from story_support import AFTER, DAY, HOUR, article, ordinary, own, retold

from detectors.stories import STORM_KEYS, STORY_QUIET_SECONDS, Stories, Story
from detectors.story_memory import KeyMemory
from detectors.windows import Example


def taught() -> Stories:
    """Return stories that know what is ordinary."""
    stories = Stories()
    for one in ordinary():
        stories.take(one, one.arrived, begins=True)
    return stories


def told(stories: Stories, articles: list[Example]) -> list[Story]:
    """Return the stories that articles touch."""
    return [story for one in articles for story in stories.take(one, one.arrived, begins=True)]


def test_two_papers_make_a_story_and_what_follows_joins_it() -> None:
    """One number for all five articles."""
    stories = taught()
    found = told(stories, retold(1, 5))
    assert [story.number for story in found] == [1, 1, 1, 1]
    assert stories.read(found[-1], AFTER + 4 * HOUR).articles == 5


@pytest.mark.parametrize("changes", [{"source": "Báo A"}, {"gravity": 200}])
def test_one_paper_or_nothing_grave_is_no_story(changes: dict[str, object]) -> None:
    """A paper's series and what harms nobody."""
    assert told(taught(), retold(1, 5, **changes)) == []


def test_what_everybody_always_says_links_nothing() -> None:
    """Common words of two grave articles."""
    common = [article(900 + n, AFTER + n * HOUR, tuple(range(n, 60 + n, 6))) for n in range(3)]
    assert told(taught(), common) == []


def test_another_matter_is_another_story() -> None:
    """Side by side, each with its own articles."""
    stories = taught()
    found = told(stories, sorted([*retold(1, 3), *retold(2, 3)], key=lambda one: one.arrived))
    assert {story.number for story in found} == {1, 2}


def test_the_next_storm_is_not_the_last_one() -> None:
    """Articles that join a story but share mainly what is new in it begin their own."""
    stories = taught()
    told(stories, retold(1, 3))
    second = [article(500 + n, AFTER + (12 + n) * HOUR, (*own(1)[:3], *own(2, 9))) for n in range(4)]
    assert {story.number for story in told(stories, second)} == {1, 2}


def test_the_topic_is_that_of_most_articles() -> None:
    """Of as many the first by name."""
    stories = taught()
    topics = [("dien", "thien-tai"), ("thien-tai",), ("dien",)]
    articles = [msgspec.structs.replace(one, topics=of) for one, of in zip(retold(1, 3), topics, strict=True)]
    assert told(stories, articles[:2])[0].topic == "thien-tai"


def test_graver_articles_weigh_more() -> None:
    """And so do more papers."""
    weights = []
    for gravity, papers in ((300, 2), (800, 2), (800, 3)):
        stories = taught()
        articles = [
            msgspec.structs.replace(one, source=f"Báo {n % papers}")
            for n, one in enumerate(retold(1, 3, gravity=gravity))
        ]
        weights.append(stories.read(told(stories, articles)[-1], AFTER + 3 * HOUR).score)
    assert weights == sorted(set(weights))


def test_what_retells_a_story_that_paged_weighs_less() -> None:
    """The same articles, told anew by other keys as well."""
    scores = []
    for paged in (False, True):
        stories = taught()
        first = told(stories, retold(1, 3))[0]
        first.paged = paged
        again = [article(500 + n, AFTER + (12 + n) * HOUR, (*own(1)[:4], *own(2, 6))) for n in range(4)]
        second = next(story for story in told(stories, again) if story.number == 2)
        scores.append(stories.read(second, AFTER + 16 * HOUR).score)
    assert scores[1] < scores[0]


def test_what_shares_hardly_a_word_with_a_story_that_paged_weighs_in_full() -> None:
    """Another flood in the same province is no retelling."""
    scores = []
    for paged in (False, True):
        stories = taught()
        told(stories, retold(1, 3))[0].paged = paged
        other = [article(500 + n, AFTER + (12 + n) * HOUR, (*own(1)[:1], *own(2, 6))) for n in range(4)]
        second = told(stories, other)[-1]
        scores.append(stories.read(second, AFTER + 16 * HOUR).score)
    assert scores[0] == scores[1]


def test_the_course_of_a_storm_retells_its_first_page_and_its_harm_does_not() -> None:
    """Though other words tell it; another storm, or this one's dead, weigh in full."""
    storm, other = STORM_KEYS + 1, STORM_KEYS + 2
    first = [msgspec.structs.replace(one, keys=(*one.keys, storm)) for one in retold(1, 3)]
    scores = []
    for named in ((storm,), (other,), ()):
        stories = taught()
        told(stories, first)[0].paged = True
        again = [article(500 + n, AFTER + (12 + n) * HOUR, (*own(2, 8), *named)) for n in range(3)]
        scores.append(stories.read(told(stories, again)[-1], AFTER + 15 * HOUR).score)
    assert scores[0] < 0 < scores[1] == scores[2]


def test_the_most_telling_article_comes_first() -> None:
    """It says what the others say as well, and it is grave; one that only touches the matter comes last."""
    stories = taught()
    touching = article(190, AFTER + 4 * HOUR, (91, *own(1, 3)))
    grave = msgspec.structs.replace(retold(1, 3)[2], gravity_milli=900)
    story = told(stories, [*retold(1, 2), grave, touching])[-1]
    mentions = stories.read(story, AFTER + 4 * HOUR).mentions
    assert (mentions[0], mentions[-1]) == (grave.mention, touching.mention)


def test_a_story_is_over_after_two_quiet_days() -> None:
    """Then it is forgotten."""
    stories = taught()
    told(stories, retold(1, 3))
    last = AFTER + 2 * HOUR
    assert stories.close(last + STORY_QUIET_SECONDS - 1) == []
    assert [story.number for story in stories.close(last + STORY_QUIET_SECONDS)] == [1]
    assert stories.open == []


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 40))
def test_a_stored_state_goes_on_alike(cut: int) -> None:
    """Dump and load anywhere change nothing."""
    feed = sorted(
        [*retold(1, 14), *retold(2, 14, at=AFTER + 2 * HOUR), *retold(3, 12, at=AFTER + DAY)],
        key=lambda one: one.arrived,
    )
    first, whole = taught(), taught()
    told(first, feed[:cut])
    told(whole, feed[:cut])
    second = Stories()
    second.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(first.dump())))
    assert told(second, feed[cut:]) == told(whole, feed[cut:])


def test_the_state_is_bounded() -> None:
    """A flood of grave articles of many stories: below 48 kB."""
    stories = taught()
    flood = [
        article(n, AFTER + n * 60, tuple(sorted({*own(n % 200, 24), n % 97, n % 89}))) for n in range(1500)
    ]
    told(stories, flood)
    assert len(msgspec.msgpack.encode(stories.dump())) < 48_000


def test_the_memory_fades_by_half_in_a_fortnight() -> None:
    """Uses and articles alike, so shares stay."""
    memory = KeyMemory()
    memory.fade(START)
    for _ in range(40):
        memory.learn([1, 2])
    memory.learn([1])
    before = memory.share(1)
    memory.fade(START + 14 * DAY)
    assert memory.articles == 20
    assert memory.share(1) == pytest.approx(before, rel=0.2)
    assert memory.rarity(3) > memory.rarity(1) >= 0.0

"""How large stories usually are at an age."""

import msgspec
import pytest
from story_support import DAY, HOUR, article, own

from detectors.stories import Stories
from detectors.story_growth import AGES, StoryGrowth


def grown(topic: str, age: int, *counts: int, growth: StoryGrowth | None = None) -> StoryGrowth:
    """Return what stories of these sizes at an age teach."""
    growth = growth or StoryGrowth()
    for count in counts:
        growth.learn(topic, age, count)
    return growth


def test_before_any_story_two_articles_are_usual() -> None:
    """With two it begins."""
    assert {StoryGrowth().usual("y-te", seconds) for seconds in (-60, 0, HOUR, 30 * DAY)} == {2.0}


def test_each_age_has_its_own_size() -> None:
    """A story of five hours is held against those of three, not against those of a day."""
    growth = grown("y-te", AGES.index(24 * HOUR), 20, growth=grown("y-te", AGES.index(3 * HOUR), 4, 6))
    assert growth.usual("y-te", 5 * HOUR) == pytest.approx(5.0)
    assert growth.usual("y-te", 2 * DAY - 1) == pytest.approx(20.0)


def test_a_topic_with_few_stories_is_held_against_all() -> None:
    """One story of a topic counts a sixth, fifty nearly all."""
    growth = grown("thien-tai", 0, *[4] * 63)
    few = grown("y-te", 0, 10, growth=growth).usual("y-te", 0)
    assert 4 < few < 6
    assert grown("y-te", 0, *[10] * 50, growth=growth).usual("y-te", 0) > 9
    assert growth.usual("dien", 0) == pytest.approx(growth.usual("giao-thong", 0))


def test_the_newest_stories_count_most_and_memory_is_bounded() -> None:
    """After a thousand small stories sixty-four large ones are most of what is usual."""
    growth = grown("y-te", 0, *[2] * 1000)
    assert grown("y-te", 0, *[12] * 64, growth=growth).usual("y-te", 0) > 2 + 0.6 * 10
    for number in range(500):
        growth.learn(f"t{number}", 0, 3)
    assert len(growth.dump()) == 129


def test_a_stored_growth_is_the_same() -> None:
    """Its topics in the same order."""
    growth = grown("dien", 1, 5, growth=grown("y-te", 0, 3))
    again = StoryGrowth()
    again.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(growth.dump())))
    assert again.dump() == growth.dump()


def test_stories_teach_how_they_grow() -> None:
    """Each once at each age: with two articles when it began, five later, three of them a day old or less."""
    stories = Stories()
    for number in range(5):
        stories.take(
            article(number, number * HOUR, (number, number + 50, *own(1))), number * HOUR, begins=True
        )
        stories.close(number * HOUR)
    for minute in range(5 * 60, 28 * 60):
        stories.close(minute * 60)
    usual = [stories.growth.usual("y-te", age) for age in AGES[:6]]
    assert usual == pytest.approx([2, 3, 5, 5, 5, 3])

"""Articles of made-up stories for the tests of the story desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detector_support import START, example

if TYPE_CHECKING:
    from detectors.windows import Example

HOUR, DAY = 3600, 86_400
#: Keys of ordinary articles; each story has its own above.
COMMON = 200


def article(number: int, at: int, keys: tuple[int, ...], gravity: int = 800, **changes: object) -> Example:
    """Return an article of one of three papers."""
    fields = {"source": f"Báo {number % 3}", "arrived": at, "topics": ("y-te",)}
    return example(number, keys=keys, gravity_milli=gravity, **(fields | changes))


def own(story: int, size: int = 6) -> tuple[int, ...]:
    """Return the keys that only one story uses."""
    return tuple(1_000_000 + 100 * story + key for key in range(size))


def ordinary(days: int = 5) -> list[Example]:
    """Return some days of thirty articles each about nothing in particular, none grave."""
    return [
        article(n, START + n * DAY // 30, tuple(sorted({(n * 7 + i * i) % COMMON for i in range(12)})), 0)
        for n in range(days * 30)
    ]


AFTER = START + 5 * DAY


def retold(story: int, count: int, at: int = AFTER, **changes: object) -> list[Example]:
    """Return hourly articles about one story, each with words of its own too."""
    return [
        article(story * 100 + n, at + n * HOUR, (n, n + 50, *own(story)), **changes) for n in range(count)
    ]

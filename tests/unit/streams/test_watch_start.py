"""Time begins with the first mention, not with 1970."""

from streams.catalogue import Catalogue
from streams.observation import Observations, Progress, Rows
from streams.pipeline import Monitors
from streams.watch import Effects, Watch

CATALOGUE = """
schema = "haidang.catalogue.v1"
[[topic]]
id = "cau-anh-duong"
name = { vi = "Cầu Ánh Dương", en = "Anh Duong bridge" }
aliases = ["cầu Ánh Dương"]
"""
MINUTE = 29_924_820
START_MS = MINUTE * 60_000


def first_mention(second: int) -> tuple[Watch, Effects]:
    """Fold one mention that arrives at this second of a minute, the first ever."""
    monitors = Monitors(Catalogue.parse(CATALOGUE, "test"), 14.0).of(0, 1)
    watch, effects = Watch({topic: fresh for topic, (fresh, _) in monitors.items()}, 1), Effects()
    arrived = START_MS + second * 1000
    rows = Rows("cau-anh-duong", 0, [0], [MINUTE], [MINUTE], [500], [0], [0], [0], [1], [1])
    progress = Progress(0, arrived, arrived, arrived)
    admitted = watch.admit(0, Observations(progress=[progress], names=["Báo"], rows=[rows]))
    assert admitted is not None
    watch.fold(admitted[0], effects)
    return watch, effects


def test_the_first_mention_closes_no_minute_before_itself() -> None:
    """Whatever second it arrives at: closing every minute since 1970 would take hours."""
    for second in (0, 1, 30, 59):
        watch, effects = first_mention(second)
        windows = watch.topics["cau-anh-duong"].windows

        assert windows.closed == MINUTE - 1
        assert windows.counts(MINUTE) == (1, 1, 0)
        assert effects.events == []


def test_the_first_minute_closes_like_any_other() -> None:
    """The next mention, a minute later, closes the first one's minute with its count."""
    watch, effects = first_mention(30)
    later = START_MS + 63_000
    admitted = watch.admit(1, Observations(progress=[Progress(0, later, later, later)]))
    assert admitted is not None
    watch.fold(admitted[0], effects)

    assert watch.topics["cau-anh-duong"].windows.closed == MINUTE

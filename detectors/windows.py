"""What one closed step of one topic looks like to the detectors."""

from __future__ import annotations

import msgspec

#: Lengths of the trailing windows over event time, in seconds, shortest first.
WINDOW_SECONDS: tuple[int, ...] = (300, 900, 3600, 21600, 86400)

#: Kinds of source, in the order of the columns of `Windows.kinds`.
KINDS: tuple[str, ...] = ("press", "social", "forum", "video", "other")

#: Places of the windows in `WINDOW_SECONDS`, by name.
FIVE_MINUTES, QUARTER_HOUR, HOUR, SIX_HOURS, DAY = range(len(WINDOW_SECONDS))

#: P(negative) or P(positive), in thousandths, from which a mention counts as such.
EVEN_MILLI = 500


def covering(seconds: int) -> int:
    """Return the place of the shortest window that covers so many seconds; of the longest if none does."""
    return next((i for i, length in enumerate(WINDOW_SECONDS) if length >= seconds), DAY)


class Example(msgspec.Struct, frozen=True):
    """One masked mention kept for phrases and samples.

    Parameters
    ----------
    mention
        Stable unsigned 64-bit hash of the mention; orders examples alike everywhere.
    text
        Masked text, at most 200 characters.
    source
        Name of the source; empty when unknown.
    kind
        One of `KINDS`.
    url
        Link, if any.
    published, arrived
        Epoch seconds: when it was said, when it was known.
    negative_milli
        P(negative) in thousandths, 0 .. 1000.
    phrases
        Candidate phrases of the text, in its own spelling.
    gravity_milli
        How much harm it speaks of in thousandths, 0 .. 1000; 0 for what happens abroad.
    signature
        Keys by which near-copies are told (`detectors.copies`); empty for a short text.
    keys
        What links it to other articles about the same matter; of articles on the story desk only.
    topics
        Topics that it concerns; of articles on the story desk only.
    usual_milli
        Beside each of `phrases`, the share of the topic's earlier mentions that used it, in thousandths, as
        known when the mention came; empty where no past is known.

    """

    mention: int
    text: str
    source: str
    kind: str
    url: str | None
    published: int
    arrived: int
    negative_milli: int
    phrases: tuple[str, ...]
    gravity_milli: int = 0
    signature: bytes = b""
    keys: tuple[int, ...] = ()
    topics: tuple[str, ...] = ()
    usual_milli: tuple[int, ...] = ()


class Windows(msgspec.Struct, frozen=True):
    """Trailing sums of one topic at the end of one step, as known then.

    Every tuple has one place per `WINDOW_SECONDS`. All figures are integers, so neither the order of the
    mentions nor their batches can change them.

    Parameters
    ----------
    at
        Epoch seconds of the end of the closed step: the time of the decision.
    step
        Length of a step in seconds (60 for mentions).
    arrived
        Mentions that arrived in this step.
    total, negative, positive
        Mentions in the window; those with P(negative), P(positive) of at least one half.
    negative_milli
        Sum of P(negative) over the window in thousandths.
    kinds
        Per window, mentions per kind of `KINDS`.
    spread
        Distinct source names within 6 hours.
    authors
        Estimated distinct authors within 1 hour; 0 when none is known.
    angry_authors
        Of them, those of negative mentions; 0 when none is known.
    copies
        Mentions of the last hour that are near-copies of an earlier mention of the topic, which arrived at
        most 24 hours before; never more than there are mentions in that hour.
    fed_seconds
        For how long up to now the whole input has been fed without a gap, at most 24 h; 0 in a gap.
    whole_seconds
        For how long up to now the topic's talk has been whole: as `fed_seconds`, and no kind of source that
        speaks of it was missing.
    examples
        At most 24 examples of the newest 6 hours in canonical order.
    has_text
        False when only counts exist (a CSV of counts), so that volume alone decides.
    arrived_negative_milli
        Sum of P(negative) over the mentions that arrived in this step, in thousandths.

    """

    at: int
    step: int
    arrived: int
    total: tuple[int, ...]
    negative: tuple[int, ...]
    positive: tuple[int, ...]
    negative_milli: tuple[int, ...]
    kinds: tuple[tuple[int, ...], ...]
    spread: int = 0
    authors: int = 0
    copies: int = 0
    fed_seconds: int = WINDOW_SECONDS[DAY]
    whole_seconds: int = WINDOW_SECONDS[DAY]
    examples: tuple[Example, ...] = ()
    has_text: bool = True
    arrived_negative_milli: int = 0
    angry_authors: int = 0

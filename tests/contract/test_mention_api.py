"""The HTTP API and the stream accept the same mentions: both agree with every line of the contract table."""

import json

import pytest
from mention_cases import MentionCase, appended_at, appended_ms, invalid_cases, known_topics, valid_cases
from pydantic import TypeAdapter, ValidationError

from api.mention import Envelope, encode, time_faults, topic_faults
from streams.mention import Mention, parse_record

ENVELOPE: TypeAdapter[Envelope] = TypeAdapter(Envelope)


def named(case: MentionCase) -> str:
    """Name a test after its case."""
    return case.name


def faulty_fields(mention: object) -> set[str]:
    """Return the dotted fields that the API finds at fault in one mention ("" the mention itself)."""
    try:
        mentions = ENVELOPE.validate_json(json.dumps([mention]))
    except ValidationError as refused:
        return {_dotted(error["loc"]) for error in refused.errors()}
    faults = [*time_faults(mentions, appended_at()), *topic_faults(mentions, set(known_topics()))]
    return {fault.field.partition(".")[2] for fault in faults}


@pytest.mark.parametrize("case", valid_cases(), ids=named)
def test_the_api_accepts_what_the_stream_accepts(case: MentionCase) -> None:
    """A valid mention may come either way."""
    assert faulty_fields(case.mention) == set()


@pytest.mark.parametrize("case", invalid_cases(), ids=named)
def test_the_api_refuses_what_the_stream_rejects_by_the_same_field(case: MentionCase) -> None:
    """The person who posts learns at once what would otherwise be a dead letter."""
    found = faulty_fields(case.mention)
    if case.name == "empty object":
        assert found == {"id", "published_at", "text"}
    else:
        assert found == {case.field}


@pytest.mark.parametrize("case", valid_cases(), ids=named)
def test_what_the_api_passes_on_is_what_was_posted(case: MentionCase) -> None:
    """The stream reads the same mention whether it was posted or produced."""
    (posted,) = ENVELOPE.validate_json(json.dumps([case.mention]))
    passed = parse_record(encode(posted), appended_ms=appended_ms(), known_topics=known_topics())
    produced = parse_record(case.json, appended_ms=appended_ms(), known_topics=known_topics())

    assert isinstance(passed[0], Mention)
    assert passed == produced


def _dotted(place: tuple[int | str, ...]) -> str:
    """Return the field of pydantic's place, without the index in the envelope and in lists."""
    return ".".join(part for part in place if isinstance(part, str))

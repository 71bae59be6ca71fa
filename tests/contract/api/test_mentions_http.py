"""Mentions over HTTP: the same table of cases that the stream is held to."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from api_support import Api, Log, keep, running_api
from mention_cases import MentionCase, appended_at, appended_ms, invalid_cases, known_topics, valid_cases
from pydantic import TypeAdapter, ValidationError

from api import mention
from api.errors import FieldError, field_errors
from api.keys import Role
from streams.mention import Mention, parse_record

pytestmark = pytest.mark.stores("sqlite")  # nothing here depends on the store
GOOD = {"id": "1", "text": "x", "published_at": "2026-01-01T00:00:00Z"}
ENVELOPE: TypeAdapter[list[mention.Mention]] = TypeAdapter(mention.Envelope)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Give an officer's client of an application without Kafka that knows one topic."""
    async with running_api(tmp_path, kafka_produce_seconds=0.2) as api:
        name_topic(api)
        async with api.client(Role.OFFICER) as made:
            yield made


def name_topic(api: Api) -> None:
    """Let the catalogue hold one topic."""
    topic = {"schema": "haidang.topic.v1", "id": "health", "name": {"vi": "Y tế", "en": "Health"}}
    keep(api.store, [Log().json("catalogue", topic, key="health")])


def faults(value: object) -> list[FieldError]:
    """Give what the API finds wrong with an envelope."""
    try:
        mentions = ENVELOPE.validate_python(value)
    except ValidationError as error:
        return list(field_errors(error.errors()))
    return mention.time_faults(mentions, appended_at()) + mention.topic_faults(mentions, set(known_topics()))


def case_name(case: MentionCase) -> str:
    """Name a test after its case."""
    return case.name


@pytest.mark.parametrize("case", valid_cases(), ids=case_name)
def test_what_the_stream_accepts_the_api_accepts(case: MentionCase) -> None:
    """And what the API then writes, the stream reads as the same mention."""
    assert faults([case.mention]) == []
    [posted] = ENVELOPE.validate_python([case.mention])
    direct = parse_record(case.json, appended_ms=appended_ms(), known_topics=known_topics())
    written = mention.encode(posted)
    assert parse_record(written, appended_ms=appended_ms(), known_topics=known_topics()) == direct
    assert isinstance(direct[0], Mention)


@pytest.mark.parametrize("case", invalid_cases(), ids=case_name)
def test_what_the_stream_refuses_the_api_refuses_at_the_same_field(case: MentionCase) -> None:
    """Field by field."""
    found = faults([case.mention])
    assert found
    assert found[0].field.startswith(f"0.{case.field}".rstrip("."))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([GOOD, GOOD, GOOD, GOOD | {"published_at": "2026-01-01T00:00:00"}], "3.published_at"),
        ([GOOD, GOOD | {"published_at": "2099-01-01T00:00:00Z"}], "1.published_at"),
        ([GOOD | {"topics": ["nothing"]}], "0.topics"),
        ([GOOD | {"source": {"kind": "rumour"}}], "0.source.kind"),
        ([{"id": "1", "text": "x"}], "0.published_at"),
        ([GOOD, 5], "1"),
        ("text", "body"),
        ([], "body"),
        ([GOOD] * 501, "body"),
    ],
)
async def test_one_bad_mention_refuses_the_envelope_by_name(
    client: httpx.AsyncClient, body: object, field: str
) -> None:
    """All or none: 422, and the first bad field."""
    answer = await client.post("/v1/mentions", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"null"])
async def test_what_is_no_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    """Never a fault of ours."""
    headers = {"Content-Type": "application/json"}
    assert (await client.post("/v1/mentions", content=body, headers=headers)).status_code in (400, 422)


async def test_a_body_above_4_mib_is_refused(client: httpx.AsyncClient) -> None:
    """Whether or not it says how long it is."""
    big = b" " * (4 * 1024 * 1024 + 1)

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield big[: 1024 * 1024]

    assert (await client.post("/v1/mentions", content=big)).status_code == 413
    headers = {"Content-Type": "application/json"}
    assert (await client.post("/v1/mentions", content=parts(), headers=headers)).status_code == 413


async def test_without_kafka_nothing_is_promised(client: httpx.AsyncClient) -> None:
    """503 as a problem that says when to try again; never 202."""
    answer = await client.post("/v1/mentions", json=[GOOD])
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert int(answer.headers["retry-after"]) > 0


def test_what_is_written_holds_only_what_was_sent() -> None:
    """Unknown fields are dropped, unset ones are not invented."""
    [posted] = ENVELOPE.validate_python([GOOD | {"colour": "red"}])
    assert msgspec.json.decode(mention.encode(posted)) == GOOD


def test_a_mention_does_not_show_text_or_author() -> None:
    """No log line or traceback can hold them."""
    [posted] = ENVELOPE.validate_python([GOOD | {"text": "bí mật", "author_key": "lan", "title": "kín"}])
    assert not any(word in repr(posted) for word in ("bí mật", "lan'", "kín"))


def test_time_is_measured_against_the_clock_that_is_given() -> None:
    """Pure: no clock inside."""
    [posted] = ENVELOPE.validate_python([GOOD])
    early = datetime(2025, 12, 31, tzinfo=UTC)
    assert [fault.field for fault in mention.time_faults([posted], early)] == ["0.published_at"]

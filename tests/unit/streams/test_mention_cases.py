"""The stream agrees with every line of the contract table of Mention v1."""

import json

import pytest
from mention_cases import MentionCase, appended_ms, invalid_cases, known_topics, valid_cases

from streams.mention import Mention, Reason, Rejection, parse_record


def parse(value: bytes) -> list[Mention | Rejection]:
    """Parse a record as the table wants it judged."""
    return parse_record(value, appended_ms=appended_ms(), known_topics=known_topics())


def named(case: MentionCase) -> str:
    """Name a test after its case."""
    return case.name


@pytest.mark.parametrize("case", valid_cases(), ids=named)
def test_a_valid_mention_is_accepted_with_its_values(case: MentionCase) -> None:
    """Identity, text and what else was sent arrive unchanged."""
    (mention,) = parse(case.json)

    assert isinstance(mention, Mention)
    assert isinstance(case.mention, dict)
    for name in ("id", "text", "title", "url", "lang", "reach", "author_key"):
        sent = case.mention.get(name)
        assert getattr(mention, name) == ("" if name == "title" and sent is None else sent)


@pytest.mark.parametrize("case", invalid_cases(), ids=named)
def test_an_invalid_mention_is_rejected_by_field_and_reason(case: MentionCase) -> None:
    """Inside an envelope the element is at its index, and its neighbours count."""
    good = valid_cases()[0].json
    before, rejection, after = parse(b"[" + b",".join((good, case.json, good)) + b"]")

    assert isinstance(before, Mention)
    assert isinstance(after, Mention)
    assert isinstance(rejection, Rejection)
    assert (rejection.field, rejection.reason, rejection.index) == (case.field, case.reason, 1)
    assert rejection.detail.startswith(("allowed: ", "required: "))


@pytest.mark.parametrize("case", [case for case in invalid_cases() if case.field], ids=named)
def test_a_lone_object_is_judged_like_an_envelope_of_one(case: MentionCase) -> None:
    """The same field and reason, at index 0."""
    assert parse(case.json) == parse(b"[" + case.json + b"]")


@pytest.mark.parametrize("case", invalid_cases(), ids=named)
def test_a_detail_never_repeats_what_was_sent(case: MentionCase) -> None:
    """Dead letters are read by more people than mentions are."""
    private = "bí mật 4711"
    marked = json.dumps(_mark(case.mention, private), ensure_ascii=False).encode()

    outcomes = parse(marked)

    assert all(private not in repr(outcome) for outcome in outcomes if isinstance(outcome, Rejection))


def test_every_reason_a_mention_can_cause_is_in_the_table() -> None:
    """Only what concerns whole records, or ourselves, is tested elsewhere."""
    elsewhere = {
        Reason.NOT_JSON,
        Reason.RECORD_TOO_LARGE,
        Reason.ENVELOPE_TOO_LARGE,
        Reason.INTERNAL_ERROR,
    }
    assert {case.reason for case in invalid_cases()} == set(Reason) - elsewhere


def test_every_field_is_refused_at_least_once() -> None:
    """No field of a mention goes unchecked."""
    assert {(case.field or "").partition(".")[0] for case in invalid_cases()} - {""} == set(
        Mention.__struct_fields__
    )


def _mark(value: object, private: str) -> object:
    """Put ``private`` into every string but the times, which would be refused before all else."""
    if isinstance(value, str):
        return value + private
    if isinstance(value, dict):
        return {name: part if name.endswith("_at") else _mark(part, private) for name, part in value.items()}
    return value

"""The line we hold: Haidang watches topics, never people, and helps to answer, never to silence.

There is no function that removes, reports or hands over what someone said, and no record of who said it.
These tests make a step over the line a visible change of this file.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable

import msgspec
import pytest
from core_support import uncorrected
from source_tree import Module, modules

from detectors.events import AlertEvent, encode_event
from streams import observation
from streams.catalogue import Catalogue
from streams.classify import Classifier, Record
from streams.journal import Journal
from streams.mention import Mention, encode_dead_letter
from streams.pipeline import Monitors, Pipeline
from streams.understanding import Understanding
from streams.watch import Effects, Watch

FORBIDDEN_WORDS = {
    *("takedown", "takedowns", "police", "arrest", "arrests", "offender", "offenders"),
    *("censor", "censors", "censorship", "dossier", "dossiers", "dissident", "dissidents", "deanonymize"),
    *("reidentify", "prosecute", "punish", "interrogate", "surveil", "doxx"),
}
"""What no module, function, field, metric or route is named after."""
AUTHOR_KEY_MAY_BE_NAMED_IN = {
    "streams.mention": "reads it",
    "streams.classify": "puts it into the sketch and drops it",
    "streams.observation": "the sketch: which bit of the topic's and day's bitmap an author sets",
    "api.mention": "accepts it in POST /v1/mentions and passes it to Kafka",
    "deploy.demo.scenario": "makes up authors that do not exist",
}
PERSONAL_NAMES = re.compile(r"author_|user_?name|account_|person|handle_of|profile", re.IGNORECASE)
START_MS = 1_795_489_200_000
AUTHOR = "tai-khoan-4711-nguyen-van-a"
CATALOGUE = """
schema = "haidang.catalogue.v1"
[[topic]]
id = "cau-anh-duong"
name = { vi = "Cầu Ánh Dương", en = "Anh Duong bridge" }
aliases = ["cầu Ánh Dương"]
"""


def named(module: Module) -> str:
    """Name a test after its module."""
    return module.name


def words(names: Iterable[str]) -> set[str]:
    """Split identifiers and texts into lower-case words, at capitals, underscores and signs."""
    spaced = (re.sub(r"([a-z])([A-Z])", r"\1 \2", name) for name in names)
    return {word.lower() for name in spaced for word in re.findall(r"[A-Za-z]+", name)}


def record(offset: int, **changes: object) -> Record:
    """Make a record with one mention by `AUTHOR`, a minute after the one before."""
    appended = START_MS + offset * 60_000
    mention = {
        "id": f"m{offset}",
        "published_at": f"2026-11-24T10:{offset % 60:02d}:00+07:00",
        "text": "Cầu Ánh Dương tắc nghẽn, người dân bức xúc",
        "fetched_at": None,
        "source": {"name": "Diễn đàn", "kind": "forum"},
        "author_key": AUTHOR,
    }
    return Record(0, offset, appended, msgspec.json.encode(mention | changes))


def crowd(count: int) -> list[Record]:
    """Make ``count`` mentions that all came within the same minute of one person."""
    return [Record(0, 100 + offset, START_MS, record(0, id=f"c{offset}").value) for offset in range(count)]


def traces(author: str) -> list[bytes]:
    """Return the author key and what would stand for it just as well: its common digests, raw and hex."""
    key = author.encode()
    digests = [hashlib.new(name, key).digest() for name in ("md5", "sha1", "sha256", "sha512", "blake2b")]
    digests += [hashlib.blake2b(key, digest_size=size).digest() for size in (8, 16, 20, 32)]
    digests += [zlib.crc32(key).to_bytes(4, "big"), zlib.crc32(key).to_bytes(4, "little")]
    return [key, *digests, *(digest.hex().encode() for digest in digests)]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """One topic."""
    return Catalogue.parse(CATALOGUE, "test")


@pytest.mark.parametrize("module", list(modules()), ids=named)
def test_nothing_is_named_after_silencing_people(module: Module) -> None:
    """Neither a module nor a name nor a string in it, routes and metrics included."""
    assert not words(module.identifiers()) & FORBIDDEN_WORDS
    assert not words(module.strings()) & FORBIDDEN_WORDS
    assert not [name for name in module.identifiers() if "takedown" in name.lower().replace("_", "")]


@pytest.mark.parametrize("module", list(modules()), ids=named)
def test_the_author_key_is_named_only_where_it_is_read_and_dropped(module: Module) -> None:
    """Whoever adds a place has to say here what it is for."""
    if any("author_key" in name for name in module.identifiers() | module.strings()):
        assert module.name in AUTHOR_KEY_MAY_BE_NAMED_IN


@pytest.mark.parametrize("kind", [AlertEvent, observation.Observations, observation.Rows], ids=str)
def test_no_field_of_a_wire_format_holds_a_person(kind: type[msgspec.Struct]) -> None:
    """Alert events and observations have no place to put one, at any depth."""
    fields = re.findall(r'"([a-z_]+)":', msgspec.json.encode(msgspec.json.schema(kind)).decode())
    assert not [name for name in fields if PERSONAL_NAMES.search(name)]


def test_no_column_of_the_store_holds_a_person() -> None:
    """The store knows officers (actor, handled_by, created_by) and topics; authors it cannot hold."""
    tables = next(module for module in modules("api") if module.name == "api.store.tables")
    assert not [text for text in tables.strings() if PERSONAL_NAMES.search(text)]


def test_observations_hold_no_trace_of_an_author(catalogue: Catalogue) -> None:
    """Neither the key nor a digest of it leaves the classify stage, only bits that many share."""
    classifier = Classifier(catalogue, Understanding(catalogue), 2, uncorrected)
    classified = classifier.classify([record(offset) for offset in range(20)])
    sent = b"".join(observation.encode(part) for part in classified.observations)

    assert classified.observations[0].rows or classified.observations[1].rows
    assert not [trace for trace in traces(AUTHOR) if trace in sent]


def test_state_and_series_hold_no_trace_of_an_author(catalogue: Catalogue) -> None:
    """What the worker keeps across restarts and what it tells the API is as blind as what it was told."""
    classifier = Classifier(catalogue, Understanding(catalogue), 1, uncorrected)
    fresh = {topic: new for topic, (new, _) in Monitors(catalogue, 14.0).of(0, 1).items()}
    watch, effects = Watch(fresh, 1), Effects()
    journal = Journal(watch)
    kept = b""
    for offset in range(300):
        observations = classifier.classify([record(offset)]).observations[0]
        admitted = watch.admit(offset, observations)
        assert admitted is not None
        watch.fold(admitted[0], effects)
        journal.note(admitted[0], decided=False)
        kept += b"".join(journal.entries().values())
    kept += msgspec.json.encode(watch.series(effects.changed))

    assert b"cau-anh-duong" in kept
    assert not [trace for trace in traces(AUTHOR) if trace in kept]


def test_alert_events_hold_no_trace_of_an_author(catalogue: Catalogue) -> None:
    """Officers learn that ten or a thousand people speak, never which."""
    pipeline = Pipeline(catalogue, 1000.0)
    events = list(pipeline.run([*(record(offset) for offset in range(60)), *crowd(400)]))
    sent = b"".join(encode_event(event) for event in events)

    assert pipeline.outcomes["counted"] > 400
    assert not [trace for trace in traces(AUTHOR) if trace in sent]


def test_dead_letters_hold_neither_author_nor_text(catalogue: Catalogue) -> None:
    """Whatever field is at fault, what was said stays in the topic ``mentions``."""
    private = "lời riêng tư 4711"
    faults = [{name: [private]} for name in Mention.__struct_fields__]
    faults += [{"author_key": [AUTHOR]}, {"author_key": AUTHOR * 100}, {"source": {"kind": private}}]
    faults += [{"published_at": private}, {"url": private}, {"lang": private}, {"topics": [private]}]
    records = [record(offset, **fault) for offset, fault in enumerate(faults)]
    refused = Classifier(catalogue, Understanding(catalogue), 1, uncorrected).classify(records).refused
    letters = b"".join(
        encode_dead_letter(item.rejection, topic="mentions", partition=0, offset=0, at_ms=0)
        for item in refused
    )

    assert len(refused) == len(faults)
    assert private.encode() not in letters
    assert not [trace for trace in traces(AUTHOR) if trace in letters]


def test_a_person_cannot_be_found_again_by_the_sketch() -> None:
    """The same author sets other bits under another topic or on another day, and shares each with many."""
    day = 24 * 60
    bits = {observation.author_bit(AUTHOR, f"topic-{number}", 0) for number in range(50)}
    days = {observation.author_bit(AUTHOR, "cau-anh-duong", number * day) for number in range(50)}
    shared = sum(
        observation.author_bit(f"author-{number}", "t", 0) == observation.author_bit(AUTHOR, "t", 0)
        for number in range(50_000)
    )

    assert len(bits) > 40
    assert len(days) > 40
    assert shared > 50

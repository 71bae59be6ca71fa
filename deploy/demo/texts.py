"""Texts of the demonstration: templates from texts.toml, filled and written the way people write."""

import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

import msgspec

WITHOUT_DIACRITICS_SHARE = 0.14
TEENCODE_SHARE = 0.12
NFD_SHARE = 0.03
LOWER_CASE_SHARE = 0.3
OPENER_SHARE = 0.35
TAIL_SHARE = 0.45
TEENCODE = {
    "không": "ko",
    "được": "dc",
    "người": "ng",
    "biết": "bít",
    "rồi": "r",
    "gì": "j",
    "với": "vs",
    "vậy": "z",
    "mọi người": "mn",
    "quá": "wá",
    "bây giờ": "bi h",
    "thế nào": "ntn",
    "nhiều": "nhìu",
}
HOURS = ("5h sáng", "6h30", "7h sáng", "9h", "trưa", "14h", "chiều", "17h30", "tối", "20h", "đêm qua")


class Pools(msgspec.Struct, frozen=True):
    """Templates about one subject, by mood; `english` stands for comments in English."""

    press: tuple[str, ...]
    angry: tuple[str, ...] = ()
    worried: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()
    happy: tuple[str, ...] = ()
    english: tuple[str, ...] = ()


class Crisis(Pools, frozen=True):
    """Templates of one crisis and its correction; `arrivals` names the event it takes its times from."""

    topic: str = ""
    arrivals: str = ""
    correction_press: tuple[str, ...] = ()
    correction_happy: tuple[str, ...] = ()
    correction_neutral: tuple[str, ...] = ()
    correction_angry: tuple[str, ...] = ()

    def correction(self) -> Pools:
        """Templates of the time after the officials have spoken."""
        return Pools(
            press=self.correction_press,
            angry=self.correction_angry,
            neutral=self.correction_neutral,
            happy=self.correction_happy,
        )


class Announcement(Pools, frozen=True):
    """Templates of the planned announcement."""

    topic: str = ""


class Mood(msgspec.Struct, frozen=True):
    """What comments of one mood may begin and end with."""

    openers: tuple[str, ...]
    tails: tuple[str, ...]


class Texts(msgspec.Struct, frozen=True):
    """Everything in texts.toml, and the aliases of each topic."""

    sources: dict[str, tuple[str, ...]]
    places: dict[str, tuple[str, ...]]
    mood: dict[str, Mood]
    summary: dict[str, tuple[str, ...]]
    topic: dict[str, Pools]
    announcement: Announcement
    crisis: tuple[Crisis, ...]
    noise: Pools
    aliases: dict[str, tuple[str, ...]]

    def fill(self, rng: Random, template: str, topic: str | None) -> str:
        """Put an alias, a place, a time of day and a number into a template."""
        aliases = self.aliases[topic] if topic is not None else ("",)
        return (
            template.replace("{t}", rng.choice(aliases))
            .replace("{noi}", rng.choice(self.places["noi"]))
            .replace("{gio}", rng.choice(HOURS))
            .replace("{so}", str(rng.randint(2, 9)))
        )

    def comment(self, rng: Random, pools: Pools, mood: str, topic: str | None) -> str:
        """One comment: an optional opener, a sentence, an optional tail; in `english` the sentence alone."""
        template = rng.choice(getattr(pools, mood))
        if not template.startswith("{") and mood != "english":
            template = template[0].lower() + template[1:]
        sentence = self.fill(rng, template, topic)
        extra = self.mood.get(mood)
        if extra is None:
            return capitalised(sentence)
        if rng.random() < OPENER_SHARE:
            sentence = _joined(rng.choice(extra.openers), sentence)
        if rng.random() < TAIL_SHARE:
            sentence = f"{sentence} {rng.choice(extra.tails)}"
        return capitalised(sentence)


def capitalised(text: str) -> str:
    """Text with a capital first letter."""
    return text[0].upper() + text[1:]


def _joined(opener: str, sentence: str) -> str:
    """Join both; after a full stop or exclamation mark the sentence begins with a capital."""
    return f"{opener} {sentence if opener.endswith((',', ':')) else capitalised(sentence)}"


def without_diacritics(text: str) -> str:
    """Vietnamese as typed without diacritics; other characters stay."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def teencode(text: str) -> str:
    """Text in the abbreviations of young writers; whole words only."""
    padded = f" {text} "
    for word, short in TEENCODE.items():
        padded = padded.replace(f" {word} ", f" {short} ")
    return padded.strip()


def as_typed(rng: Random, text: str) -> str:
    """Write a comment as somebody may have typed it: teencode, without diacritics, decomposed, or as is."""
    if rng.random() < LOWER_CASE_SHARE:
        text = text[0].lower() + text[1:]
    if rng.random() < TEENCODE_SHARE:
        text = teencode(text)
    if rng.random() < WITHOUT_DIACRITICS_SHARE:
        return without_diacritics(text)
    return decomposed_at_times(rng, text)


def decomposed_at_times(rng: Random, text: str) -> str:
    """Text in NFD in a few cases, as some keyboards and systems write it; else in NFC."""
    if rng.random() < NFD_SHARE:
        return unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", text)


def catalogue_text() -> str:
    """Content of the demonstration's catalogue."""
    return files("deploy.demo").joinpath("catalogue.toml").read_text(encoding="utf-8")


def _aliases() -> dict[str, tuple[str, ...]]:
    """Vietnamese aliases of every topic: the English ones belong to the English sentences."""
    topics: list[dict[str, Any]] = tomllib.loads(catalogue_text())["topic"]
    return {topic["id"]: tuple(a for a in topic["aliases"] if not a.isascii()) for topic in topics}


@cache
def bundled() -> Texts:
    """Texts as bundled."""
    content = tomllib.loads(files("deploy.demo").joinpath("texts.toml").read_text(encoding="utf-8"))
    return msgspec.convert(content | {"aliases": _aliases()}, Texts)

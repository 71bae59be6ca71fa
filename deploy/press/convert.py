"""Press archive to mentions: `python -m deploy.press.convert IN OUT`.

In: JSON Lines (gzipped or not) with id, source, title, url, published_at, fetched_at, optional summary. Out:
Mention v1, one a line, in order of arrival, gzipped when OUT ends in .gz; `haidang send --speed` replays it.
"""

import gzip
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import attrgetter
from pathlib import Path

import msgspec

from streams.send_input import InputError, open_source

ARGUMENTS = 2


class Article(msgspec.Struct, frozen=True):
    """One article of the archive; fields that are not used are left out."""

    id: str
    source: str
    title: str
    published_at: datetime
    fetched_at: datetime
    url: str | None = None
    summary: str | None = None

    @property
    def arrived(self) -> datetime:
        """When it was fetched; nothing arrives before it is published, whatever the archive says."""
        return max(self.fetched_at, self.published_at)


class ConvertError(Exception):
    """The archive cannot be converted; the message names the line."""


def articles(lines: Iterable[bytes]) -> Iterator[Article]:
    """Read the archive's lines. Raises ConvertError at the first line that is no article."""
    decode = msgspec.json.Decoder(Article).decode
    for number, line in enumerate(lines, 1):
        try:
            article = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConvertError(f"line {number}: {error}") from error
        if article.published_at.tzinfo is None or article.fetched_at.tzinfo is None:
            raise ConvertError(f"line {number}: a time without offset")
        yield article


def mention(article: Article) -> dict[str, object]:
    """Mention v1 of an article: the summary is its text, the title where there is none."""
    return {
        "id": article.id,
        "published_at": article.published_at.isoformat(),
        "fetched_at": article.arrived.isoformat(),
        "source": {"name": article.source, "kind": "press"},
        "url": article.url,
        "lang": "vi",
        "title": article.title,
        "text": article.summary or article.title,
    }


def convert(archive: str, target: Path) -> int:
    """Convert a file; return how many articles. Raises InputError and ConvertError."""
    with open_source(archive) as source:
        ordered = sorted(articles(source.lines()), key=attrgetter("arrived", "id"))
    lines = b"".join(msgspec.json.encode(mention(article)) + b"\n" for article in ordered)
    target.write_bytes(gzip.compress(lines, mtime=0) if target.suffix == ".gz" else lines)
    return len(ordered)


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status: 0, 1 failed, 2 usage."""
    if len(arguments) != ARGUMENTS:
        sys.stderr.write("usage: python -m deploy.press.convert IN OUT\n")
        return 2
    archive, target = arguments
    try:
        count = convert(archive, Path(target))
    except (InputError, ConvertError, OSError) as error:
        sys.stderr.write(f"convert: {archive}: {error}\n")
        return 1
    sys.stdout.write(f"{count:,} articles written to {target} in order of arrival\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

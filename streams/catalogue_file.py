"""The catalogue's file: read at the start, and again when it has changed while the service runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.catalogue import Catalogue, CatalogueError, default_catalogue_text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CatalogueFile", "read_catalogue"]

BUNDLED = "catalogue_vn.toml"


def read_catalogue(path: Path | None) -> Catalogue:
    """Return the catalogue of a file, or the bundled one.

    Raises
    ------
    CatalogueError
        If the file cannot be read or used; the message names place, problem and fix.

    """
    if path is None:
        return Catalogue.parse(default_catalogue_text(), BUNDLED)
    return Catalogue.parse(_text(path), path.name)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CatalogueError(str(path), "file", str(problem), "name a readable TOML file") from error


class CatalogueFile:
    """Tells when the file has other content than the catalogue in force.

    Parameters
    ----------
    path
        The file; None, the bundled catalogue, never changes.
    catalogue
        The catalogue in force.

    """

    def __init__(self, path: Path | None, catalogue: Catalogue) -> None:
        self._path = path
        self._digest = catalogue.digest
        self._text = None if path is None else _text(path)

    def changed(self) -> Catalogue | None:
        """Return the file's new catalogue; None while its content is what it was, or means the same.

        Raises
        ------
        CatalogueError
            Once for each content that cannot be used: the catalogue in force stays.

        """
        if self._path is None:
            return None
        text = _text(self._path)
        if text == self._text:
            return None
        self._text = text
        found = Catalogue.parse(text, self._path.name)
        if found.digest == self._digest:
            return None
        self._digest = found.digest
        return found

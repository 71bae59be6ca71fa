"""The catalogue's file while the service runs: what is new is told once, what is broken changes nothing."""

from pathlib import Path

import pytest
from core_support import catalogue
from stream_support import CATALOGUE

from streams.catalogue import CatalogueError
from streams.catalogue_file import CatalogueFile, read_catalogue

ONE_MORE = (
    CATALOGUE + '[[topic]]\nid = "moi"\nname = { vi = "Mới", en = "New" }\naliases = ["chuyện mới ở xã"]\n'
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with twelve topics."""
    found = tmp_path / "catalogue.toml"
    found.write_text(CATALOGUE, encoding="utf-8")
    return found


@pytest.fixture
def file(path: Path) -> CatalogueFile:
    """Return the file as followed by a worker that has read it."""
    return CatalogueFile(path, read_catalogue(path))


def test_a_new_topic_is_told_once(path: Path, file: CatalogueFile) -> None:
    """And nothing before or after."""
    assert file.changed() is None
    path.write_text(ONE_MORE, encoding="utf-8")
    found = file.changed()
    assert found is not None
    assert "moi" in found.ids
    assert file.changed() is None


def test_a_comment_changes_nothing(path: Path, file: CatalogueFile) -> None:
    """What means the same is the same catalogue."""
    path.write_text(CATALOGUE + "\n# reviewed\n", encoding="utf-8")
    assert file.changed() is None


def test_a_broken_file_is_told_once_and_its_repair_is_taken(path: Path, file: CatalogueFile) -> None:
    """Half-written, then whole."""
    path.write_text(ONE_MORE[:-5], encoding="utf-8")
    with pytest.raises(CatalogueError, match="not valid TOML"):
        file.changed()
    assert file.changed() is None
    path.write_text(ONE_MORE, encoding="utf-8")
    assert file.changed() is not None


def test_a_file_that_is_away_is_told(path: Path, file: CatalogueFile) -> None:
    """Deleted, not UTF-8."""
    path.unlink()
    with pytest.raises(CatalogueError, match="No such file"):
        file.changed()
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CatalogueError, match="UTF-8"):
        file.changed()


def test_the_bundled_catalogue_never_changes() -> None:
    """There is no file to follow."""
    assert CatalogueFile(None, catalogue()).changed() is None

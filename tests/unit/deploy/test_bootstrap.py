"""Setting up a bare machine: what pip's failures mean, and that nothing is done twice."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy import bootstrap
from deploy.bootstrap import INCLUDES, LOCKS, SetupError, diagnose

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk full"),
        ("NewConnectionError('...: Failed to establish a new connection", "no network"),
        ("ERROR: No matching distribution found for aiohttp==3.14.5", "no network, or a locked package"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "differs from the lock",
        ),
        ("SSLError(SSLCertVerificationError", "PIP_CERT"),
        ("noise\nERROR: something new\n", "ERROR: something new"),
        ("", "pip failed without saying why"),
    ],
)
def test_a_failing_pip_is_explained_in_one_line(printed: str, told: str) -> None:
    """The person at the terminal reads what to do, not a traceback."""
    assert told in diagnose(printed)
    assert "\n" not in diagnose(printed)


@pytest.mark.parametrize("name", LOCKS.values())
def test_a_lock_pins_and_hashes_everything_and_names_no_address(name: str) -> None:
    """Each requirement has a version and a SHA-256; where from is the machine's matter."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index-url|--find-links|^#", text, re.MULTILINE)
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert len(blocks) > 50
    for block in blocks:
        assert re.match(r"[a-z0-9._-]+==\S+ ", block), block
        assert "--hash=sha256:" in block


def pins(name: str) -> set[str]:
    """Return the pinned versions of a lock; platform markers may differ with what else asks for them."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {line.split()[0] for line in text.splitlines() if "==" in line and not line.startswith(" ")}


def test_the_larger_locks_contain_the_smaller() -> None:
    """Tests run on exactly what people run; benchmarks on exactly what tests run."""
    assert pins(LOCKS["run"]) < pins(LOCKS["dev"]) < pins(LOCKS["bench"])
    assert INCLUDES["run"] == ("dev", "bench")


def test_every_dependency_of_the_project_is_locked() -> None:
    """A dependency that was added to pyproject.toml without `make lock` is found here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = {pin.partition("==")[0] for pin in pins(LOCKS["run"])}
    names = {re.split(r"[\[<>=~! ]", each)[0].lower().replace("_", "-") for each in project["dependencies"]}
    assert names <= locked
    dev = {re.split(r"[\[<>=~! ]", each)[0] for each in project["optional-dependencies"]["dev"]}
    assert dev <= {pin.partition("==")[0] for pin in pins(LOCKS["dev"])}


def test_an_old_python_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version that is needed is told."""
    monkeypatch.setattr(bootstrap, "OLDEST_PYTHON", (99, 0))
    with pytest.raises(SetupError, match=r"is too old: 3\.11 or newer is needed"):
        bootstrap.install("run")


def test_an_unknown_set_is_a_usage_error() -> None:
    """Exit status 2, as everywhere."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "bootstrap.py"), "all"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("usage: bootstrap.py [run|dev|bench]")


def test_bootstrap_needs_nothing_but_the_standard_library() -> None:
    """It runs before anything is installed: isolated, without site-packages, it still starts."""
    script = f"import runpy; runpy.run_path({str(ROOT / 'deploy' / 'bootstrap.py')!r})"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_digest_follows_lock_and_project() -> None:
    """Another lock is another digest, so that a changed lock is installed; the same one is not again."""
    assert bootstrap.digest("run") == bootstrap.digest("run")
    assert len({bootstrap.digest(kind) for kind in LOCKS}) == len(LOCKS)

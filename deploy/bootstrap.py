"""Make ``.venv`` with the locked, hashed dependencies and the project itself: what ``make`` runs first.

Runs on a bare Python >= 3.11, so it imports nothing but the standard library. Doing it again costs a tenth of
a second: a stamp in ``.venv`` holds the digest of what was installed.
"""

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = {
    "run": "requirements.txt",
    "dev": "requirements-dev.txt",
    "bench": "requirements-bench.txt",
}
INCLUDES = {"run": ("dev", "bench"), "dev": ("bench",), "bench": ()}
"""Which larger sets contain a set: with ``dev`` installed, ``run`` is."""

BYTES_WANTED = 800_000_000
OLDEST_PYTHON = (3, 11)

DIAGNOSES = (
    (
        "No space left on device",
        "disk full: free at least 1 GB and run the same command again",
    ),
    (
        "THESE PACKAGES DO NOT MATCH THE HASHES",
        "a downloaded package differs from the lock file, so nothing was installed; a proxy may alter files",
    ),
    (
        "NewConnectionError",
        "no network: the package index cannot be reached; check the connection and HTTPS_PROXY, try again",
    ),
    (
        "ConnectTimeoutError",
        "no network: the package index does not answer; check the connection and HTTPS_PROXY, then try again",
    ),
    (
        "ReadTimeoutError",
        "the network is too slow or was interrupted; run the same command again",
    ),
    (
        "ProxyError",
        "no network: the proxy refuses; correct HTTPS_PROXY and try again",
    ),
    (
        "SSLError",
        "the package index's certificate is not trusted; name your company's in PIP_CERT and try again",
    ),
    (
        "No matching distribution found",
        "no network, or a locked package does not exist for this system: 64-bit Linux or macOS is needed",
    ),
)
"""What pip prints, and what that means for the person at the terminal; the first that fits is told."""


class SetupError(Exception):
    """Making ``.venv`` failed; the text is one line with what to do."""


def diagnose(output: str) -> str:
    """Say in one line what a failing pip printed; its own last error line when nothing known fits."""
    for mark, meaning in DIAGNOSES:
        if mark in output:
            return meaning
    errors = [line for line in output.splitlines() if line.startswith("ERROR")]
    return errors[-1] if errors else "pip failed without saying why; run .venv/bin/pip install -r by hand"


def digest(kind: str) -> str:
    """Return the digest of everything that decides what is installed for ``kind`` (run, dev or bench)."""
    parts = [sys.version, str(ROOT), *(_text(name) for name in (LOCKS[kind], "pyproject.toml"))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def is_installed(kind: str) -> bool:
    """Whether ``.venv`` holds exactly what the lock of ``kind``, or of a set that contains it, says."""
    return any(_stamp_is(each, digest(each)) for each in (kind, *INCLUDES[kind]))


def _stamp(kind: str) -> Path:
    return VENV / f".haidang-{kind}"


def _stamp_is(kind: str, wanted: str) -> bool:
    return _stamp(kind).is_file() and _stamp(kind).read_text(encoding="utf-8") == wanted


def install(kind: str) -> None:
    """Make ``.venv`` where needed and install the set ``kind`` and the project into it, printing each step.

    Raises
    ------
    SetupError
        Python too old, disk full, no network, or a file that differs from the lock.

    """
    _refuse_old_python()
    if is_installed(kind):
        return
    _refuse_small_disk()
    _step(f"making {VENV.name} with Python {sys.version.split()[0]}", _make_venv)
    count = _text(LOCKS[kind]).count("==")
    _step(
        f"installing up to {count} packages of {LOCKS[kind]} (downloads 130 MB the first time)",
        lambda: _pip("--require-hashes", "-r", LOCKS[kind]),
    )
    _step("installing haidang itself", lambda: _pip("--no-deps", "--no-build-isolation", "-e", "."))
    _stamp(kind).write_text(digest(kind), encoding="utf-8")


def _refuse_old_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(f"Python {sys.version.split()[0]} is too old: 3.11 or newer is needed")


def _refuse_small_disk() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < BYTES_WANTED:
        raise SetupError(
            f"disk full: {free // 1_000_000} MB free in {ROOT}, {BYTES_WANTED // 1_000_000} MB needed"
        )


def _step(what: str, action: Callable[[], None]) -> None:
    began = time.monotonic()
    print(f"[setup] {what} ...", flush=True)
    action()
    print(f"[setup]   done in {time.monotonic() - began:.1f} s", flush=True)


def _make_venv() -> None:
    if (VENV / "bin" / "pip").exists() and _runs([str(VENV / "bin" / "python"), "-c", "import pip"]):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(
            "this Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"
        )


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _pip(*arguments: str) -> None:
    command = [
        *(str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"),
        *("install", "--progress-bar", "off", *arguments),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    ) as pip:
        output = "".join(_shown(pip.stdout or ()))
    if pip.returncode != 0:
        raise SetupError(diagnose(output))


def _shown(lines: Iterable[str]) -> Iterator[str]:
    """Pass pip's lines through, printing every tenth package, each large one and the last step."""
    collected = 0
    for line in lines:
        if line.startswith("Collecting"):
            collected += 1
            if collected % 10 == 0:
                print(f"[setup]   {collected} packages fetched", flush=True)
        elif "Downloading" in line and " MB" in line:
            print(f"[setup]   {_short(line)}", flush=True)
        elif line.startswith("Installing collected packages"):
            print("[setup]   unpacking", flush=True)
        yield line


def _short(line: str) -> str:
    """Turn pip's ``Downloading name-1.0-tags.whl (3.1 MB)`` into ``name 1.0 (3.1 MB)``."""
    file, _, size = line.strip().removeprefix("Downloading ").partition(" ")
    return " ".join(file.split("-")[:2]) + f" {size}"


def main(arguments: list[str]) -> int:
    """Install the set named by the first argument (default ``run``); return the exit status."""
    kind = arguments[0] if arguments else "run"
    if kind not in LOCKS:
        print(f"usage: bootstrap.py [{'|'.join(LOCKS)}]", file=sys.stderr)
        return 2
    try:
        install(kind)
    except (SetupError, OSError) as error:
        print(f"[setup] failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

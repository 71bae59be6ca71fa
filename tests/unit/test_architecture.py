"""The import rules of ARCHITECTURE.md: who may know whom, and which modules only compute."""

from collections.abc import Iterator

import pytest
from source_tree import ROOT, Module, modules, parse

FOLDERS_UNKNOWN_TO = {
    "detectors": {"streams", "api", "deploy"},
    "streams": {"api", "deploy"},
    "api": {"streams", "deploy"},
    "deploy": set(),
}
LIBRARIES_UNKNOWN_TO = {
    "detectors": {"faust", "kafka", "aiokafka", "mode", "fastapi", "starlette", "sqlalchemy", "aiohttp"},
    "streams": {"fastapi", "starlette", "sqlalchemy", "alembic", "uvicorn"},
    "api": {"faust", "mode"},
    "deploy": set(),
}
SHELLS_IN_STREAMS = {
    *("agents", "pulse", "state", "worker"),  # Faust, Kafka
    "catalogue_file",
    *("metrics", "settings"),  # what the process is told and tells
    *("backtest", "backtest_plot", "language_cli"),  # bodies of commands: files and standard streams
    *("send", "send_input", "send_kafka", "send_position", "send_report"),
}
"""Where streams touches the world; every other module there only computes, a new one too."""
PURE_LIBRARIES = {
    *("__future__", "array", "bisect", "collections", "contextlib", "copy", "csv", "dataclasses", "datetime"),
    *("enum", "functools", "hashlib", "heapq", "html", "importlib", "inspect", "itertools", "json", "math"),
    *(
        "operator",
        "re",
        "statistics",
        "string",
        "struct",
        "textwrap",
        "tomllib",
        "typing",
        "unicodedata",
        "zlib",
    ),
    *("ahocorasick", "holidays", "msgspec", "numpy", "pydantic", "rensa", "river", "vaderSentiment"),
}
"""All that a pure module may import; ``importlib`` only for the texts that lie beside the code."""
IMPURE_CALLS = {"open", "print", "input", "breakpoint", ".now", ".utcnow", ".today", ".import_module"}


def is_pure(module: Module) -> bool:
    """Whether a module belongs to those that only compute."""
    return is_pure_name(module.name)


def is_pure_name(name: str) -> bool:
    """Whether an imported name is a pure module, something in one, or one of the two packages as such."""
    package, _, rest = name.partition(".")
    return package == "detectors" or (package == "streams" and rest.split(".")[0] not in SHELLS_IN_STREAMS)


def roots(module: Module) -> set[str]:
    """Return the first part of every import."""
    return {name.partition(".")[0] for name in module.imports()}


def folder_faults(module: Module) -> set[str]:
    """Return what a module imports although its folder must not know it."""
    forbidden = FOLDERS_UNKNOWN_TO[module.package] | LIBRARIES_UNKNOWN_TO[module.package]
    return roots(module) & forbidden


def purity_faults(module: Module) -> set[str]:
    """Return the imports and calls by which a pure module would touch the world."""
    own = {name for name in module.imports() if name.partition(".")[0] in FOLDERS_UNKNOWN_TO}
    foreign = roots(module) - set(FOLDERS_UNKNOWN_TO) - PURE_LIBRARIES
    return {name for name in own if not is_pure_name(name)} | foreign | (module.calls() & IMPURE_CALLS)


def named(module: Module) -> str:
    """Name a test after its module."""
    return module.name


@pytest.mark.parametrize("module", list(modules()), ids=named)
def test_a_module_knows_only_what_its_folder_may(module: Module) -> None:
    """Folders point one way: ``streams -> detectors <- api``, and ``deploy`` knows all."""
    assert not folder_faults(module)


@pytest.mark.parametrize("module", [module for module in modules() if is_pure(module)], ids=named)
def test_a_pure_module_only_computes(module: Module) -> None:
    """No I/O, clock, logging or Kafka, nor a module that has them."""
    assert not purity_faults(module)


def test_every_shell_of_the_list_exists() -> None:
    """A name that is left over would let a later module of that name out of the rule."""
    names = {module.name for module in modules("streams")}
    assert {f"streams.{name}" for name in SHELLS_IN_STREAMS} <= names


def test_nothing_imports_a_cycle_between_modules() -> None:
    """Modules that need each other are one module."""
    graph = {module.name: sorted(_own_imports(module)) for module in modules()}
    assert list(_cycles(graph)) == []


def test_streams_and_api_share_only_wire_formats() -> None:
    """Neither needs the other: nothing in one names the other."""
    for package, other in (("streams", "api"), ("api", "streams")):
        for module in modules(package):
            assert other not in roots(module), module.name


def test_tests_are_no_part_of_the_product() -> None:
    """No module of the product imports a test or a test's tool."""
    for module in modules():
        assert not roots(module) & {"tests", "pytest", "hypothesis", "quixstreams"}, module.name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("detectors.bad", "import streams.mention"),
        ("detectors.bad", "from streams import mention"),
        ("detectors.bad", "def f():\n    import kafka"),
        ("streams.bad", "from api.settings import ApiSettings"),
        ("streams.bad", "import fastapi"),
        ("api.bad", "import faust.types"),
        ("api.bad", "from streams import mention"),
        ("api.routes.bad", "from ...deploy import cli"),
    ],
)
def test_the_folder_rule_sees_each_kind_of_import(name: str, code: str) -> None:
    """Also inside a function, from a package, or relative."""
    assert folder_faults(parse(name, code))


@pytest.mark.parametrize(
    "code",
    [
        "import time",
        "import logging",
        "import os.path",
        "from pathlib import Path",
        "from streams import agents",
        "from streams.agents import Agents",
        "import streams.send",
        "from datetime import datetime\nx = datetime.now()",
        "x = open('a')",
        "print(1)",
        "import random",
    ],
)
def test_the_purity_rule_sees_each_way_out(code: str) -> None:
    """Clock, files, logs, chance, or another module that touches the world."""
    assert purity_faults(parse("streams.mention", code))


@pytest.mark.parametrize(
    "code",
    ["from streams import observation as wire", "from streams.mention import Mention", "import msgspec"],
)
def test_the_purity_rule_lets_pure_imports_pass(code: str) -> None:
    """A rule that forbids everything would soon be switched off."""
    assert not purity_faults(parse("streams.classify", code))


def _own_imports(module: Module) -> set[str]:
    """Return the project's modules that a module imports."""
    exists = {
        name
        for name in module.imports()
        if (ROOT / name.replace(".", "/")).with_suffix(".py").is_file() and name != module.name
    }
    return exists & {name for name in exists if name.partition(".")[0] in FOLDERS_UNKNOWN_TO}


def _cycles(graph: dict[str, list[str]]) -> Iterator[str]:
    """Yield one line per module that can be reached from itself."""
    for start, neighbours in graph.items():
        waiting, seen = list(neighbours), set()
        while waiting:
            name = waiting.pop()
            if name == start:
                yield f"{start} imports itself through {sorted(seen)}"
                break
            if name not in seen:
                seen.add(name)
                waiting.extend(graph.get(name, []))

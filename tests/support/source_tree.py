"""The project's own source as syntax trees, for the tests that guard its structure."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("streams", "detectors", "api", "deploy")


@dataclass(frozen=True)
class Module:
    """One source file: dotted name ("streams.mention") and syntax tree."""

    name: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The folder it belongs to ("streams")."""
        return self.name.partition(".")[0]

    def imports(self) -> set[str]:
        """Return every module named in an import, anywhere in the file, dotted and absolute.

        ``from a import b`` names both ``a`` and ``a.b``, since ``b`` may be a module.
        """
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                source = self._absolute(node)
                found.add(source)
                found.update(f"{source}.{alias.name}" for alias in node.names)
        return found

    def calls(self) -> set[str]:
        """Return what is called: ``open`` for a bare name, ``.now`` for an attribute of anything."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name):
                    found.add(node.func.id)
                elif isinstance(node.func, ast.Attribute):
                    found.add(f".{node.func.attr}")
        return found

    def identifiers(self) -> set[str]:
        """Return every name that the file gives or uses: definitions, arguments, attributes, keywords."""
        found = {self.name.rpartition(".")[2]}
        for node in ast.walk(self.tree):
            for attribute in ("name", "id", "attr", "arg", "asname"):
                value = getattr(node, attribute, None)
                if isinstance(value, str):
                    found.add(value)
        return found

    def strings(self) -> set[str]:
        """Return every string in the code, docstrings left out."""
        documentation = {
            id(node.body[0].value)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        return {
            node.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
        }

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        above = self.name.split(".")[: -node.level]
        return ".".join([*above, *([node.module] if node.module else [])])


def modules(package: str | None = None) -> Iterator[Module]:
    """Yield every module of one package, or of all."""
    for folder in PACKAGES if package is None else (package,):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield Module(name, ast.parse(path.read_text(encoding="utf-8")))


def parse(name: str, code: str) -> Module:
    """Make a module of source text."""
    return Module(name, ast.parse(code))

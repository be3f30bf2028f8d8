"""The project's own files as the house rules see them: each read and parsed once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: its place in the project, its text, its syntax tree and every node of that tree."""

    path: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]

    def is_under(self, *places: str) -> bool:
        """Whether the file is one of `places` or lies in a folder among them."""
        return any(self.path == place or self.path.startswith(f"{place}/") for place in places)

    def at(self, node: ast.stmt | ast.expr) -> str:
        """`path:line`, the form that terminals and editors turn into a link."""
        return f"{self.path}:{node.lineno}"


@cache
def python_sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file under `folders`, sorted by path."""
    found = sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))
    return tuple(_read(path) for path in found)


@cache
def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    return Source(path.relative_to(PROJECT).as_posix(), text, tree, tuple(ast.walk(tree)))


TEXT_ENDINGS = frozenset(
    {".py", ".yaml", ".yml", ".md", ".csv", ".json", ".toml", ".html", ".css", ".js", ".txt", ".hl7", ".rs"}
)
_MADE = "out"  # a folder of what a program wrote


@cache
def texts(*places: str) -> tuple[tuple[str, str], ...]:
    """Path and text of each file of `places` and of each text file under a folder of them; absent ones give none."""
    found = []
    for top in (PROJECT / place for place in places):
        files = [path for path in sorted(top.rglob("*")) if path.suffix in TEXT_ENDINGS and _MADE not in path.parts]
        found += [top] if top.is_file() else files
    return tuple((path.relative_to(PROJECT).as_posix(), path.read_bytes().decode(errors="replace")) for path in found)


def dotted(expression: ast.expr) -> str:
    """`a.b.c` of a name or of attributes; what stands before other expressions is left out (`f().b` gives `.b`)."""
    match expression:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=before, attr=name):
            return f"{dotted(before)}.{name}"
        case _:
            return ""


def imported_names(source: Source) -> Iterator[tuple[str, ast.stmt]]:
    """Each module that the file imports, wherever in the file it does so, with the statement."""
    for node in source.nodes:
        match node:
            case ast.Import(names=names):
                yield from ((name.name, node) for name in names)
            case ast.ImportFrom(module=str(module)):
                yield module, node

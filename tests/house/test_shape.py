"""Files and functions fit a screen, packages open with a sentence and nothing else, and names say what a thing is."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.house.source import Source, python_sources

MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 60
# Words that fit anything and therefore tell nothing: anywhere in a name, or as its last word (`DataKeys` are keys).
VAGUE_ANYWHERE = frozenset({"helper", "helpers", "util", "utils", "common", "misc"})
VAGUE_NOUNS = VAGUE_ANYWHERE | {"handler", "handlers", "manager", "managers", "processor", "processors", "data", "info"}
SILENCED = re.compile(r"#\s*(?P<what>type: ignore(\[[\w, -]*\])?|noqa(: ?[A-Z0-9, ]*[0-9])?)(?P<reason>.*)$")
NOQA, IGNORE = "#" + " noqa", "#" + " type: ignore"  # in two parts, so that they silence nothing here


def everything() -> tuple[Source, ...]:
    """Every Python file; read by the first test that looks, not by whoever collects the tests."""
    return python_sources("interface", "tests")


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def words(name: str) -> list[str]:
    """The words of a snake_case or CamelCase name, in lower case: `HTTPDataReader` gives http, data, reader."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def is_vague(name: str) -> bool:
    found = words(name)
    return bool((found and found[-1] in VAGUE_NOUNS) or VAGUE_ANYWHERE.intersection(found))


def test_files_are_short() -> None:
    long = [
        f"{source.path}: {lines} lines"
        for source in everything()
        if (lines := source.text.count("\n")) > MAX_FILE_LINES
    ]
    assert not long, f"split what is longer than {MAX_FILE_LINES} lines: {long}"


def test_functions_fit_a_screen() -> None:
    long = [
        f"{source.at(function)} {function.name}: {lines} lines"
        for source in everything()
        for function in functions(source)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert not long, f"split what is longer than {MAX_FUNCTION_LINES} lines: {long}"


def test_packages_hold_a_docstring_only() -> None:
    packages = [source for source in python_sources("interface") if source.path.endswith("/__init__.py")]
    full = [source.path for source in packages if len(source.tree.body) != 1 or ast.get_docstring(source.tree) is None]
    assert not full, f"an __init__.py holds one docstring and nothing else: {full}"


def test_every_folder_of_python_is_a_package() -> None:
    # Migrations begin with a number and are loaded by path: nobody can import them, so their folder is no package.
    modules = [Path(source.path) for source in everything()]
    folders = {module.parent.as_posix() for module in modules if module.stem.isidentifier()}
    packages = {
        source.path.removesuffix("/__init__.py") for source in everything() if source.path.endswith("/__init__.py")
    }
    assert folders <= packages, f"without __init__.py: {sorted(folders - packages)}"


def test_module_names_say_what_is_inside() -> None:
    vague = [
        source.path
        for source in everything()
        if any(is_vague(part) for part in Path(source.path).with_suffix("").parts)
    ]
    assert not vague, f"name these after what they hold: {vague}"


def test_class_names_say_what_a_thing_is() -> None:
    vague = [
        f"{source.at(node)} {node.name}"
        for source in everything()
        for node in source.nodes
        if isinstance(node, ast.ClassDef) and is_vague(node.name)
    ]
    assert not vague, f"name these after what they are: {vague}"


def unexplained(path: str, text: str) -> Iterator[str]:
    """Where a check is silenced without a reason beside it, above it, or at the file's first silencing of the same kind."""
    explained = set()
    for number, (above, line) in enumerate(pairwise(["", *text.splitlines()]), start=1):
        if found := SILENCED.search(line):
            if found["reason"].strip() or above.lstrip().startswith("#"):
                explained.add(found["what"])
            elif found["what"] not in explained:
                yield f"{path}:{number}"


def test_silenced_checks_say_why() -> None:
    mute = [place for source in everything() for place in unexplained(source.path, source.text)]
    assert not mute, f"write the reason beside or above it: {mute}"


@pytest.mark.parametrize(
    ("text", "mute"),
    [
        (f"x = 1  {NOQA}: F401", ["a.py:1"]),
        (f"x = 1  {NOQA}", ["a.py:1"]),
        (f"x = 1  {NOQA}: F401 - imported for its effect\ny = 1  {NOQA}: F401", []),
        (f"# the library has no types\nx = 1  {IGNORE}[misc]", []),
    ],
)
def test_a_silence_without_reason_is_recognised(text: str, mute: list[str]) -> None:
    assert list(unexplained("a.py", text)) == mute


@pytest.mark.parametrize(
    "name", ["MessageHandler", "PatientData", "CommonFields", "_HTTPInfo", "utils", "string_helper"]
)
def test_a_vague_name_is_recognised(name: str) -> None:
    assert is_vague(name)


@pytest.mark.parametrize("name", ["DataKeys", "datatype", "database", "information", "Handled", "__init__", "FT1Row"])
def test_a_telling_name_is_left_alone(name: str) -> None:
    assert not is_vague(name)

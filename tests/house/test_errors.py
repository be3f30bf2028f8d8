"""Every error code that the engine can raise is kebab-case and stands in the table of `interface/README.md`."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.house.source import PROJECT, Source, dotted, python_sources

KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TABLE_ROW = re.compile(r"^\|\s*`([^`|]+)`\s*\|", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Raised:
    """One place in the code that names an error code."""

    code: str
    error: str
    text: str
    at: str

    def row(self) -> str:
        """The row that the table lacks, ready to be completed."""
        return f"| `{self.code}` | {self.error} | {self.text} | |"


@cache
def error_classes() -> frozenset[str]:
    """Names of `InterfaceError` and of every class of the engine below it."""
    bases = {
        node.name: {base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases}
        for source in python_sources("interface")
        for node in source.nodes
        if isinstance(node, ast.ClassDef)
    }
    found = {"InterfaceError"}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return frozenset(found)


def raised_codes(source: Source) -> Iterator[Raised]:
    """Each literal code given to an error of the engine, also by a class to its own base."""
    for scope in source.nodes:
        if isinstance(scope, ast.ClassDef) and scope.name in error_classes():
            for call in ast.walk(scope):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
                    yield from _codes(source, scope.name, call)
        elif isinstance(scope, ast.Call) and (name := dotted(scope.func).split(".")[-1]) in error_classes():
            yield from _codes(source, name, scope)


def _codes(source: Source, error: str, call: ast.Call) -> Iterator[Raised]:
    """The codes of one call: a literal, or each branch of a conditional; what is passed on from elsewhere has none."""
    text = ast.unparse(call.args[1]).strip("f'\"") if len(call.args) > 1 else ""
    for node in ast.walk(call.args[0]) if call.args else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Raised(node.value, error, text, source.at(call))


@cache
def every_code() -> tuple[Raised, ...]:
    return tuple(raised for source in python_sources("interface") for raised in raised_codes(source))


def documented_codes() -> list[str]:
    """The codes of the table under the README's heading "Error codes"."""
    readme = PROJECT / "interface" / "README.md"
    _, _, after = readme.read_text(encoding="utf-8").partition("Error codes\n") if readme.exists() else ("", "", "")
    section = re.split(r"^#+ ", after, maxsplit=1, flags=re.MULTILINE)[0]
    return TABLE_ROW.findall(section)


def test_codes_are_kebab_case() -> None:
    wrong = [f"{raised.at}: {raised.code}" for raised in every_code() if not KEBAB.fullmatch(raised.code)]
    assert not wrong


def test_every_code_is_documented() -> None:
    documented = documented_codes()
    missing = {raised.code: raised.row() for raised in every_code() if raised.code not in documented}
    table = "\n".join(sorted(missing.values()))
    assert not missing, f"add to the table under 'Error codes' in interface/README.md:\n{table}"


def test_no_documented_code_is_unknown_to_the_code() -> None:
    words = {
        node.value
        for source in python_sources("interface")
        for node in source.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    stale = [code for code in documented_codes() if code not in words]
    assert not stale, f"these rows of interface/README.md describe nothing: {stale}"


def test_the_table_is_sorted_and_names_each_code_once() -> None:
    codes = documented_codes()
    assert codes == sorted(set(codes))

"""Files as one flat table, dotted name to text: what two versions of them are compared by."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from interface.document import read_document
from interface.mapping.extend import resolved
from interface.mapping.node import Block, Listing, Mark, Node, Scalar
from interface.mapping.problem import Findings

Path = tuple[str, ...]
Flat = dict[Path, tuple[str, Mark]]
_NAMINGS = (("identifiers", "authorities"), ("identifiers", "types"))  # rules that name a table
_HEAD = (
    "mapping",
    "about",
    "extends",
    "direction",
    "format",
)  # of a mapping: what does nothing, or shows in what is inherited


def tables_in(text: str) -> list[str]:
    """The code tables that a rule looks something up in."""
    return re.findall(r"table\(\s*([^\s)]+)\s*\)", text)


def options(model: BaseModel) -> dict[Path, str]:
    """Every option of a declared section with its value, defaults included; what is not there has none."""
    return dict(_values(model.model_dump(mode="json"), ()))


def _values(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _values(inner, (*path, str(key)))
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for number, inner in enumerate(value, start=1):
            yield from _values(inner, (*path, str(number)))
    elif isinstance(value, list):
        yield path, f"[{', '.join(map(str, value))}]"
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def document(file: str, text: str) -> Flat:
    """Every value of a file, with its place; nothing where it cannot be read."""
    block = read_document(file, text, Findings()) if text.strip() else None
    return dict(_below(block, ())) if block else {}


class MappingTexts:
    """The mappings of one version, each with what it inherits."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._blocks = {
            path.removeprefix("mappings/").removesuffix(".yaml"): read_document(path, text, Findings())
            for path, text in files.items()
            if path.startswith("mappings/") and path.endswith(".yaml")
        }
        self._flat: dict[str, Flat] = {}

    def rules(self, name: str) -> Flat:
        """Every rule of a mapping, inherited ones included, with its place; nothing where there is no such mapping."""
        if name not in self._flat:
            found = resolved(name, self._blocks, Findings()) if name in self._blocks else None
            self._flat[name] = dict(_rules(found.block)) if found else {}
        return self._flat[name]

    def lookups(self, name: str) -> Iterator[tuple[Path, str]]:
        """Each rule of a mapping that looks something up, and the table."""
        for path, (text, _mark) in self.rules(name).items():
            yield from ((path, table) for table in ([text] if path in _NAMINGS else tables_in(text)))


def _rules(block: Block) -> Iterator[tuple[Path, tuple[str, Mark]]]:
    for key, entry in block.entries.items():
        if key not in _HEAD:
            yield from _below(entry.node, (key,))


def _below(node: Node, path: Path) -> Iterator[tuple[Path, tuple[str, Mark]]]:
    match node:
        case Scalar(mark=mark, text=text):
            yield path, (text, mark)
        case Listing(mark=mark, items=items) if all(isinstance(item, Scalar) for item in items):
            yield path, (f"[{', '.join(item.text for item in items if isinstance(item, Scalar))}]", mark)
        case Listing(items=items):
            for number, item in enumerate(items, start=1):
                yield from _below(item, (*path, str(number)))
        case Block(entries=entries):
            for key, entry in entries.items():
                yield from _below(entry.node, (*path, key))

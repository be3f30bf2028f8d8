"""A file as a tree of marked nodes: every key and value knows its line, and every value is text until a rule gives it a type.

Text first, because the types that YAML guesses are traps in this trade: `no` is a code, `0123` an identifier, `12:30` a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def moved(self, columns: int) -> "Mark":
        """The place so many characters further on the same line."""
        return replace(self, column=self.column + columns)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as written, quotes taken off. `text_mark` is where its text begins, behind an opening quote."""

    mark: Mark
    text: str
    is_quoted: bool = False

    @property
    def text_mark(self) -> Mark:
        return self.mark.moved(1) if self.is_quoted else self.mark


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    mark: Mark
    items: "tuple[Node, ...]" = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A key, where it stands, and its value."""

    mark: Mark
    node: "Node"


@dataclass(frozen=True, slots=True)
class Block:
    """Keys with values, in the order of the file."""

    mark: Mark
    entries: dict[str, Entry] = field(default_factory=dict)

    def node(self, key: str) -> "Node | None":
        """The value of a key."""
        entry = self.entries.get(key)
        return None if entry is None else entry.node

    def text(self, key: str) -> str:
        """The text of a key's scalar; empty when there is none."""
        node = self.node(key)
        return node.text if isinstance(node, Scalar) else ""


Node = Scalar | Listing | Block


def scalars(node: Node) -> Iterator[Scalar]:
    """Every scalar below a node, in the order of the file."""
    match node:
        case Scalar():
            yield node
        case Listing(items=items):
            for item in items:
                yield from scalars(item)
        case Block(entries=entries):
            for entry in entries.values():
                yield from scalars(entry.node)


def place_of(node: Node, location: tuple[int | str, ...]) -> Mark:
    """The mark of the deepest part of `location` (keys and indexes) that exists; of a key rather than of its value."""
    mark = node.mark
    for step in location:
        if isinstance(node, Block) and isinstance(step, str) and step in node.entries:
            entry = node.entries[step]
            mark, node = entry.mark, entry.node
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            mark = node.mark
        else:
            continue  # a step inside pydantic's own model, as the name of a union's branch
    return mark

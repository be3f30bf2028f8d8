"""What one message overwrote, so that a message which cannot be applied leaves nothing behind."""

from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_ABSENT = object()


class Undo:
    """A log of single writes to dicts, lists and attributes, taken back in reverse order. Costs nothing while nothing changes."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps: list[tuple[Any, Any, Any]] = []

    def put(self, table: dict[K, V], key: K, value: V) -> None:
        """`table[key] = value`"""
        self._steps.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def add(self, items: list[V], value: V) -> None:
        """`items.append(value)`"""
        self._steps.append((items, None, None))
        items.append(value)

    def set(self, row: object, name: str, value: object) -> None:
        """`row.name = value`"""
        self._steps.append((row, name, getattr(row, name)))
        setattr(row, name, value)

    def keep(self) -> None:
        """The message is applied: what it wrote stays."""
        self._steps.clear()

    def take_back(self) -> None:
        """The message ended otherwise: as if it had never come."""
        for target, key, old in reversed(self._steps):
            if isinstance(target, list):
                target.pop()
            elif not isinstance(target, dict):
                setattr(target, key, old)
            elif old is _ABSENT:
                del target[key]
            else:
                target[key] = old
        self._steps.clear()

"""Ids from blocks: one durable reservation for many ids."""

import threading
from collections.abc import Callable, Iterator


class Blocks:
    """Hands out ids of named counters, from any thread. What is left of a block is lost with the process."""

    def __init__(self, reserve: Callable[[str, int], range], size: int) -> None:
        self._reserve = reserve
        self._size = size
        self._left: dict[str, Iterator[int]] = {}
        self._guard = threading.Lock()

    def take(self, name: str) -> int:
        """The next id of a counter."""
        with self._guard:
            number = next(self._left.get(name, iter(())), None)
            if number is None:
                self._left[name] = iter(self._reserve(name, self._size))
                number = next(self._left[name])
            return number

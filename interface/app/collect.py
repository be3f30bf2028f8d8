"""How often Python looks for cycles, where millions of rows are made and none of them holds a cycle."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Rows and readings live as long as a batch: looking for cycles every 700 objects is up to half of a repeat's cost.
_CALM = (50_000, 20, 50)


def calm_collector() -> None:
    """For a process that does nothing else: what is loaded now is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_CALM)


@contextmanager
def few_collections() -> Iterator[None]:
    """For one long piece of work."""
    before = gc.get_threshold()
    gc.freeze()  # what is loaded by now is not looked at while the work lasts
    gc.set_threshold(*_CALM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()

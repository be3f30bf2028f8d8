"""Blocking work on the loop's own threads: no more than a hand-over, for every request pays it."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


async def blocking(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `call` gives, run on a thread."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, lambda: call(*args, **kwargs))

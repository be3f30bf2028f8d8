"""When the code that reads and applies messages changes, what it made so far is kept: a proof begins from there."""

import hashlib
from importlib import resources

from interface.observe.emit import emit
from interface.observe.engine import BaselineTaken
from interface.ports import Store

_READ_AND_APPLY = ("interface.hl7", "interface.mapping", "interface.ledger")


def functions_digest() -> str:
    """Names the code that turns a message into changes of the ledger."""
    state = hashlib.blake2b(digest_size=16)
    for package in _READ_AND_APPLY:
        for file in sorted(resources.files(package).iterdir(), key=lambda one: one.name):
            if file.name.endswith(".py"):
                state.update(file.name.encode() + b"\0" + file.read_bytes())
    return state.hexdigest()


def keep_baseline(store: Store) -> None:
    """Take a baseline where this engine's code is not the one before it. To be called before anything is processed."""
    digest = functions_digest()
    with store.snapshot() as reader:
        newest = reader.baseline()
    if newest is None or newest.functions != digest:
        store.take_baseline(digest)
        emit(BaselineTaken(code=digest))

"""The ledger as it stands is copied where a proof is to begin: when the code that reads and applies messages changes, and when
the bytes are to be purged of messages that no copy contains yet.
"""

import hashlib
import threading
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
        _take(store, digest)


def renew_baseline(store: Store) -> None:
    """Take one whatever there is. Nothing may be processed meanwhile."""
    _take(store, functions_digest())


def _take(store: Store, digest: str) -> None:
    store.take_baseline(digest)
    emit(BaselineTaken(code=digest))


class BaselineOnDemand:
    """One thread asks for a baseline and waits; the one that processes takes it between two batches."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._is_asked = threading.Event()
        self._is_answered = threading.Event()

    def ask(self) -> None:
        """Wait until a baseline was taken, or until nobody will take one any more."""
        self._is_answered.clear()
        self._is_asked.set()
        self._is_answered.wait()

    def take_if_asked(self) -> None:
        """To be called where nothing is being processed."""
        if self._is_asked.is_set():
            self._is_asked.clear()
            try:
                renew_baseline(self._store)
            finally:
                self._is_answered.set()

    def give_up(self) -> None:
        """Let who waits go on without."""
        self._is_asked.clear()
        self._is_answered.set()

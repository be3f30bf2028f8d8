"""Inputs that were worth keeping: small files of invented bytes beside the tests, named by their digest."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.search import Found, run_one
from tests.fuzz.target import Target

FOLDER = Path(__file__).parent / "corpus"
_LONGEST = 2048


def read(target: Target, folder: Path = FOLDER) -> list[bytes]:
    """Every kept input of a target, always in one order."""
    return [path.read_bytes() for path in sorted((folder / target.name).glob("*"))]


def chosen(target: Target, inputs: Iterable[bytes]) -> list[bytes]:
    """The shortest inputs that together do all that these do."""
    seen, kept = set[str](), []
    for data in sorted(set(inputs), key=lambda one: (len(one), one)):
        signature = run_one(target, data, Found())
        if signature is not None and len(data) <= _LONGEST and not signature <= seen:
            seen |= signature
            kept.append(data)
    return kept


def write(target: Target, inputs: Iterable[bytes], folder: Path = FOLDER) -> None:
    """Make these the target's corpus."""
    own = folder / target.name
    own.mkdir(parents=True, exist_ok=True)
    for path in own.glob("*"):
        path.unlink()
    for data in inputs:
        (own / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)

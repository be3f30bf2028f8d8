"""Counts that several processes share: each part writes files of its own in one folder, and whoever is asked adds them up.

The files are memory maps in the format of prometheus_client's multiprocess mode: what a killed process counted is still there. A
part that starts again goes on from its predecessor's values, so that counters never go back while the folder lives. Gauges are not
shared: they are read from the store when they are asked for, so that a dead process leaves none.
"""

import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from struct import Struct

from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.utils import floatToGoString

from interface.observe.catalogue import metrics
from interface.observe.count import Cell
from interface.observe.event import PREFIX, Histogram

_DOUBLE = Struct("=d")
FOLDER = "metrics"  # in the folder of the home that holds sockets and locks
Labels = tuple[tuple[str, str], ...]


class _Mapped:
    """One value in a file. Called under the lock of the counters, several times for each message."""

    __slots__ = ("_at", "_file", "_value")

    def __init__(self, file: MmapedDict, key: str) -> None:
        self._file = file
        self._value: float = file.read_value(key)[0]
        self._at: int = file._positions[key]

    def add(self, amount: float) -> None:
        # In place: the library's own way also looks the key up and packs a time stamp that we do not use. Not `pack_into`, which
        # writes a zero first: whoever reads meanwhile would see a counter go back.
        self._value += amount
        self._file._m[self._at : self._at + _DOUBLE.size] = _DOUBLE.pack(self._value)


class SharedCounts:
    """The files of one part. Only one process at a time may have them: see `open_shared`."""

    def __init__(self, folder: Path, part: str) -> None:
        # Other metrics than before (another release) begin files of their own: buckets of two kinds do not mix.
        shape = hashlib.blake2b(repr(metrics()).encode(), digest_size=4).hexdigest()
        for old in folder.glob(f"*_{part}-*.db"):
            if shape not in old.name:
                old.unlink(missing_ok=True)
        self._counters = _opened(folder / f"counter_{part}-{shape}.db")
        self._histograms = _opened(folder / f"histogram_{part}-{shape}.db")

    def close(self) -> None:
        """Close the files; what they hold stays."""
        self._counters.close()
        self._histograms.close()

    def counter(self, name: str, labels: Labels, about: str) -> Cell:
        """The cell of a counter; `name` ends _total."""
        family = PREFIX + name.removesuffix("_total")
        return _Mapped(self._counters, _key(family, PREFIX + name, labels, about))

    def buckets(self, histogram: Histogram, labels: Labels) -> list[Cell]:
        """One cell for each bucket, the last one without bound, then the sum."""
        family = PREFIX + histogram.name
        bounds = (*histogram.bounds, float("inf"))
        keys = [
            _key(family, f"{family}_bucket", (*labels, ("le", floatToGoString(one))), histogram.about) for one in bounds
        ]
        keys.append(_key(family, f"{family}_sum", labels, histogram.about))
        return [_Mapped(self._histograms, key) for key in keys]


def _key(family: str, name: str, labels: Labels, about: str) -> str:
    return mmap_key(family, name, [label for label, _ in labels], [value for _, value in labels], about)


def _opened(path: Path) -> MmapedDict:
    if not _is_sound(path):
        path.unlink(missing_ok=True)
    return MmapedDict(str(path))


def _is_sound(path: Path) -> bool:
    """Whether a file can be gone on with: a power cut may leave anything in it, and the library looks at little of it."""
    if not path.exists() or not path.stat().st_size:
        return True
    try:
        used = int.from_bytes(path.read_bytes()[:4], sys.byteorder, signed=True)
        if not 0 <= used <= path.stat().st_size:
            return False
        values = list(MmapedDict.read_all_values_from_file(str(path))) if used else []
        return all(len(json.loads(key)) == 4 and value >= 0 for key, value, _, _ in values)
    except Exception:  # noqa: BLE001 - the library meets what it cannot read with any exception
        return False


def open_shared(home: Path, part: str, use: Callable[[SharedCounts], None]) -> Callable[[], None]:
    """Let `use` count into the files of `part`. Not at all where another process has them, or where the home takes no files.

    They are this process's until it ends, or calls what is given back; nothing may be counted after that.
    """
    folder = home / "run" / FOLDER
    held = ExitStack()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / f"{part}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return held.close
        held.callback(os.close, handle)
        shared = SharedCounts(folder, part)
        held.callback(shared.close)
        use(shared)
    return held.close

"""Compression of bodies and payloads: zstd, primed with a dictionary of typical HL7 text.

A message of 1 kB compresses badly alone, because most of what repeats in it repeats in *other* messages. The dictionary
holds such text; it is made from simulated traffic only (tests/store/dictionary.py), so it can be shipped. A
frame names the dictionary it needs, so older frames stay readable when a better dictionary comes: files are added to
the folder, never replaced.
"""

import threading
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backports import zstd
else:
    try:
        from compression import zstd
    except ImportError:  # Python before 3.14
        from backports import zstd

_LEVEL = 3  # 1.1 kB: level 1 saves 1 us and costs 5 % of the size
_local = threading.local()  # compressors are not shared between threads: one call at a time each


@cache
def _dictionaries() -> dict[int, zstd.ZstdDict]:
    folder = resources.files("interface.store") / "dictionaries"
    files = sorted(folder.iterdir(), key=lambda file: file.name) if folder.is_dir() else []
    found = (zstd.ZstdDict(file.read_bytes()) for file in files if file.name.endswith(".zdict"))
    return {one.dict_id: one for one in found}


def compress(plain: bytes) -> bytes:
    """A zstd frame, made with the newest dictionary."""
    compressor = getattr(_local, "compressor", None)
    if compressor is None:
        newest = next(reversed(_dictionaries().values()), None)
        compressor = _local.compressor = zstd.ZstdCompressor(level=_LEVEL, zstd_dict=newest)
    frame: bytes = compressor.compress(plain, zstd.ZstdCompressor.FLUSH_FRAME)
    return frame


def expand(frame: bytes) -> bytes:
    """The bytes of a frame made by `compress`, whichever dictionary it needs."""
    number = zstd.get_frame_info(frame).dictionary_id
    return zstd.decompress(frame, zstd_dict=_dictionaries()[number] if number else None)

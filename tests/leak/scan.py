"""Looks for needles in folders and texts, also inside of what is compressed; it opens nothing that is sealed.

Case does not matter, so that one look finds hex and names in either.
"""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backports import zstd
else:
    try:
        from compression import zstd
    except ImportError:  # Python before 3.14
        from backports import zstd

_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_COMPRESSED: Final = re.compile(rb"\x28\xb5\x2f\xfd|\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_DEEPEST: Final = 3  # compressed within compressed
_PAGE: Final = 8192
_MOST_BYTES: Final = 64 << 20  # of one thing that is expanded


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """A secret in the clear. `what` names it and its form, never the value."""

    place: str
    what: str
    offset: int

    def __str__(self) -> str:
        return f"{self.place}: {self.what}, at byte {self.offset}"


def leaks(folders: Iterable[Path], texts: Mapping[str, bytes], needles: Mapping[bytes, str]) -> list[Leak]:
    """Every secret in files (at any depth, their names included) and in texts."""
    found: list[Leak] = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            found += in_bytes(f"the name of {path.name}", path.name.encode(), needles)
            if path.is_file() and not path.is_symlink():
                found += in_bytes(str(path.relative_to(folder.parent)), path.read_bytes(), needles)
    for name, text in texts.items():
        found += in_bytes(name, text, needles)
    return sorted(set(found))


def in_bytes(place: str, data: bytes, needles: Mapping[bytes, str], depth: int = 0) -> Iterator[Leak]:
    """Secrets in one piece of bytes, the first of each form."""
    for begins, part in _written(data.lower()):
        for needle, what in needles.items():
            at = part.find(needle)
            if at >= 0:
                yield Leak(place, what, begins + at)
    if depth < _DEEPEST:
        for at, plain in _expanded(data):
            yield from in_bytes(f"{place} (compressed, at byte {at})", plain, needles, depth + 1)


def _written(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The parts that hold anything: databases keep large files of zeros in stock."""
    empty = bytes(_PAGE)
    begins = at = 0
    while at < len(data):
        if data[at : at + _PAGE] == empty:
            if at > begins:
                yield begins, data[begins:at]
            begins = at + _PAGE
        at += _PAGE
    yield begins, data[begins:]


def _expanded(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Whatever can be expanded, wherever it begins."""
    for found in _COMPRESSED.finditer(data):
        plain = _of_zstd(data[found.start() :]) if found[0] == _ZSTD else _of_zlib(data[found.start() :], found[0])
        if plain:
            yield found.start(), plain


def _of_zstd(data: bytes) -> bytes:
    for dictionary in (None, *_dictionaries()):
        try:
            return bytes(zstd.ZstdDecompressor(zstd_dict=dictionary).decompress(data, _MOST_BYTES))
        except zstd.ZstdError:
            continue
    return b""


@cache
def _dictionaries() -> tuple[zstd.ZstdDict, ...]:
    """The engine's own: its frames cannot be expanded without."""
    folder = resources.files("interface.store") / "dictionaries"
    return tuple(zstd.ZstdDict(file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".zdict"))


def _of_zlib(data: bytes, magic: bytes) -> bytes:
    wanted = zlib.MAX_WBITS | 16 if magic.startswith(gzip.compress(b"")[:2]) else zlib.MAX_WBITS
    try:
        return zlib.decompressobj(wanted).decompress(data, _MOST_BYTES)
    except zlib.error:
        return b""

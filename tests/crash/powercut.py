"""The power switch: what an engine's processes wrote and did not flush is really taken from its files, once they are killed.

A kill alone loses nothing of the kind, for the operating system goes on and writes everything later. What a cut leaves is as bad
as the rules allow: of unflushed writes a seeded choice is lost, kept, or kept in part, sector by sector, in whatever order; a
file that was created, renamed or removed is so only once its folder was flushed.
"""

import os
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

SOURCE = Path(__file__).with_name("powercut.c")
_HEAD = struct.Struct("=c3xIIII4xQQ")  # struct record of powercut.c
_SECTOR = 512
_LOST, _KEPT = 0.5, 0.3  # shares of unflushed writes; the rest is torn


@dataclass(frozen=True, slots=True)
class Record:
    """What the journal tells of one call; `end` is where its record ends. Kinds: see powercut.c."""

    kind: str
    path: Path
    second: str
    at: int
    size: int
    old: bytes
    new: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What a cut found: unflushed writes and how many of them were lost or torn, and changes of folders taken back."""

    unflushed: int
    lost: int
    undone: int


class PowerSwitch:
    """Files under `folder` are watched by processes that run in `environ`; `keep` is a folder outside of it."""

    def __init__(self, folder: Path, keep: Path, library: Path) -> None:
        self._folder = folder
        self._keep = keep
        self._keep.mkdir()
        self.environ: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "POWERCUT_UNDER": str(folder),
            "POWERCUT_KEEP": str(keep),
        }
        self.cuts: list[Cut] = []

    def cut(self, seed: int) -> Cut:
        """Take back what was not flushed. No process may be running in `environ` any more."""
        records = list(self._records())
        unknown = [f"{one.second} of {one.path.name}" for one in records if one.kind == "X"]
        assert not unknown, f"calls that the power switch does not understand: {unknown}"
        rng = Random(f"cut {seed}")
        open_ones = [one for one, is_durable in zip(records, _durable(records), strict=True) if not is_durable]
        self._undo(records, {id(one) for one in open_ones})
        moved = {one.path for one in open_ones if one.kind in "CUM"}
        written = [one for one in open_ones if one.kind == "W"]
        lost = sum(not _redone(one, rng) for one in written if one.path not in moved)
        undone = sum(one.kind in "CUM" for one in open_ones)
        for path in self._folder.rglob("*-shm"):
            path.unlink()
        for path in self._keep.iterdir():
            path.unlink()
        found = Cut(len(written), lost + sum(one.path in moved for one in written), undone)
        self.cuts.append(found)
        return found

    def _records(self) -> Iterator[Record]:
        journal = self._keep / "journal"
        content = journal.read_bytes() if journal.exists() else b""
        place = 0
        while place + _HEAD.size <= len(content):
            kind, path, second, old, new, at, size = _HEAD.unpack_from(content, place)
            place += _HEAD.size
            parts = []
            for length in (path, second, old, new):
                parts.append(content[place : place + length])
                place += length
            if place > len(content):
                return  # killed while it was written: what it tells of was not done
            yield Record(
                kind.decode(), Path(os.fsdecode(parts[0])), os.fsdecode(parts[1]), at, size, parts[2], parts[3], place
            )

    def _undo(self, records: list[Record], open_ones: set[int]) -> None:
        """Take back from the last to the first. Beyond a durable creation the name stood for a file that is gone for good."""
        gone: set[Path] = set()
        for one in reversed(records):
            if one.kind == "C" and id(one) not in open_ones:
                gone.add(one.path)
            elif id(one) in open_ones and one.path not in gone:
                with suppress(FileNotFoundError):  # it was removed, and that is durable
                    _UNDO[one.kind](one)


def _durable(records: list[Record]) -> Iterator[bool]:
    """Whether each call's effect was flushed: a file's bytes and length by the file's flush, its name by the folder's."""
    flushed: dict[tuple[str, Path], int] = {}
    for one in records:
        if one.kind in "FD":
            flushed[one.kind, one.path] = max(flushed.get((one.kind, one.path), 0), one.at)
    for one in records:
        match one.kind:
            case "W" | "T":
                yield flushed.get(("F", one.path), 0) >= one.end
            case "C" | "U":
                yield flushed.get(("D", one.path.parent), 0) >= one.end
            case "M":
                yield flushed.get(("D", Path(one.second).parent), 0) >= one.end
            case _:
                yield True


def _put(path: Path, at: int, content: bytes, size: int | None = None) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)
        if size is not None:
            file.truncate(size)


def _undo_write(one: Record) -> None:
    grew = one.at + len(one.new) > one.size
    _put(one.path, one.at, one.old, one.size if grew else None)


def _undo_cut(one: Record) -> None:
    _put(one.path, min(one.at, one.size), one.old, one.size)


def _undo_unlink(one: Record) -> None:
    with suppress(FileExistsError):
        os.link(one.second, one.path)


def _undo_rename(one: Record) -> None:
    Path(one.second).rename(one.path)
    if one.old:
        os.link(os.fsdecode(one.old), one.second)


_UNDO: dict[str, Callable[[Record], None]] = {
    "W": _undo_write,
    "T": _undo_cut,
    "C": lambda one: one.path.unlink(),
    "U": _undo_unlink,
    "M": _undo_rename,
}


def _redone(one: Record, rng: Random) -> bool:
    """Let an unflushed write happen after all, or parts of it; gives whether it is there as a whole."""
    fate = rng.random()
    if fate < _LOST or not one.path.exists():
        return False
    if fate < _LOST + _KEPT:
        _put(one.path, one.at, one.new)
        return True
    for place in range(0, len(one.new), _SECTOR):
        if rng.random() < 0.5:
            _put(one.path, one.at + place, one.new[place : place + _SECTOR])
    return False

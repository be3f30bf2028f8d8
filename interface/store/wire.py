"""Ids that go over the wire: short, never reused, also not by a database that was restored from a backup.

A prefix tells a minute, a counter follows that never starts again. Each engine that takes over begins a new minute: a copy of
the database, restored or made by hand, then gives ids that the original never gave, for the original's are all of minutes before.
What a restore makes also counts on from elsewhere, by chance and for good: two copies of one backup, or a copy and an original that
still runs, may begin the same minute.
HL7 leaves 12 characters for FT1-2, 10 for FT1-3, 20 for MSH-10.
"""

import secrets

from interface.errors import StoreError

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_EPOCH_MICROS = 1_735_689_600_000_000  # 2025-01-01
_MINUTE_MICROS = 60_000_000
_PREFIX_WIDTH = 5  # 36^5 minutes: 115 years
_FARTHEST = 1 << 31


def prefix_at(now: int) -> str:
    """The prefix of a life that begins now (UTC microseconds): five characters that sort by time."""
    return base36(max(0, now - _EPOCH_MICROS) // _MINUTE_MICROS).rjust(_PREFIX_WIDTH, "0")


def prefix_after(prefix: str) -> str:
    """The prefix of the minute after this one."""
    return base36(int(prefix, 36) + 1).rjust(_PREFIX_WIDTH, "0")


def far_from(offset: int) -> int:
    """Another offset of the counters, so far away by chance that their ids do not meet (2^31 in 36^7 for the shortest ids)."""
    return offset + 1 + secrets.randbelow(_FARTHEST)


def base36(number: int) -> str:
    """A natural number in digits and capitals."""
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text


def compose(prefix: str, number: int, width: int) -> str:
    """Prefix and counter.

    Errors: StoreError `wire-ids-exhausted` when they do not fit into `width` characters.
    """
    text = prefix + base36(number)
    if len(text) > width:
        raise StoreError(
            "wire-ids-exhausted",
            f"no id of {width} characters is left",
            place="wire ids",
            advice="report it: the counter has outgrown the field",
        )
    return text

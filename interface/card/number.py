"""Where card numbers stand in bytes: all of them, in time that grows with the bytes and not with what a sender makes of them.

A hostile frame (`4 4 4 4 ..`) has a candidate at every other byte and seven lengths for each. So no candidate is looked at by
itself. The digits become lanes, one byte each, of a few very large integers; adding and shifting those gives the Luhn sum, the
brand and the edges of every candidate at once, and only what is a card number in all of it is ever seen by a loop.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import compress
from typing import Final

# Brands by leading digits, from and to, and lengths. Every brand begins with 2 to 6; no date of this or the last century does
# so as a brand would. One digit throughout is no card: none of these brands has such a number that passes the Luhn check.
BRANDS: Final = (
    (4000, 4999, (13, 16, 19)),  # Visa
    (5100, 5599, (16,)),  # Mastercard
    (2221, 2720, (16,)),  # Mastercard
    (3400, 3499, (15,)),  # American Express
    (3700, 3799, (15,)),  # American Express
    (6011, 6011, (16,)),  # Discover
    (6440, 6599, (16,)),  # Discover
    (3000, 3059, (14,)),  # Diners
    (3600, 3699, (14,)),  # Diners
    (3800, 3899, (14,)),  # Diners
    (3528, 3589, (16,)),  # JCB
    (6200, 6299, (16, 17, 18, 19)),  # UnionPay
)
SHORTEST, LONGEST = 13, 19
KEPT: Final = 4  # digits that a masked number still shows
_WIDEST = 2 * LONGEST  # bytes of the longest number with a separator between any two digits, and of what follows it
# Bytes looked at at once, first and at most: lanes stay in the processor's cache, and memory stays small.
_FIRST_BLOCK, _BLOCK = 1 << 6, 1 << 15

# Where a card number can begin. It must stay this dull: it is all that a clean message costs. The set of first
# characters lets the scan skip quickly; dates begin with 1 or 20 and are passed over.
_BEGINNINGS: Final = (
    re.compile(rb"[3-6](?<![0-9A-Za-z].)(?=[\d -]{12})"),
    re.compile(rb"2(?<![0-9A-Za-z].)(?=[2-7][\d -]{11})"),
)

_Table = bytes
_DIGITS: Final = b"0123456789"
_FILLER, _BEGINS, _ENDS, _INNER = 0x40, 0x10, 0x20, 0x80  # marks of a lane beside its digit


def _table(of: Callable[[int], int]) -> _Table:
    return bytes(of(byte) for byte in range(256))


_IS_DIGIT = _table(lambda byte: byte in _DIGITS)
_IS_ALNUM = _table(lambda byte: bytes([byte]).isalnum())
_IS_SEPARATOR = _table(lambda byte: byte in b" -")
_IS_TWO = _table(lambda byte: byte == ord("2"))
_LANE = _table(lambda byte: byte - ord("0") if byte in _DIGITS else _FILLER)
_KEEPS = _table(lambda lane: lane != _FILLER | _INNER)
_VALUE = _table(lambda lane: 0 if lane & _FILLER else lane & 0x0F)
_DOUBLED = _table(lambda lane: 0 if lane & _FILLER else sum(divmod(2 * (lane & 0x0F), 10)))  # Luhn, ISO/IEC 7812-1
_APART, _SHORTEST_RUN = b"x", b"0" * SHORTEST
_RUNS = _table(lambda byte: ord("0") if byte in b"0123456789 -" else ord("x"))
_MAY_BEGIN = _table(lambda lane: 0xFF if lane & _BEGINS else 0)
_MAY_END = _table(lambda lane: bool(lane & _ENDS))
_IS_FILLER = _table(lambda lane: bool(lane & _FILLER))
_IS_TENFOLD = _table(lambda luhn_sum: luhn_sum % 10 == 0)


def _lengths(prefix: int) -> int:
    """Lengths of a card that begins with these four digits: bit 0 for the shortest, and so on."""
    fitting = (lengths for low, high, lengths in BRANDS if low <= prefix <= high)
    return sum(1 << (length - SHORTEST) for lengths in fitting for length in lengths)


def _brand_tables() -> tuple[_Table, _Table, _Table]:
    """Four digits fit no byte, so their halves are put into classes: the high half's, the low half's, and lengths by both."""
    rows = [tuple(_lengths(100 * high + low) for low in range(100)) for high in range(100)]
    row_kinds = list(dict.fromkeys(rows))
    columns = [tuple(row[low] for row in row_kinds) for low in range(100)]
    column_kinds = list(dict.fromkeys(columns))
    assert max(len(row_kinds), len(column_kinds)) <= 16, "both classes share a byte"
    high = _table(lambda half: row_kinds.index(rows[half]) << 4 if half < 100 else 0)
    low = _table(lambda half: column_kinds.index(columns[half]) if half < 100 else 0)
    both = {row << 4 | column: kind[row] for column, kind in enumerate(column_kinds) for row in range(len(row_kinds))}
    return high, low, _table(lambda classes: both.get(classes, 0))


_HIGH, _LOW, _LENGTHS = _brand_tables()
# In the marks of a block: the longest number that begins at a lane, and all of its lanes.
_CARD = re.compile(
    rb"[^\0](?:"
    + b"|".join(
        rb"(?<=[\x%02x-\x%02x]).{%d}" % (1 << bit, (2 << bit) - 1, SHORTEST + bit - 1)
        for bit in reversed(range(LONGEST - SHORTEST + 1))
    )
    + rb")",
    re.DOTALL,
)


def may_hold_card(seen: bytes) -> bool:
    """A quick look that misses no card number: nearly every message has hardly a run of digits that is long enough."""
    runs = seen.translate(_RUNS)
    start = runs.find(_SHORTEST_RUN)
    while start >= 0:
        end = runs.find(_APART, start)
        end = len(seen) if end < 0 else end
        if any(begins.search(seen, start, end) for begins in _BEGINNINGS):
            return True
        start = runs.find(_SHORTEST_RUN, end)
    return False


def card_numbers(seen: bytes) -> Iterator[tuple[int, int]]:
    """Every card number, in order and apart: where it starts, and where the last four of its digits do.

    The longest one that begins at a place counts, and what it covers begins no other.
    """
    passed = 0
    for low, high in _blocks(seen):
        first = max(0, low - 1)  # the byte before tells whether a number may begin
        for start, kept, end in _in_block(seen[first : high + _WIDEST], max(passed, low) - first):
            if first + start >= high:
                break
            passed = first + end
            yield first + start, first + kept


def _blocks(seen: bytes) -> Iterator[tuple[int, int]]:
    """Where numbers can begin: from, to. A lone place costs little; where they stand close together, blocks grow."""
    ahead = [-1 for _ in _BEGINNINGS]
    at, size = 0, 0
    while True:
        for number, begins in enumerate(_BEGINNINGS):
            if ahead[number] < at:
                found = begins.search(seen, at)
                ahead[number] = found.start() if found else len(seen)
        low = min(ahead)
        if low == len(seen):
            return
        size = min(2 * size, _BLOCK) if low < at + size else _FIRST_BLOCK
        at = low + size
        yield low, at


def _in_block(block: bytes, begin: int) -> Iterator[tuple[int, int, int]]:
    """Start, start of the last four digits, and end of the numbers that start at `begin` or later."""
    marked = _marked(block)
    lanes = marked.translate(None, bytes([_FILLER | _INNER]))
    found = _found(lanes)
    if found:
        at = list(compress(range(len(block)), marked.translate(_KEEPS)))
        for card in _CARD.finditer(found.to_bytes(len(lanes), "little"), bisect_left(at, begin)):
            start, end = card.span()
            yield at[start], at[end - KEPT], at[end - 1] + 1


def _marked(block: bytes) -> bytes:
    """For each byte its digit with its marks. A single blank or dash between two digits is INNER, all else FILLER."""
    digit = _integer(block.translate(_IS_DIGIT))
    alnum = _integer(block.translate(_IS_ALNUM))
    begins = digit ^ (digit & (alnum << 8))
    ends = digit ^ (digit & (alnum >> 8))
    inner = _integer(block.translate(_IS_SEPARATOR)) & (digit << 8) & (digit >> 8)
    two = begins & _integer(block.translate(_IS_TWO))
    begins ^= two ^ (two & (digit >> 8))  # 2 begins none where a separator follows: `2 6 2024` is a date
    lanes = _integer(block.translate(_LANE)) | begins << 4 | ends << 5 | inner << 7
    return lanes.to_bytes(len(block), "little")


def _found(lanes: bytes) -> int:
    """For each lane the lengths of the card numbers that begin there, as `_lengths` writes them."""
    size = len(lanes)
    value, doubled = _integer(lanes.translate(_VALUE)), _integer(lanes.translate(_DOUBLED))
    high = value * 10 + (value >> 8)
    classes = _integer(high.to_bytes(size, "little").translate(_HIGH))
    classes |= _integer((high >> 16).to_bytes(size, "little").translate(_LOW))
    lengths = _integer(classes.to_bytes(size, "little").translate(_LENGTHS))
    lengths &= _integer(lanes.translate(_MAY_BEGIN))
    ends, filler = _integer(lanes.translate(_MAY_END)), _Windows(_integer(lanes.translate(_IS_FILLER)), is_sum=False)
    pairs = _Windows(doubled + (value >> 8), is_sum=True, step=2)
    ones = _integer(b"\1" * size)
    found = 0
    for length in range(SHORTEST, LONGEST + 1):
        bit = length - SHORTEST
        fitting = (lengths >> bit) & ones & (ends >> 8 * (length - 1))
        fitting ^= fitting & filler.of(length) if fitting else 0
        if fitting:
            # From the right, every second digit is doubled: pairs, and a single first digit where the length is odd.
            odd = length % 2
            luhn_sum = (pairs.of(length // 2) >> 8 * odd) + (value if odd else 0)
            tenfold = luhn_sum.to_bytes(size, "little").translate(_IS_TENFOLD)
            found |= (fitting & _integer(tenfold)) << bit
    return found


class _Windows:
    """Sums (or ORs) over a window that begins at each lane, built from windows of 1, 2, 4 .. as they are asked for."""

    def __init__(self, one: int, *, is_sum: bool, step: int = 1) -> None:
        self._doubles = [one]
        self._is_sum = is_sum
        self._step = step  # lanes from one member of a window to the next

    def of(self, members: int) -> int:
        """The window of this many members; less than 256 must come of any."""
        window = covered = 0
        for power in reversed(range(members.bit_length())):
            if members >> power & 1:
                window = self._join(window, self._double(power) >> 8 * self._step * covered)
                covered += 1 << power
        return window

    def _double(self, power: int) -> int:
        while len(self._doubles) <= power:
            last = self._doubles[-1]
            self._doubles.append(self._join(last, last >> (8 * self._step << len(self._doubles) - 1)))
        return self._doubles[power]

    def _join(self, window: int, other: int) -> int:
        return window + other if self._is_sum else window | other


def _integer(lanes: bytes) -> int:
    return int.from_bytes(lanes, "little")

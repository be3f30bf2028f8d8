"""What a site agreed on about the counts and totals of its batches, and whether one keeps to it (HL7 v2.5.1 section 2.10.3.2).

BTS-1 counts messages, FTS-1 batches. How BTS-3 is reckoned is not the standard's to say: it is a setting.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from interface.currency import exponent
from interface.errors import MessageError
from interface.hl7.batch import Batch, Group, file_trailer_of, trailer_of
from interface.hl7.money import Money, MoneyFormat, parse_money, read_money, write_money
from interface.hl7.parser import parse
from interface.hl7.segment import Segment

COUNT_DIFFERS: Final = "batch-count-differs"
TOTAL_DIFFERS: Final = "batch-total-differs"
TRAILER_MISSING: Final = "batch-trailer-missing"
TOO_LARGE: Final = "batch-too-large"
_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)
_AMOUNT: Final = "FT1-11"


class Totals(StrEnum):
    """How BTS-3 is reckoned from FT1-11 of all messages of a batch."""

    NONE = "none"  # it is not looked at
    SIGNED = "signed"  # one total, amounts with their signs as written
    ABSOLUTE = "absolute"  # one total, amounts without their signs
    BY_TYPE = "by-type"  # one signed total for each transaction type (FT1-6), in an agreed order


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a channel's batches keep to. `types`: FT1-6 of each repetition of BTS-3, for `by-type`."""

    totals: Totals = Totals.SIGNED
    types: tuple[str, ...] = ()
    amount_format: MoneyFormat = MoneyFormat.DECIMAL
    currency: str = "USD"  # of amounts and totals that name none
    charset: str | None = None
    needs_trailers: bool = False
    max_messages: int = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a batch does not keep to it: our code, the place, and what was counted against what it says."""

    code: str
    place: str
    text: str


def difference(batch: Batch, agreed: Agreement) -> Difference | None:
    """The first thing that differs, outermost first; None where everything agrees."""
    return next(_differences(batch, agreed), None)


def _differences(batch: Batch, agreed: Agreement) -> Iterator[Difference]:
    amount = len(batch.messages)
    if amount > agreed.max_messages:
        yield Difference(
            TOO_LARGE, "", f"it holds {amount} messages, and the channel takes {agreed.max_messages} at once"
        )
    if agreed.needs_trailers:
        yield from _missing(batch)
    yield from _count(file_trailer_of(batch).text(1), len(batch.groups), "FTS-1", "batches")
    places = list(_places(batch.groups))
    for group, place in zip(batch.groups, places, strict=True):
        yield from _count(trailer_of(group).text(1), len(group.messages), f"{place}-1", "messages")
    for group, place in zip(batch.groups, places, strict=True):
        yield from _totals(group, agreed, f"{place}-3")


def _places(groups: Sequence[Group]) -> Iterator[str]:
    """BTS of each group by its occurrence; of one without the next one's."""
    occurrence = 1
    for group in groups:
        yield "BTS" if occurrence == 1 else f"BTS[{occurrence}]"
        occurrence += bool(group.trailer)


def _missing(batch: Batch) -> Iterator[Difference]:
    for group, place in zip(batch.groups, _places(batch.groups), strict=True):
        if not trailer_of(group).text(1):
            yield Difference(TRAILER_MISSING, f"{place}-1", "the batch does not end with its message count")
    if batch.header and not file_trailer_of(batch).text(1):
        yield Difference(TRAILER_MISSING, "FTS-1", "the file does not end with its batch count")


def _count(said: str, counted: int, place: str, what: str) -> Iterator[Difference]:
    said = said.strip()
    if not said:
        return
    if not _COUNT.fullmatch(said):
        yield Difference(COUNT_DIFFERS, place, f"what it says is no count; there are {counted} {what}")
    elif int(said) != counted:
        yield Difference(COUNT_DIFFERS, place, f"it says {int(said)} {what}, and there are {counted}")


def _totals(group: Group, agreed: Agreement, place: str) -> Iterator[Difference]:
    said = _said(trailer_of(group))
    if agreed.totals is Totals.NONE or not any(said):
        return
    try:
        counted = _reckoned(group, agreed)
    except _UnreadableError as failure:
        yield Difference(TOTAL_DIFFERS, f"{place}[1]", failure.text)
        return
    for number, text in enumerate(said, start=1):
        where = f"{place}[{number}]"
        if number > len(counted):
            yield Difference(TOTAL_DIFFERS, where, f"{len(said)} totals are given, and {len(counted)} agreed")
        else:
            yield from _total(text, counted[number - 1], agreed, where)
    for number in range(len(said) + 1, len(counted) + 1):
        if counted[number - 1]:
            text = f"it is not given, and the amounts add up to {_shown(counted[number - 1], agreed)}"
            yield Difference(TOTAL_DIFFERS, f"{place}[{number}]", text)


def _said(trailer: Segment) -> list[str]:
    """The totals: repetitions, or components as before version 2.3 (v2.5.1 section 2.15.3.3)."""
    elements = trailer.elements(3)
    if len(elements) == 1:
        parts = elements[0].er7.split(elements[0].delimiters.component)
        return [elements[0].text(number).strip() for number in range(1, len(parts) + 1)]
    return [element.text(1).strip() for element in elements]


def _total(text: str, counted: Decimal, agreed: Agreement, place: str) -> Iterator[Difference]:
    summed = _shown(counted, agreed)
    if not text:
        if counted:
            yield Difference(TOTAL_DIFFERS, place, f"it is not given, and the amounts add up to {summed}")
        return
    try:
        total = _decimal(parse_money(text, agreed.amount_format, agreed.currency))
    except MessageError:
        text = f"what it says is no amount in the format {agreed.amount_format.value}; the amounts add up to {summed}"
        yield Difference(TOTAL_DIFFERS, place, text)
        return
    if total != counted:
        yield Difference(TOTAL_DIFFERS, place, f"it says {_shown(total, agreed)}, and the amounts add up to {summed}")


class _UnreadableError(Exception):
    """An amount that keeps the total from being reckoned."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def _reckoned(group: Group, agreed: Agreement) -> list[Decimal]:
    """The totals as agreed."""
    amounts = list(_amounts(group, agreed))
    match agreed.totals:
        case Totals.BY_TYPE:
            sums = dict.fromkeys(agreed.types, Decimal())
            for kind, amount in amounts:
                if kind not in sums:
                    raise _UnreadableError("a transaction is of a type (FT1-6) for which no total is agreed")
                sums[kind] += amount
            return list(sums.values())
        case Totals.ABSOLUTE:
            return [sum((abs(amount) for _kind, amount in amounts), Decimal())]
        case _:
            return [sum((amount for _kind, amount in amounts), Decimal())]


def _amounts(group: Group, agreed: Agreement) -> Iterator[tuple[str, Decimal]]:
    """Transaction type and amount of each FT1 that has one."""
    for number, raw in enumerate(group.messages, start=1):
        if b"FT1" not in raw:
            continue
        try:
            for segment in parse(raw, agreed.charset).segments("FT1"):
                for element in segment.elements(11):
                    money = read_money(element, agreed.amount_format, agreed.currency, _AMOUNT)
                    if money is not None:
                        yield segment.text(6), _decimal(money)
        except MessageError:
            raise _UnreadableError(f"an amount of message {number} cannot be read, so that nothing adds up") from None


def _decimal(money: Money) -> Decimal:
    return Decimal(money.minor).scaleb(-exponent(money.currency))


def _shown(amount: Decimal, agreed: Agreement) -> str:
    return write_money(Money(int(amount.scaleb(exponent(agreed.currency))), agreed.currency))

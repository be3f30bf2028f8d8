"""Amounts (MO, CP; v2.5.1 section 2.A.41): read by the sender's declared format into minor units; never a float.

HL7 leaves much open, and senders take it all: so the format is a setting, and what does not fit it is refused, never
guessed.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interface.currency import exponent
from interface.errors import MessageError
from interface.hl7.segment import Element


class MoneyFormat(StrEnum):
    """How a sender writes amounts."""

    DECIMAL = "decimal"  # NM: 125, 125.5, 125.00, -125.00
    IMPLIED = "implied"  # 12500 is 125.00; no decimal point at all
    ACCOUNTING = "accounting"  # $1,250.00, (25.00), 25.00-, and what DECIMAL takes


@dataclass(frozen=True, slots=True)
class Money:
    """A signed amount in minor units (cents) of an ISO 4217 currency."""

    minor: int
    currency: str


_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_PLAIN: Final = re.compile(r"(?P<sign>[+-]?)(?=\.?\d)(?P<whole>\d{0,15})(?:\.(?P<part>\d{0,10}))?", re.ASCII)
_INTEGER: Final = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d{1,15})(?P<part>)", re.ASCII)
_WHOLE: Final = r"(?=\.?\d)(?P<whole>\d{0,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.(?P<part>\d{0,10}))?"
_ACCOUNTING: Final = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-])?[$]?(?P<inner>[+-])?{_WHOLE}(?P<trailing>-)?(?(open)\))", re.ASCII
)


def parse_money(text: str, how: MoneyFormat, currency: str, place: str = "") -> Money:
    """One amount in the given format. Raises MessageError `money-malformed` or `currency-malformed`, with `place`.

    More decimal places than the currency has are refused unless they are zeros; three of them always, because `1.250` is
    a thousand and more to some.
    """
    if not _CURRENCY.fullmatch(currency):
        raise MessageError("currency-malformed", "a currency is three letters of ISO 4217", place=place)
    pattern = {
        MoneyFormat.DECIMAL: _PLAIN,
        MoneyFormat.IMPLIED: _INTEGER,
        MoneyFormat.ACCOUNTING: _ACCOUNTING,
    }[how]
    shape = pattern.fullmatch(text.strip())
    places = exponent(currency)
    if shape is None or not _fits(shape, places):
        raise MessageError(
            "money-malformed",
            f"the amount is not written in the format {how.value}",
            place=place,
            advice="set the channel's money format to what the sender writes",
        )
    whole = shape["whole"].replace(",", "")
    digits = whole if how is MoneyFormat.IMPLIED else whole + (shape["part"] or "").ljust(places, "0")[:places]
    return Money(-int(digits) if _is_negative(shape) else int(digits), currency)


def _fits(shape: re.Match[str], places: int) -> bool:
    """No lost decimals, no thousands in disguise, and the sign said once."""
    signs = sum(bool(shape.groupdict().get(name)) for name in ("open", "sign", "inner", "trailing"))
    part = shape["part"] or ""
    return signs <= 1 and not part[places:].strip("0") and (len(part) != 3 or places == 3)


def _is_negative(shape: re.Match[str]) -> bool:
    said = shape.groupdict()
    return "-" in (said.get("sign"), said.get("inner"), said.get("trailing")) or bool(said.get("open"))


def read_money(element: Element, how: MoneyFormat, currency: str, place: str = "") -> Money | None:
    """CP, MO or NM: the amount and, where sent, its currency: `125.00&USD`, `125.00^USD`, `125.00` (then `currency`).

    None for an amount that is empty, absent or null. In CP a second component of three letters is a currency; table
    0205, which belongs there, has codes of two.
    """
    amount = element.text(1, 1)
    if not amount.strip():
        return None
    second = element.text(2).strip()
    stated = element.text(1, 2).strip() or (second if len(second) == 3 else "")
    return parse_money(amount, how, stated.upper() or currency, place)


def write_money(money: Money) -> str:
    """The amount as NM, with all the decimal places of its currency and a leading minus: `-125.00`."""
    places = exponent(money.currency)
    digits = str(abs(money.minor)).rjust(places + 1, "0")
    sign = "-" if money.minor < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits

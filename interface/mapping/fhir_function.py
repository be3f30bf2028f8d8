"""The functions of the mapping language where it reads FHIR: those over texts are the same, dates and amounts are FHIR's own."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from interface.currency import exponent
from interface.hl7.money import Money
from interface.hl7.problem import ErrorCode
from interface.mapping import identifier
from interface.mapping.fhir_identifier import reader_of
from interface.mapping.function import FUNCTIONS, Apply, Function, Setting
from interface.mapping.kind import Type
from interface.mapping.scope import UNSAID, Said, Scope, UnfitMessageError

_DAY: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_DECIMAL: Final = re.compile(r"-?\d{1,15}(\.\d{1,12})?([eE][+-]?\d{1,2})?", re.ASCII)
_LARGEST: Final = 10**17  # minor units
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def day_of(text: str) -> str | None:
    """The date of a date, dateTime or instant (R4 section 2.24.0.1), as exact as it is; None where it is none."""
    shape = _DAY.match(text)
    if shape is None or (len(text) > len(shape[0]) and not _TIME.fullmatch(text)):
        return None
    try:
        date.fromisoformat(shape[0] + "-01-01"[len(shape[0]) - 4 :] if len(shape[0]) < 10 else shape[0])
    except ValueError:
        return None
    return shape[0]


def instant_of(text: str, scope: Scope) -> int | None:
    """UTC microseconds of a dateTime or instant; of a day its beginning where the channel is. None where it is none."""
    try:
        if _TIME.fullmatch(text):
            whole = re.sub(r"(\.\d{6})\d+", r"\1", text)
            at = datetime.fromisoformat(whole.replace("Z", "+00:00"))
        elif len(text) == 10 and _DAY.fullmatch(text):
            at = datetime.fromisoformat(text).replace(tzinfo=scope.context.timezone)
        else:
            return None
        return (at - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _date(setting: Setting) -> Apply:
    def apply(text: str, scope: Scope) -> Said:
        found = day_of(text)
        if found is None:
            scope.warn("date-unreadable", setting.place)
        return found or UNSAID

    return apply


def _datetime(setting: Setting) -> Apply:
    def apply(text: str, scope: Scope) -> Said:
        found = instant_of(text, scope)
        if found is None:
            scope.warn("time-unreadable", setting.place)
        return UNSAID if found is None else found

    return apply


def _money(setting: Setting) -> Apply:
    def apply(element: Any, scope: Scope) -> Said:
        is_money = isinstance(element, dict)
        value = element.get("value") if is_money else element
        if value is None or value == "":
            return UNSAID
        currency = (element.get("currency") if is_money else "") or scope.context.currency
        found = amount_of(value, currency)
        if found is None:
            raise UnfitMessageError(
                "amount-unreadable",
                f"the amount is no decimal, has more places than {currency if _CURRENCY.fullmatch(currency) else 'a currency'} has,"
                " or its currency is not three letters",
                hl7_code=ErrorCode.DATA_TYPE,
                place=scope.placed(setting.place),
                advice="write Money as {value: 10.00, currency: USD}",
            )
        return found

    return apply


def amount_of(value: Any, currency: str) -> Money | None:
    """Money of a decimal, whether sent as a number or as a text; None where it is no amount. Never rounded."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, bool) or not _DECIMAL.fullmatch(text) or not _CURRENCY.fullmatch(currency):
        return None
    minor = Decimal(text).scaleb(exponent(currency))
    if minor != minor.to_integral_value() or abs(minor) >= _LARGEST:
        return None
    return Money(int(minor), currency)


def _identifier(setting: Setting) -> Apply:
    return reader_of(setting.place, None, setting.naming)


def _typed(setting: Setting) -> Apply:
    read, type_ = _identifier(setting), setting.arguments[0]

    def apply(element: Any, scope: Scope) -> Said:
        found = read(element, scope)
        return found if found is UNSAID else identifier.typed(found, type_)

    return apply


_SAME: Final = ("trim", "upper", "lower", "digits", "left", "table", "flag", "number")
FHIR_FUNCTIONS: Final[Mapping[str, Function]] = {
    **{name: FUNCTIONS[name] for name in _SAME},
    "date": Function(Type.TEXT, Type.DATE, "a date, as exact as it was sent", _date),
    "datetime": Function(Type.TEXT, Type.INSTANT, "a moment; a day begins in the channel's time zone", _datetime),
    "money": Function(Type.FIELD, Type.MONEY, "an amount (Money, decimal)", _money),
    "identifier": Function(Type.FIELD, Type.IDENTIFIER, "an Identifier with authority and type", _identifier),
    "typed": Function(Type.FIELD, Type.IDENTIFIER, "an Identifier, declared to be of this type", _typed, ("type",)),
}

"""The named functions of the mapping language: what each takes, gives and means. Nothing unsaid or cleared reaches one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from interface.errors import MessageError
from interface.hl7.datatype import XTN
from interface.hl7.money import read_money
from interface.hl7.problem import ErrorCode
from interface.hl7.segment import Element
from interface.hl7.value import NULL_ER7
from interface.mapping import identifier, moment
from interface.mapping.identifier import Naming
from interface.mapping.kind import Type
from interface.mapping.scope import UNSAID, Said, Scope, UnfitMessageError
from interface.mapping.table import CodeTable

Apply = Callable[[str, Scope], Said]


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a function stands: the path that it reads, for messages, its arguments, tables and names in reach."""

    place: str
    arguments: tuple[str, ...]
    tables: Mapping[str, CodeTable]
    naming: Naming


@dataclass(frozen=True, slots=True)
class Function:
    """`takes` FIELD means one whole repetition. `parameters` names the arguments, all required."""

    takes: Type
    gives: Type
    about: str
    build: Callable[[Setting], Apply]
    parameters: tuple[str, ...] = ()


def _plain(work: Callable[[str], str]) -> Callable[[Setting], Apply]:
    return lambda _setting: lambda text, _scope: work(text) or UNSAID


def _date(setting: Setting) -> Apply:
    place = setting.place
    return lambda text, scope: moment.day(text, scope, place)


def _datetime(setting: Setting) -> Apply:
    place = setting.place
    return lambda text, scope: moment.instant(text, scope, place)


def _number(setting: Setting) -> Apply:
    def number(text: str, scope: Scope) -> Said:
        try:
            return int(text.split(".", 1)[0] if text.rstrip("0").endswith(".") else text)
        except ValueError:
            scope.warn("number-unreadable", setting.place)
            return UNSAID

    return number


_FLAGS: Final = {"Y": True, "1": True, "T": True, "TRUE": True, "YES": True, "N": False, "0": False, "F": False}
_FLAGS.update({"FALSE": False, "NO": False})


def _flag(setting: Setting) -> Apply:
    def flag(text: str, scope: Scope) -> Said:
        found = _FLAGS.get(text.upper())
        if found is None:
            scope.warn("flag-unreadable", setting.place)
            return UNSAID
        return found

    return flag


def _table(setting: Setting) -> Apply:
    table, place = setting.tables[setting.arguments[0]], setting.place
    return lambda code, scope: table.look_up(code, scope, place) or UNSAID


def _identifier(setting: Setting) -> Apply:
    field = setting.place.partition(".")[0].partition("[")[0]
    return identifier.reader(setting.place, identifier.TYPES_BY_FIELD.get(field, ""), setting.naming)


def _typed(setting: Setting) -> Apply:
    read, type_code = _identifier(setting), setting.arguments[0]

    def typed(er7: str, scope: Scope) -> Said:
        found = read(er7, scope)
        return found if found is UNSAID else identifier.typed(found, type_code)

    return typed


def _money(setting: Setting) -> Apply:
    def money(er7: str, scope: Scope) -> Said:
        context, place = scope.context, scope.placed(setting.place)
        try:
            read = read_money(_element(er7, scope), context.money.amount_format, context.currency, place)
        except MessageError as broken:
            raise UnfitMessageError(
                "amount-unreadable",
                "the amount is not written in the channel's format",
                hl7_code=ErrorCode.DATA_TYPE,
                place=place,
                advice=broken.advice,
            ) from None
        return UNSAID if read is None else read

    return money


def _phone(_setting: Setting) -> Apply:
    return lambda er7, scope: _telecom(er7, scope).number.strip() or UNSAID


def _email(_setting: Setting) -> Apply:
    return lambda er7, scope: _telecom(er7, scope).mail.strip() or UNSAID


def _telecom(er7: str, scope: Scope) -> XTN:
    delimiters = scope.delimiters
    if delimiters.escape in er7 or delimiters.subcomponent in er7 or NULL_ER7 in er7:
        return XTN.read(_element(er7, scope))
    parts = er7.split(delimiters.component)  # once, where the reader of the data type splits for each component
    return replace(XTN(*parts[:8]), unformatted=parts[11]) if len(parts) > 11 else XTN(*parts[:8])


def _element(er7: str, scope: Scope) -> Element:
    return Element(er7, scope.delimiters, scope.charset)


def _left(setting: Setting) -> Apply:
    length = int(setting.arguments[0])
    return lambda text, _scope: text[:length] or UNSAID


TEXT = Type.TEXT
FUNCTIONS: Final[Mapping[str, Function]] = {
    "trim": Function(TEXT, TEXT, "outer blanks taken off (every value is read so already)", _plain(str.strip)),
    "upper": Function(TEXT, TEXT, "capital letters", _plain(str.upper)),
    "lower": Function(TEXT, TEXT, "small letters", _plain(str.lower)),
    "digits": Function(TEXT, TEXT, "only the digits", _plain(lambda text: "".join(filter(str.isdecimal, text)))),
    "left": Function(TEXT, TEXT, "the first so many characters", _left, ("length",)),
    "table": Function(TEXT, TEXT, "the code's meaning in mappings/tables/NAME.csv", _table, ("name",)),
    "date": Function(TEXT, Type.DATE, "a date, as exact as it was sent", _date),
    "datetime": Function(TEXT, Type.INSTANT, "a moment; the channel's time zone where none was sent", _datetime),
    "flag": Function(TEXT, Type.FLAG, "Y 1 T YES TRUE against N 0 F NO FALSE", _flag),
    "number": Function(TEXT, Type.NUMBER, "a whole number", _number),
    "money": Function(Type.FIELD, Type.MONEY, "an amount (CP, MO, NM) in the channel's format", _money),
    "identifier": Function(Type.FIELD, Type.IDENTIFIER, "an identifier (CX) with authority and type", _identifier),
    "typed": Function(Type.FIELD, Type.IDENTIFIER, "an identifier, declared to be of this type", _typed, ("type",)),
    "phone": Function(Type.FIELD, TEXT, "a telephone number (XTN), put together from its parts", _phone),
    "email": Function(Type.FIELD, TEXT, "an e-mail address (XTN-4, or XTN-1 of an Internet entry)", _email),
}

"""The types of values inside the mapping language, and what to write when one stands where another is wanted."""

from enum import StrEnum


class Type(StrEnum):
    """What an expression gives, or a target takes."""

    TEXT = "text"
    DATE = "date"
    INSTANT = "moment"
    FLAG = "yes or no"
    NUMBER = "whole number"
    MONEY = "amount"
    FIELD = "whole field"  # one repetition with its components
    IDENTIFIER = "identifier"


_REMEDY = {
    Type.DATE: "add `| date`",
    Type.INSTANT: "add `| datetime`",
    Type.FLAG: "add `| flag`, or write a condition",
    Type.NUMBER: "add `| number`",
    Type.MONEY: "add `| money`",
    Type.IDENTIFIER: "name the whole field, as PID-18, without a component",
    Type.TEXT: "leave out the last function",
    Type.FIELD: "name the whole field, without a component",
}


def remedy(wanted: Type) -> str:
    """What makes a value of the wanted type."""
    return _REMEDY[wanted]

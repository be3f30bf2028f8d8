"""Where the value of an expression comes from: the paths that it reads, and the texts that it gives by itself."""

from collections.abc import Iterator, Mapping

from interface.mapping.expression import ElementPath, Expression, Fallback, Given, Literal, Name, Piped, Reference
from interface.mapping.table import CodeTable


def references(tree: Expression) -> Iterator[Reference]:
    """The paths that a value may come from; those of conditions only choose."""
    match tree:
        case Reference():
            yield tree
        case Fallback(options=options):
            for option in options:
                yield from references(option)
        case Piped(source=source):
            yield from references(source)
        case Given(value=value):
            yield from references(value)
        case _:
            return


def fields(tree: Expression) -> Iterator[str]:
    """The fields of these paths: `PID-3`."""
    return (f"{one.segment}-{one.field}" for one in references(tree))


def place_of(tree: Expression) -> str:
    """The path that a message to people names: the first one of the expression."""
    match tree:
        case Reference() | ElementPath():
            return str(tree)
        case Fallback(options=options):
            return place_of(options[0])
        case Piped(source=source):
            return place_of(source)
        case Given(value=value):
            return place_of(value)
        case Name(name=name):
            return name
        case _:
            return ""


def texts_given(tree: Expression, tables: Mapping[str, CodeTable]) -> Iterator[tuple[str, int, str]]:
    """Each text that an expression can give by itself, where it stands, and what gives it."""
    match tree:
        case Literal(text=text, at=at):
            yield text, at, "this"
        case Given(value=value):
            yield from texts_given(value, tables)
        case Fallback(options=options):
            for option in options:
                yield from texts_given(option, tables)
        case Piped(calls=calls) if calls[-1].name == "table" and calls[-1].arguments:
            table = tables.get(calls[-1].arguments[0])
            for text in sorted(table.outputs()) if table else ():
                yield text, calls[-1].at, table.file if table else ""
        case _:
            return

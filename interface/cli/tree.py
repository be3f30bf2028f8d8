"""A message as a tree for people: segments, fields and components with the standard's names; what is empty is left out."""

from rich.text import Text
from rich.tree import Tree

from interface.cli.table import plain
from interface.errors import MessageError
from interface.hl7 import names
from interface.hl7.batch import pieces
from interface.hl7.header import read_header
from interface.hl7.parser import Message, parse
from interface.hl7.segment import Element, Segment
from interface.hl7.value import NULL_ER7

_NAME_WIDTH = 44
_MESSAGES_SHOWN = 200  # of a batch
_INDENT = 4  # how far a branch of the tree moves to the right


def message_tree(message: Message) -> Tree:
    """The annotated tree. Values are shown as text, escapes undone; `""` is shown as what it means."""
    header = message.header
    tree = Tree(Text(plain(f"{header.kind} {header.version}"), style="bold"), guide_style="dim")
    counts: dict[str, int] = {}
    for segment in message.all_segments():
        counts[segment.name] = counts.get(segment.name, 0) + 1
        many = len(message.segments(segment.name)) > 1
        label = f"{segment.name}[{counts[segment.name]}]" if many else segment.name
        branch = tree.add(Text.assemble((plain(label), "bold"), "  ", (names.segment_name(segment.name), "dim")))
        _add_fields(branch, segment, header.version)
    return tree


def batch_tree(raw: bytes) -> Tree:
    """A batch's headers and trailers in full, and its messages by kind, control id and amounts: each has a tree of its own."""
    tree = Tree(Text("batch", style="bold"), guide_style="dim")
    position = 0
    for piece in pieces(raw):
        if piece.name == "MSH":
            position += 1
            if position <= _MESSAGES_SHOWN:
                tree.add(_summary(position, piece.content))
            continue
        segment = Segment(piece.name, piece.content.decode("utf-8", "backslashreplace").strip(), piece.delimiters)
        branch = tree.add(Text.assemble((piece.name, "bold"), "  ", (names.segment_name(piece.name), "dim")))
        _add_fields(branch, segment, "")
    if position > _MESSAGES_SHOWN:
        tree.add(Text(f"{position - _MESSAGES_SHOWN} more messages; `--raw` shows all", style="dim"))
    return tree


def _summary(position: int, raw: bytes) -> Text:
    """One line: what a person needs to compare a batch's counts and totals with another list."""
    header = read_header(raw)
    try:
        amounts = [segment.text(11) for segment in parse(raw).segments("FT1")]
    except MessageError:
        amounts = []
    told = "  ".join(part for part in (header.kind_name, header.control_id, ", ".join(amounts)) if part)
    return Text.assemble((f"message {position}", "bold"), "  ", plain(told))


def _add_fields(branch: Tree, segment: Segment, version: str) -> None:
    for number, er7 in enumerate(segment.fields()):
        if number == 0 or not er7:
            continue
        named = names.field(segment.name, number, version)
        repetitions = segment.elements(number)
        for place, element in enumerate(repetitions, start=1):
            label = f"{number}[{place}]" if len(repetitions) > 1 else f"{number}"
            name = named.name if named else ""
            if segment.is_verbatim(number) or not _is_composite(element):
                text = er7 if segment.is_verbatim(number) else _leaf(element)
                branch.add(_line(label, name, text))
            else:
                inner = branch.add(_line(label, name))
                _add_parts(inner, element, named.data_type if named else "", version, depth=1)


def _add_parts(branch: Tree, element: Element, data_type: str, version: str, *, depth: int) -> None:
    known = {part.number: part for part in names.components(data_type, version)} if data_type else {}
    for number in range(1, element.er7.count(element.delimiters.component) + 2):
        part = element.part(number)
        if not part.er7:
            continue
        named = known.get(number)
        name = named.name if named else ""
        if _is_composite(part):
            inner = branch.add(_line(f".{number}", name))
            _add_parts(inner, part, named.data_type if named else "", version, depth=depth + 1)
        else:
            branch.add(_line(f".{number}", name, _leaf(part), depth=depth))


def _is_composite(element: Element) -> bool:
    return element.delimiters.component in element.er7 or element.delimiters.subcomponent in element.er7


def _leaf(element: Element) -> str:
    return '""  (clears the value)' if element.er7 == NULL_ER7 else element.text()


def _line(label: str, name: str, text: str = "", *, depth: int = 0) -> Text:
    width = _NAME_WIDTH - _INDENT * depth  # so that all values begin in one column
    short = name if len(name) <= width else name[: width - 1] + "…"
    if not text:
        return Text.assemble(f"{label:<4} ", (short, "dim"))
    return Text.assemble(f"{label:<4} ", (f"{short:<{width}} ", "dim"), plain(text))

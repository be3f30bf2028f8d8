"""How configuration files are read: YAML to nodes that know their line and column.

The traps of YAML are met here: keys given twice, tabs, types guessed from looks, crooked indents.
"""

from pathlib import Path

import yaml

from interface.mapping.node import Block, Entry, Listing, Mark, Node, Scalar
from interface.mapping.problem import Findings, note_not_text

_DEEPEST = 20
_TOO_DEEP = ("too-deep", f"more than {_DEEPEST} levels inside of each other", "see the README beside it")

# Rule, text, advice, by what the YAML library says. More than one sign stands for a crooked indent.
_TAB = ("tab", "the line is indented with a tab", "indent with blanks, two for each level")
_COLON = ("colon-in-value", "the value holds a colon and a blank", "put the whole value in double quotes")
_NO_COLON = ("colon-missing", "the line has no colon", "write `key: value`, with a blank behind the colon")
_CROOKED = ("bad-indentation", "the line does not line up with the lines before it", "line up the keys of one section")
_STAR = ("star-in-value", "a value that begins with * or & means something else in YAML", "put it in double quotes")
_UNREADABLE = (
    "malformed-yaml",
    "the file cannot be read from here on",
    "look for a missing quote or bracket before here",
)
_YAML_WORDS = (
    ("'\\t'", _TAB),
    ("mapping values are not allowed", _CROOKED),
    ("block end", _CROOKED),
    ("could not find expected ':'", _CROOKED),
    ("alias", _STAR),
    ("cannot start any token", ("bad-character", "a value cannot begin with this", "put the value in double quotes")),
)


class _PlainLoader(yaml.SafeLoader):
    """YAML without references: each value stands where it is read, and no small file grows into a large one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it untyped
            raise yaml.composer.ComposerError(None, None, "alias", event.start_mark)
        return super().compose_node(parent, index)


def read_text(root: Path, file: str, findings: Findings) -> str:
    """The text of `root/file`. A byte that is not UTF-8 becomes U+FFFD, which `note_not_text` reports by line."""
    try:
        return (root / file).read_text("utf-8", "replace")
    except OSError as error:
        text = f"the file cannot be read ({error.strerror or type(error).__name__})"
        findings.add(Mark(file), "file-unreadable", text, f"look at its owner and mode, in {root}")
        return ""


def read_document(file: str, text: str, findings: Findings) -> Block | None:
    """The file's top block; None, with a finding, where there is none to use."""
    note_not_text(file, text, findings)
    try:
        root = yaml.compose(text.lstrip("\ufeff"), Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        _refuse(file, text, error, findings)
        return None
    except RecursionError:  # the library reads what is inside of each other by calling itself
        findings.add(Mark(file), *_TOO_DEEP)
        return None
    except yaml.reader.ReaderError as error:
        mark = Mark(file, text.count("\n", 0, error.position) + 1)
        findings.add(mark, "not-text", "the file holds a character that YAML does not take", "save it as UTF-8 text")
        return None
    if root is None:
        findings.add(Mark(file), "empty-file", "the file is empty", "see the README beside it")
        return None
    node = _node(file, root, findings, [])
    if isinstance(node, Block):
        return node
    findings.add(node.mark, "not-a-block", "the file does not consist of keys and values", "write `key: value` lines")
    return None


def _node(file: str, node: yaml.Node, findings: Findings, above: list[yaml.Node]) -> Node:
    mark = Mark(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if len(above) > _DEEPEST:
        findings.add(mark, *_TOO_DEEP)
        return Scalar(mark, "")
    inside = [*above, node]
    match node:
        case yaml.MappingNode():
            return Block(mark, _entries(file, node, findings, inside))
        case yaml.SequenceNode():
            return Listing(mark, tuple(_node(file, item, findings, inside) for item in node.value))
        case yaml.ScalarNode():
            return Scalar(mark, node.value, is_quoted=node.style in ("'", '"'))
        case _:
            raise AssertionError("YAML has three kinds of nodes")


def _entries(file: str, node: yaml.MappingNode, findings: Findings, above: list[yaml.Node]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for key, value in node.value:
        mark = Mark(file, key.start_mark.line + 1, key.start_mark.column + 1)
        if not isinstance(key, yaml.ScalarNode):
            findings.add(mark, "key-not-text", "a key is a plain word", "put values with { or [ in double quotes")
            continue
        if key.value in entries:
            first = entries[key.value].mark.line
            findings.add(
                mark, "duplicate-key", f"`{key.value}` stands here twice, first in line {first}", "keep one of them"
            )
            continue
        entries[key.value] = Entry(mark, _node(file, value, findings, above))
    return entries


def _refuse(file: str, text: str, error: yaml.MarkedYAMLError, findings: Findings) -> None:
    at = error.problem_mark or error.context_mark
    mark = Mark(file, at.line + 1, at.column + 1) if at else Mark(file)
    lines = text.splitlines()
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    words = _explained(str(error.problem), line)
    if words is _CROOKED:  # the library stumbles over the colon; people look at where the line begins
        number, wanted = _odd_line(lines, mark.line)
        odd = lines[number - 1] if number <= len(lines) else ""
        mark = Mark(file, number, _indent(odd) + 1)
        if ":" not in odd:
            words = _NO_COLON
        elif wanted not in (-1, _indent(odd)):
            words = _realigned(odd, wanted)
    findings.add(mark, *words)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _odd_line(lines: list[str], stumbled: int) -> tuple[int, int]:
    """The line (from 1) that stands crooked, and how many blanks it wants; -1 where that cannot be told.

    The library stumbles at the line that does not fit what was before; often that one stands right and the one before does not.
    """
    full = [number for number, line in enumerate(lines, start=1) if line.split("#", 1)[0].strip()]
    if stumbled not in full[1:]:
        return stumbled, -1
    at = full.index(stumbled)
    own, before = _indent(lines[stumbled - 1]), _indent(lines[full[at - 1] - 1])
    following = _indent(lines[full[at + 1] - 1]) if at + 1 < len(full) else -1
    company = following if own < before else _indent(lines[full[at - 2] - 1]) if at > 1 else -1
    if company == own:
        return full[at - 1], own
    if lines[stumbled - 1].split("#", 1)[0].rstrip().endswith(":") and following > own:  # the head of a section
        above = {_indent(lines[number - 1]) for number in full[:at]}
        return stumbled, max((indent for indent in above if indent < following), default=before)
    return stumbled, before


def _realigned(line: str, wanted: int) -> tuple[str, str, str]:
    key = line.partition(":")[0].strip()
    has, blanks = _indent(line), f"{wanted} blank{'s' * (wanted != 1)}"
    stands = f"by {has} blank{'s' * (has != 1)}" if has else "not at all"
    beside = f"and the keys beside it by {wanted}" if wanted else "and the keys beside it are not"
    how = f"put {blanks} before `{key}`" if wanted else f"begin the line with `{key}`"
    return "bad-indentation", f"`{key}` is indented {stands}, {beside}", how


def _explained(problem: str, line: str) -> tuple[str, str, str]:
    """Rule, text and advice in words that do not need a knowledge of YAML's own terms."""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return _TAB
    if "mapping values are not allowed" in problem and line.split("#", 1)[0].count(": ") > 1:
        return _COLON
    return next((words for sign, words in _YAML_WORDS if sign in problem), _UNREADABLE)

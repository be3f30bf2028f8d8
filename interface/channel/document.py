"""YAML texts to marked nodes. The traps of YAML are met here: keys given twice, tabs, types guessed from looks, crooked indents."""

import yaml

from interface.mapping.node import Block, Entry, Listing, Mark, Node, Scalar
from interface.mapping.problem import Findings

_DEEPEST = 20


def read_document(file: str, text: str, findings: Findings) -> Block | None:
    """The file's top block; None, with a finding, where there is none to use."""
    try:
        root = yaml.compose(text.lstrip("\ufeff"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        _refuse(file, text, error, findings)
        return None
    except yaml.reader.ReaderError as error:
        mark = Mark(file, text.count("\n", 0, error.position) + 1)
        findings.add(mark, "not-text", "the file holds a character that YAML does not take", "save it as UTF-8 text")
        return None
    if root is None:
        findings.add(Mark(file), "empty-file", "the file is empty", "see the README beside it")
        return None
    node = _node(file, root, findings, 0)
    if isinstance(node, Block):
        return node
    findings.add(node.mark, "not-a-block", "the file does not consist of keys and values", "write `key: value` lines")
    return None


def _node(file: str, node: yaml.Node, findings: Findings, depth: int) -> Node:
    mark = Mark(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if depth > _DEEPEST:
        findings.add(mark, "too-deep", f"more than {_DEEPEST} levels inside of each other", "see the README beside it")
        return Scalar(mark, "")
    match node:
        case yaml.MappingNode():
            return Block(mark, _entries(file, node, findings, depth))
        case yaml.SequenceNode():
            return Listing(mark, tuple(_node(file, item, findings, depth + 1) for item in node.value))
        case _:
            return Scalar(mark, node.value, is_quoted=node.style in ("'", '"'))


def _entries(file: str, node: yaml.MappingNode, findings: Findings, depth: int) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for key, value in node.value:
        mark = Mark(file, key.start_mark.line + 1, key.start_mark.column + 1)
        if not isinstance(key, yaml.ScalarNode):
            findings.add(mark, "key-not-text", "a key is a plain word", "put values with { or [ in double quotes")
            continue
        if key.value in entries:
            first = entries[key.value].mark.line
            findings.add(mark, "duplicate-key", f"`{key.value}` stands here twice, first in line {first}", "keep one of them")
            continue
        entries[key.value] = Entry(mark, _node(file, value, findings, depth + 1))
    return entries


def _refuse(file: str, text: str, error: yaml.MarkedYAMLError, findings: Findings) -> None:
    at = error.problem_mark or error.context_mark
    mark = Mark(file, at.line + 1, at.column + 1) if at else Mark(file)
    line = text.splitlines()[mark.line - 1] if mark.line <= len(text.splitlines()) else ""
    rule, what, advice = _explained(str(error.problem), line)
    findings.add(mark, rule, what, advice)


def _explained(problem: str, line: str) -> tuple[str, str, str]:
    """Rule, text and advice in words that do not need a knowledge of YAML's own terms."""
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in problem:
        return "tab", "the line is indented with a tab", "indent with blanks, two for each level"
    if "mapping values are not allowed" in problem:
        if line.split("#")[0].count(": ") > 1:
            return "colon-in-value", "the value holds a colon and a blank", "put the whole value in double quotes"
        return "bad-indentation", "the line is indented deeper than the one above allows", "line it up with its neighbours"
    if "block end" in problem or "block mapping" in problem or "could not find expected ':'" in problem:
        return "bad-indentation", "the line does not line up with the lines before it", "line keys of one section up"
    if "undefined alias" in problem or "alias" in problem:
        return "star-in-value", "a value that begins with * is a reference in YAML", "put the value in double quotes"
    if "cannot start any token" in problem:
        return "bad-character", "a value cannot begin with this character", "put the value in double quotes"
    return "malformed-yaml", "the file cannot be read from here on", "look for a missing quote or bracket before this place"

"""Files of channels and mappings: each is named after what it declares."""

from interface.document import read_document
from interface.mapping.node import Block
from interface.mapping.problem import Findings


def named_document(path: str, text: str, key: str, findings: Findings) -> Block | None:
    """The document, with a finding where its name (`key: NAME`) is not that of its file; None where it cannot be read."""
    block = read_document(path, text, findings)
    if block is not None and block.text(key) != stem(path):
        entry = block.entries.get(key)
        mark = entry.node.mark if entry else block.mark
        told = "the name in the file is not that of the file"
        findings.add(mark, "name-differs", told, f"write `{key}: {stem(path)}`, or rename the file")
    return block


def stem(path: str) -> str:
    """`epic` of `channels/epic.yaml`."""
    return path.rpartition("/")[2].rpartition(".")[0]

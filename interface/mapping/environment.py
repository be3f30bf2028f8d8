"""`${NAME}` and `${NAME:-default}` in values, filled from the environment.

The files themselves, and the version made of them, keep the names.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from interface.mapping.node import Block, Entry, Listing, Node, Scalar
from interface.mapping.problem import Findings

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_BROKEN = re.compile(r"\$\{")


def substituted(node: Node, environ: Mapping[str, str], findings: Findings) -> Node:
    """The same tree with every reference replaced; a name that is not set and has no default is a finding."""
    match node:
        case Scalar():
            return _scalar(node, environ, findings)
        case Listing(mark=mark, items=items):
            return Listing(mark, tuple(substituted(item, environ, findings) for item in items))
        case Block(mark=mark, entries=entries):
            return Block(
                mark,
                {key: Entry(entry.mark, substituted(entry.node, environ, findings)) for key, entry in entries.items()},
            )


def _scalar(scalar: Scalar, environ: Mapping[str, str], findings: Findings) -> Scalar:
    if "${" not in scalar.text:
        return scalar

    def value(found: re.Match[str]) -> str:
        name, default = found.groups()
        # An empty variable counts as unset, as in a shell's `:-`.
        given = environ.get(name) or default
        if given is None:
            advice = f"set it, or write a default: ${{{name}:-value}}"
            findings.add(scalar.mark, "variable-unset", f"the environment does not set {name}", advice)
            return ""
        return given

    text = _REFERENCE.sub(value, scalar.text)
    if _BROKEN.search(_REFERENCE.sub("", scalar.text)):
        findings.add(scalar.mark, "malformed-variable", "a variable is not written as it should be", "${NAME:-default}")
    return replace(scalar, text=text)

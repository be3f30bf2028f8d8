"""`extends:` resolved: a vendor's file holds only what differs from the one it builds on."""

from collections.abc import Mapping
from dataclasses import dataclass

from interface.mapping.node import Block, Entry, Scalar
from interface.mapping.problem import Findings, did_you_mean

NOTHING = "nothing"
"""Written as a rule, it takes an inherited rule away."""

_ANSWERED_BY_BASE = frozenset(
    {"events-missing", "rule-missing", "each-missing", "segments-missing", "malformed-message", "malformed-version"}
)
_OWN = ("mapping", "about", "extends")  # never inherited


@dataclass(frozen=True, slots=True)
class Resolved:
    """A file with what it inherits. Not `is_whole`: what it builds on is missing, in a circle or unreadable."""

    block: Block
    is_whole: bool


def resolved(name: str, files: Mapping[str, Block | None], findings: Findings) -> Resolved | None:
    """The file with everything it inherits, as far as that can be found; None for a file that cannot be read itself.

    `files` holds None for a file that could not be read: whatever builds on it is not complained of again.
    """
    block = files[name]
    if block is None:
        return None
    chain = {name: block}
    is_whole = True
    while is_whole and (parent := block.text("extends")):
        mark = block.entries["extends"].mark
        found = files.get(parent)
        if parent in chain:
            findings.add(mark, "circular-extends", f"`{parent}` builds on this file itself", "cut the circle")
        elif parent not in files:
            known = [other for other in files if other not in chain]
            findings.add(mark, "missing-mapping", f"there is no mapping `{parent}`", did_you_mean(parent, known))
        if parent in chain or found is None:
            is_whole = False
        else:
            block = chain[parent] = found
    whole = Block(block.mark)
    for step in reversed(chain.values()):
        whole = _over(whole, step, is_top=True)
    return Resolved(whole, is_whole)


def found_without(base: Resolved, findings: Findings, inside: Findings) -> None:
    """Add what was found inside of a file; where it is not whole, nothing that its base may have answered for."""
    findings.problems += [one for one in inside.problems if base.is_whole or one.rule not in _ANSWERED_BY_BASE]


def _over(base: Block, own: Block, *, is_top: bool = False) -> Block:
    entries = {key: entry for key, entry in base.entries.items() if not (is_top and key in _OWN)}
    for key, entry in own.entries.items():
        under = entries.get(key)
        if isinstance(entry.node, Scalar) and entry.node.text == NOTHING:
            entries.pop(key, None)
        elif isinstance(entry.node, Block):
            inherited = under.node if under is not None and isinstance(under.node, Block) else Block(entry.node.mark)
            entries[key] = Entry(entry.mark, _over(inherited, entry.node))
        else:
            entries[key] = entry
    return Block(own.mark, entries)

"""`extends:` resolved: a vendor's file holds only what differs from the one it builds on."""

from collections.abc import Mapping

from interface.mapping.node import Block, Entry, Scalar
from interface.mapping.problem import Findings, did_you_mean

NOTHING = "nothing"
"""Written as a rule, it takes an inherited rule away."""

_OWN = ("mapping", "about", "extends")  # never inherited


def resolved(name: str, files: Mapping[str, Block | None], findings: Findings) -> Block | None:
    """The file with everything it inherits; None (and a finding) when that leads nowhere or in a circle.

    `files` holds None for a file that could not be read: whatever builds on it is not complained of again.
    """
    block = files[name]
    chain = {} if block is None else {name: block}
    while block is not None and (parent := block.text("extends")):
        mark = block.entries["extends"].mark
        if parent in chain:
            findings.add(mark, "circular-extends", f"`{parent}` builds on this file itself", "cut the circle")
            return None
        if parent not in files:
            known = [other for other in files if other not in chain]
            findings.add(mark, "missing-mapping", f"there is no mapping `{parent}`", did_you_mean(parent, known))
            return None
        block = files[parent]
        if block is not None:
            chain[parent] = block
    if block is None:
        return None
    *own, whole = chain.values()
    for step in reversed(own):
        whole = _over(whole, step, is_top=True)
    return whole


def _over(base: Block, own: Block, *, is_top: bool = False) -> Block:
    entries = {key: entry for key, entry in base.entries.items() if not (is_top and key in _OWN)}
    for key, entry in own.entries.items():
        under = entries.get(key)
        if isinstance(entry.node, Scalar) and entry.node.text == NOTHING:
            entries.pop(key, None)
        elif under is not None and isinstance(under.node, Block) and isinstance(entry.node, Block):
            entries[key] = Entry(entry.mark, _over(under.node, entry.node))
        else:
            entries[key] = entry
    return Block(own.mark, entries)

"""The diagrams of states in `interface/README.md` are those that the code enforces."""

import re
from enum import StrEnum

from interface.message import LEGAL, diagram
from tests.house.source import PROJECT

BLOCK = re.compile(r"```mermaid\n(stateDiagram-v2\n.*?)\n```", re.DOTALL)


def test_every_drawn_diagram_is_drawn_from_the_table() -> None:
    readme = PROJECT / "interface" / "README.md"
    drawn = BLOCK.findall(readme.read_text(encoding="utf-8")) if readme.exists() else []
    kinds: set[type[StrEnum]] = set(LEGAL)
    true = {diagram(kind) for kind in kinds}
    stale = [block for block in drawn if block not in true]
    assert not stale, "replace by what interface.message.diagram gives:\n" + "\n\n".join(sorted(true))


def test_every_state_has_its_moves() -> None:
    kinds: set[type[StrEnum]] = set(LEGAL)
    forgotten = [state for kind in kinds for state in kind if state not in LEGAL[kind]]
    assert not forgotten

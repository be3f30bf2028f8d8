"""What a newer configuration version means to ends that are open: which stay as they are, which open, close, or open anew and why.

The running parts and the plan that people see before are told by the same function.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Adoption:
    """Ends by name. `reopens` names, for each, the settings that differ."""

    stays: tuple[str, ...]
    opens: tuple[str, ...]
    closes: tuple[str, ...]
    reopens: Mapping[str, tuple[str, ...]]


def adoption(old: Mapping[str, Any], new: Mapping[str, Any]) -> Adoption:
    """Compare the settings (a dataclass for each end) of two versions. What differs in nothing keeps its sockets."""
    both = [name for name in new if name in old]
    reopens = {name: differing(old[name], new[name]) for name in both if old[name] != new[name]}
    return Adoption(
        stays=tuple(name for name in both if name not in reopens),
        opens=tuple(name for name in new if name not in old),
        closes=tuple(name for name in old if name not in new),
        reopens=reopens,
    )


def differing(old: Any, new: Any) -> tuple[str, ...]:
    """The names of the fields in which two values of one dataclass differ; of two, that it is another wire."""
    if type(old) is not type(new):
        return ("wire",)
    return tuple(one.name for one in fields(old) if getattr(old, one.name) != getattr(new, one.name))

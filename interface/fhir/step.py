"""What the steps of FHIRPath do with JSON values: each takes what was found so far and gives what it finds from there."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

Nodes = list[Any]
Walk = Callable[[Nodes, Any], Nodes]  # nodes, and the resource that they are of
Holds = Callable[[Any, Any], bool | None]  # one node, and the resource; None: not known

_YES: Nodes = [True]
_NO: Nodes = [False]


def chained(walks: Sequence[Walk]) -> Walk:
    """One after the other."""
    if len(walks) == 1:
        return walks[0]
    steps = tuple(walks)

    def walk(nodes: Nodes, resource: Any) -> Nodes:
        for one in steps:
            nodes = one(nodes, resource)
        return nodes

    return walk


def same(nodes: Nodes, _resource: Any) -> Nodes:
    """A step that changes nothing."""
    return nodes


def of_resource(type_: str) -> Walk:
    """The resource; nothing where it is of another type. Empty: of whatever type."""

    def walk(_nodes: Nodes, resource: Any) -> Nodes:
        return [resource] if not type_ or resource.get("resourceType") == type_ else []

    return walk


def member(keys: Sequence[str]) -> Walk:
    """The element with one of these names in JSON; the items of one that repeats."""
    if len(keys) > 1:
        return _member_of_many(keys)
    (key,) = keys

    def walk(nodes: Nodes, _resource: Any) -> Nodes:
        if not nodes:
            return nodes
        found: Nodes = []
        for node in nodes:
            value = node.get(key) if type(node) is dict else None
            if type(value) is list:
                found += [one for one in value if one is not None]
            elif value is not None:
                found.append(value)
        return found

    return walk


def _member_of_many(keys: Sequence[str]) -> Walk:
    each = [member((key,)) for key in keys]
    return lambda nodes, resource: [one for node in nodes for walk in each for one in walk([node], resource)]


def at(index: int) -> Walk:
    """One of several, counted from 0; from the end where negative."""

    def walk(nodes: Nodes, _resource: Any) -> Nodes:
        return nodes[index:][:1] if index >= 0 else nodes[index:]

    return walk


def where(criterion: Holds) -> Walk:
    """Those of which the criterion holds."""
    return lambda nodes, resource: [node for node in nodes if criterion(node, resource)]


def exists(criterion: Holds | None) -> Walk:
    """Whether there is any (of which the criterion holds)."""
    if criterion is None:
        return lambda nodes, _resource: _YES if nodes else _NO
    return lambda nodes, resource: _YES if any(criterion(node, resource) for node in nodes) else _NO


def is_empty(nodes: Nodes, _resource: Any) -> Nodes:
    """Whether there is none."""
    return _NO if nodes else _YES


def negated(nodes: Nodes, _resource: Any) -> Nodes:
    """The opposite of one truth value; nothing of nothing."""
    return [not _is_true(nodes)] if nodes else nodes


def of_resource_type(type_: str) -> Walk:
    """The resources of one type."""
    return lambda nodes, _resource: [one for one in nodes if one.get("resourceType") == type_]


def of_kind(*, is_primitive: bool) -> Walk:
    """The plain values, or the elements with elements inside."""
    return lambda nodes, _resource: [one for one in nodes if (type(one) is not dict) is is_primitive]


def extension(url: str) -> Walk:
    """The extensions with this URL."""

    def walk(nodes: Nodes, _resource: Any) -> Nodes:
        found: Nodes = []
        for node in nodes:
            if type(node) is dict and (listed := node.get("extension")):
                found += [one for one in listed if one.get("url") == url]
        return found

    return walk


def resolved(nodes: Nodes, resource: Any) -> Nodes:
    """The contained resources that references lead to; others are not followed."""
    inside, found = resource.get("contained"), []
    for node in nodes if inside else ():
        to = node.get("reference") or ""
        if to[:1] == "#":
            found += [one for one in inside if one.get("id") == to[1:]][:1]
    return found


# ---------------------------------------------------------------- criteria


def constant(value: str | Decimal | bool) -> Walk:
    """A value by itself."""
    told: Nodes = [value]
    return lambda _nodes, _resource: told


def truth(values: Walk) -> Holds:
    """Whether what is found counts as true; None where nothing is found."""

    def holds(node: Any, resource: Any) -> bool | None:
        found = values([node], resource)
        return _is_true(found) if found else None

    return holds


def _is_true(found: Nodes) -> bool:
    """A lone truth value is what it says; anything else is there, and so true."""
    return found != _NO


def answered(criterion: Holds) -> Walk:
    """A criterion as a value."""

    def walk(nodes: Nodes, resource: Any) -> Nodes:
        held = criterion(nodes[0], resource) if nodes else None
        return [] if held is None else [held]

    return walk


def compared(left: Walk, right: Walk, *, is_negated: bool) -> Holds:
    """Whether both give the same, in the same order; None where either gives nothing."""

    def holds(node: Any, resource: Any) -> bool | None:
        one = left([node], resource)
        if not one:
            return None
        other = right([node], resource)
        return (_is_same(one, other) is not is_negated) if other else None

    return holds


def _is_same(one: Nodes, other: Nodes) -> bool:
    # In Python true equals 1, in FHIRPath not.
    return one == other and all(isinstance(a, bool) is isinstance(b, bool) for a, b in zip(one, other, strict=True))


def joined(parts: Sequence[Holds], *, is_any: bool) -> Holds:
    """`and`, or `or`: decided by one false (one true); else not known where one is not known."""

    def holds(node: Any, resource: Any) -> bool | None:
        is_known = True
        for part in parts:
            held = part(node, resource)
            if held is is_any:
                return is_any
            is_known = is_known and held is not None
        return (not is_any) if is_known else None

    return holds

"""FHIRPath (2.0.0), as much of it as mappings need, compiled to closures over plain JSON, with its types checked on the way.

Members, choices of types (`value` finds `valueMoney`), `[0]`, where, exists, empty, first, last, not, ofType and as,
extension(url), resolve of contained resources, `=`, `!=`, and, or, with FHIRPath's own logic of three values. It knows no
grammar: that is the mapping language's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from interface.fhir import step
from interface.fhir.step import Walk
from interface.fhir.structure import Element, elements, is_primitive, resources

BOOLEAN: Final = frozenset({"boolean"})


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, number or truth value inside of a criterion."""

    value: str | Decimal | bool
    at: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """An element by name, or a function with its arguments; `index` counts from 0. `at`: its offset in the expression's text."""

    name: str
    arguments: "tuple[Criterion, ...] | None" = None  # None: no function
    index: int | None = None
    at: int = 0


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from where one stands; from the resource where `is_of_resource` (%resource, or a type at its beginning)."""

    steps: tuple[Member, ...]
    type: str = ""  # the resource's, where the path names it
    is_of_resource: bool = False
    at: int = 0

    def __str__(self) -> str:
        start = self.type or ("%resource" if self.is_of_resource else "")
        return ".".join([*([start] if start else []), *map(written, self.steps)])


@dataclass(frozen=True, slots=True)
class Compared:
    """`left = right`, or `!=` where `is_negated`."""

    left: "Criterion"
    right: "Criterion"
    is_negated: bool = False
    at: int = 0


@dataclass(frozen=True, slots=True)
class Joined:
    """Criteria joined by `and`; by `or` where `is_any`."""

    parts: "tuple[Criterion, ...]"
    is_any: bool = False
    at: int = 0


Criterion = Constant | Path | Compared | Joined


class PathError(Exception):
    """A path that can lead nowhere: where in its text, what is wrong, what would be right."""

    def __init__(self, at: int, text: str, advice: str) -> None:
        super().__init__(text)
        self.at, self.text, self.advice = at, text, advice


@dataclass(frozen=True, slots=True)
class Compiled:
    """`walk(nodes, resource)` gives what the path finds from these nodes, in order; `types` are those that it may have."""

    walk: Walk
    types: frozenset[str]


def compile_path(path: Path, focus: frozenset[str]) -> Compiled:
    """A path from elements of the types in `focus` (none: only paths that name a resource). Raises PathError."""
    types, walks = _start(path, focus)
    is_choice = False
    for number, member in enumerate(path.steps):
        following = path.steps[number + 1] if number + 1 < len(path.steps) else None
        walk, types, is_choice = _step(member, types, following, is_choice=is_choice)
        walks.append(walk)
        if member.index is not None:
            walks.append(step.at(member.index))
    return Compiled(step.chained(walks), types)


def _start(path: Path, focus: frozenset[str]) -> tuple[frozenset[str], list[Walk]]:
    if path.type:
        if path.type not in resources():
            raise PathError(path.at, f"no resource {path.type} is read", _near(path.type, resources()))
        return frozenset({path.type}), [step.of_resource(path.type)]
    if path.is_of_resource:
        return resources(), [step.of_resource("")]
    if not focus:
        advice = f"begin with the resource's type, as Patient.{path}"
        raise PathError(path.at, "the path does not say of which resource", advice)
    return focus, []


def _step(
    member: Member, types: frozenset[str], following: Member | None, *, is_choice: bool
) -> tuple[Walk, frozenset[str], bool]:
    if member.arguments is None:
        return _element(member, types, _wanted(following))
    walk, gives = _function(member, types, is_choice=is_choice)
    return walk, gives, False


def _wanted(following: Member | None) -> str:
    """The one type that is taken of a choice, where the next step says so."""
    if following is not None and following.name in ("ofType", "as") and following.arguments:
        return _type_named(following)
    return ""


def _element(member: Member, types: frozenset[str], wanted: str) -> tuple[Walk, frozenset[str], bool]:
    known = elements()
    found = [known[one][member.name] for one in sorted(types) if one in known and member.name in known[one]]
    if not found:
        raise PathError(member.at, f"{_named(types)} has no element `{member.name}`", _advice(member.name, types))
    keys = {key: of for element in found for key, of in element.keys.items()}
    is_choice = any(element.is_choice for element in found)
    if wanted and is_choice:
        keys = {key: of for key, of in keys.items() if of == wanted}
        if not keys:
            raise PathError(member.at, f"{member.name} is no {wanted}", f"it may be {_list(_types(found))}")
    return step.member(tuple(keys)), frozenset(keys.values()), is_choice


def _types(found: Iterable[Element]) -> list[str]:
    return sorted({of for element in found for of in element.types})


def _function(member: Member, types: frozenset[str], *, is_choice: bool) -> tuple[Walk, frozenset[str]]:
    arguments = member.arguments or ()
    found: tuple[Walk, frozenset[str]] | None = None
    match member.name, len(arguments):
        case "where", 1:
            found = step.where(_criterion(arguments[0], types)), types
        case "exists", 0 | 1:
            found = step.exists(_criterion(arguments[0], types) if arguments else None), BOOLEAN
        case "empty", 0:
            found = step.is_empty, BOOLEAN
        case "not", 0:
            found = step.negated, BOOLEAN
        case "first", 0:
            found = step.at(0), types
        case "last", 0:
            found = step.at(-1), types
        case "ofType" | "as", 1:
            found = _of_type(member, types, is_choice=is_choice)
        case "extension", 1:
            found = _extension(member, arguments[0], types)
        case "resolve", 0:
            found = _resolve(member, types)
    if found is not None:
        return found
    form = FUNCTIONS.get(member.name)
    if form is None:
        raise PathError(member.at, f"`{member.name}` is no function here", _near(member.name, FUNCTIONS))
    raise PathError(member.at, f"`{member.name}` has other arguments", f"write {form}")


def _resolve(member: Member, types: frozenset[str]) -> tuple[Walk, frozenset[str]]:
    if types != {"Reference"}:
        raise PathError(member.at, f"{_named(types)} refers to nothing", "resolve() stands behind a Reference")
    return step.resolved, frozenset({"Resource"})


FUNCTIONS: Final = {
    "where": "where(system = 'phone')",
    "exists": "exists(), or exists(use = 'home')",
    "empty": "empty()",
    "not": "not()",
    "first": "first()",
    "last": "last()",
    "ofType": "ofType(Money)",
    "as": "as(Money)",
    "extension": "extension('URL')",
    "resolve": "resolve()",
}


def _type_named(member: Member) -> str:
    (argument,) = member.arguments or (None,)
    if isinstance(argument, Path) and not argument.is_of_resource and not argument.type and len(argument.steps) == 1:
        return argument.steps[0].name
    if isinstance(argument, Path) and argument.type and not argument.steps:
        return argument.type
    raise PathError(member.at, f"`{member.name}` takes a type", f"write {FUNCTIONS[member.name]}")


def _of_type(member: Member, types: frozenset[str], *, is_choice: bool) -> tuple[Walk, frozenset[str]]:
    type_ = _type_named(member)
    if "Resource" in types and type_ in resources():
        return step.of_resource_type(type_), frozenset({type_})
    if type_ not in types:
        raise PathError(member.at, f"{_named(types)} is no {type_}", "" if is_choice else "leave it out")
    walk = step.same if is_choice else step.of_kind(is_primitive=is_primitive(type_))
    return walk, frozenset({type_})


def _extension(member: Member, argument: Criterion, types: frozenset[str]) -> tuple[Walk, frozenset[str]]:
    if not isinstance(argument, Constant) or not isinstance(argument.value, str):
        raise PathError(member.at, "`extension` takes the URL as a text", f"write {FUNCTIONS['extension']}")
    if all(map(is_primitive, types)):
        raise PathError(member.at, "extensions of plain values are not read", "take that of the element around it")
    return step.extension(argument.value), frozenset({"Extension"})


# ---------------------------------------------------------------- criteria


def _criterion(tree: Criterion, focus: frozenset[str]) -> step.Holds:
    """What holds of one node, or does not, or is not known (None)."""
    match tree:
        case Joined(parts=parts, is_any=is_any):
            return step.joined([_criterion(part, focus) for part in parts], is_any=is_any)
        case Compared(left=left, right=right, is_negated=is_negated):
            return step.compared(_values(left, focus), _values(right, focus), is_negated=is_negated)
        case Constant() | Path():
            return step.truth(_values(tree, focus))


def _values(tree: Criterion, focus: frozenset[str]) -> Walk:
    match tree:
        case Constant(value=value):
            return step.constant(value)
        case Path():
            if tree.type:
                raise PathError(tree.at, "a criterion looks at one element", f"write %resource instead of {tree.type}")
            return compile_path(tree, focus).walk
        case _:
            return step.answered(_criterion(tree, focus))


# ---------------------------------------------------------------- in words


def written(tree: Criterion | Member) -> str:
    """As people write it."""
    match tree:
        case Member(name=name, arguments=arguments, index=index):
            called = "" if arguments is None else f"({', '.join(map(written, arguments))})"
            return f"{name}{called}" + ("" if index is None else f"[{index}]")
        case Constant(value=value):
            return (
                str(value).lower()
                if isinstance(value, bool)
                else quoted(value)
                if isinstance(value, str)
                else str(value)
            )
        case Path():
            return str(tree)
        case Compared(left=left, right=right, is_negated=is_negated):
            return f"{_inner(left)} {'!=' if is_negated else '='} {_inner(right)}"
        case Joined(parts=parts, is_any=is_any):
            return (" or " if is_any else " and ").join(map(_inner, parts))


def _inner(tree: Criterion) -> str:
    return f"({written(tree)})" if isinstance(tree, Joined) else written(tree)


def quoted(text: str) -> str:
    """A text as FHIRPath writes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def members(tree: Criterion) -> Iterator[Member]:
    """Every step of a path or criterion, those inside of arguments included."""
    match tree:
        case Path(steps=steps):
            for one in steps:
                yield one
                for argument in one.arguments or ():
                    yield from members(argument)
        case Compared(left=left, right=right):
            yield from members(left)
            yield from members(right)
        case Joined(parts=parts):
            for part in parts:
                yield from members(part)
        case Constant():
            return


def _named(types: Iterable[str]) -> str:
    listed = sorted(types)
    return _list(listed) if len(listed) <= 4 else "none of the types that this may have"


def _list(types: Iterable[str]) -> str:
    *others, last = types
    return f"{', '.join(others)} or {last}" if others else last


def _near(word: str, known: Iterable[str]) -> str:
    choices = sorted(known)
    near = get_close_matches(word, choices, n=2, cutoff=0.6)
    return f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else f"known here: {', '.join(choices)}"


def _advice(name: str, types: frozenset[str]) -> str:
    known = elements()
    if "Resource" in types:
        return "say of which type it is: ofType(Coverage)"
    if all(map(is_primitive, types)):
        return "it is a plain value"
    names = {one for type_ in types if type_ in known for one in known[type_]}
    keys = {key: one for type_ in types if type_ in known for one, of in known[type_].items() for key in of.keys}
    if name in keys:
        return f"a choice of types is written without the type: {keys[name]}"
    return _near(name, names)

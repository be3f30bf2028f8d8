"""The pages and schemas beside the files, written from what the engine really takes: channels/, mappings/ and config/."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from interface.channel import prose, prose_fhir
from interface.channel.environment import Environment
from interface.channel.prose_cases import CASES
from interface.channel.schema import schemas
from interface.channel.spec import Channel
from interface.fhir.path import FUNCTIONS as PATH_FUNCTIONS
from interface.fhir.structure import elements, resources
from interface.ledger.noun import FIELDS, Noun
from interface.mapping import posting
from interface.mapping.compiler import MEANINGS
from interface.mapping.fhir_function import FHIR_FUNCTIONS
from interface.mapping.function import FUNCTIONS, Function
from interface.mapping.kind import Type
from interface.mapping.outgoing import MAX_LENGTHS, OUT_FUNCTIONS
from interface.mapping.target import (
    BALANCE,
    COVERAGE,
    FHIR_NAMES,
    GUARANTOR,
    IDENTIFIERS,
    IDENTITY,
    NAMES,
    TRANSACTION,
    UNMASKED,
    Target,
    fields_of,
)
from interface.mapping.use import ABOUT
from interface.observe.catalogue import metrics
from interface.settings import Settings

_WORDS: Final = {str: "text", int: "whole number", float: "number", bool: "true or false"}
_SIGNS: Final = {
    "ge": "at least",
    "gt": "more than",
    "le": "at most",
    "lt": "less than",
    "min_length": "length at least",
}


def pages() -> dict[str, str]:
    """Path to text of every page that is written from the code."""
    return {
        "channels/README.md": _joined(prose.CHANNELS, _options(Channel)),
        "config/README.md": _joined(prose.CONFIG, (*_options(Settings), *_environments())),
        "config/METRICS.md": _joined(prose.METRICS, _metrics()),
        "mappings/README.md": _joined(prose.MAPPINGS + CASES, _language()),
        **schemas(),
    }


def write_pages(root: Path) -> list[str]:
    """Write the pages whose text has changed; gives their paths."""
    changed = [path for path, text in pages().items() if not _same(root / path, text)]
    for path in changed:
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(pages()[path], encoding="utf-8")
    return changed


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _joined(prose_text: str, reference: Iterable[str]) -> str:
    return prose_text.strip() + "\n\n" + "\n".join(reference) + "\n"


# ---------------------------------------------------------------- options


def _options(model: type[BaseModel], heading: str = "## Options") -> Iterator[str]:
    yield heading
    yield ""
    yield "| Option | Value | Default | Meaning |"
    yield "|---|---|---|---|"
    yield from _rows(model, "")


def _environments() -> Iterator[str]:
    yield ""
    yield prose.ENVIRONMENTS.strip()
    yield ""
    yield from _options(Environment, "### Options of an environment")


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        inner, shape = _inner(field.annotation)
        if inner is None:
            yield f"| `{path}` | {_value(field)} | {_default(field)} | {field.description} |"
            continue
        place = {"table": f"{path}.NAME", "list": f"{path}[]"}.get(shape, path)
        yield f"| `{place}` | section | {'**required**' if field.is_required() else 'none'} | {field.description} |"
        yield from _rows(inner, f"{place}.")


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The model of a section, and whether it stands in a table, in a list, or alone."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, "alone"
    shape = {dict: "table", tuple: "list"}.get(get_origin(annotation), "alone")
    for part in get_args(annotation):
        found, _ = _inner(part)
        if found is not None:
            return found, shape
    return None, shape


def _value(field: FieldInfo) -> str:
    word = _word(field.annotation)
    for condition in field.metadata:
        for sign, words in _SIGNS.items():
            bound = getattr(condition, sign, None)
            if bound is not None:
                word += f", {words} {bound}"
    return word


def _word(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{choice.value}`" for choice in annotation)
    if origin is tuple:
        return f"list of {_word(parts[0])}"
    if origin is dict:
        return "table of text by name"
    if origin in (Union, UnionType):
        return _word(next(part for part in parts if part is not NoneType))
    return _WORDS.get(annotation, "text")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined or default in ("", None):
        return "empty"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, dict):
        return f"`{{{', '.join(f'{key}: {value}' for key, value in default.items())}}}`" if default else "empty"
    if isinstance(default, tuple):
        return f"`[{', '.join(str(getattr(one, 'value', one)) for one in default)}]`"
    return f"`{default.value if isinstance(default, Enum) else default}`"


# ---------------------------------------------------------------- metrics


def _metrics() -> Iterator[str]:
    rows = (
        (
            f"`{one.name}`",
            one.kind,
            ", ".join(f"`{label}`" for label in one.labels),
            one.about + (f" Buckets up to {', '.join(f'{bound:g}' for bound in one.bounds)}." if one.bounds else ""),
        )
        for one in metrics()
    )
    yield from _table(("Metric", "Type", "Labels", "Meaning"), rows)


# ---------------------------------------------------------------- the mapping language


def _language() -> Iterator[str]:
    yield "## Events"
    yield ""
    yield "An event is listed as `ADT^A08: MEANING` or `ADT^A60: {ignore: reason}`. What is not listed is filtered. Meanings:"
    yield ""
    yield from _table(("Meaning", "What it does"), ((f"`{name}`", ABOUT[one]) for name, one in MEANINGS.items()))
    yield ""
    yield "## Sections and targets of an incoming mapping"
    yield ""
    yield "| Section | Target | Takes | Meaning |"
    yield "|---|---|---|---|"
    yield from _targets()
    yield ""
    yield "## Names in expressions"
    yield ""
    yield from _table(("Name", "Meaning"), ((f"`{name}`", about) for name, about in NAMES.items()))
    yield ""
    yield "## Functions"
    yield ""
    yield from _functions(FUNCTIONS.items())
    yield ""
    yield from _over_fhir()
    yield "## Outgoing mappings"
    yield ""
    lengths = ", ".join(f"{place} {length}" for place, length in MAX_LENGTHS.items())
    yield f"Their rules read names instead of paths. Longest texts, in characters: {lengths}; a longer one stops the message."
    yield ""
    rows = ((f"`{name}`", str(kind), about) for name, (kind, about) in posting.NAMES.items())
    yield from _table(("Name", "Type", "Meaning"), rows)
    yield ""
    yield from _functions((name, one) for name, one in OUT_FUNCTIONS.items() if FUNCTIONS.get(name) is not one)


def _over_fhir() -> Iterator[str]:
    """What is different where a mapping reads FHIR."""
    yield prose_fhir.MAPPINGS.strip()
    yield ""
    rows = ((f"`{name}`", ", ".join(f"`{one}`" for one in sorted(elements()[name]))) for name in sorted(resources()))
    yield from _table(("Resource", "Elements"), rows)
    yield ""
    yield from _table(("Name", "Meaning"), ((f"`%{name}`", about) for name, (_, about) in FHIR_NAMES.items()))
    yield ""
    yield from _table(
        ("FHIRPath function", "As in"), ((f"`{name}`", f"`{form}`") for name, form in PATH_FUNCTIONS.items())
    )
    yield ""
    yield from _functions((name, one) for name, one in FHIR_FUNCTIONS.items() if FUNCTIONS.get(name) is not one)
    yield ""


_ABOUT_UNMASKED = (
    "further fields, as [FT1-2], whose numbers are never taken for card numbers and masked (what is read as an identifier"
    " never is, unless CX-5 names a card); replaces an inherited list"
)


def _targets() -> Iterator[str]:
    sections: Iterable[tuple[str, Mapping[str, Target]]] = (
        ("identifiers", IDENTIFIERS),
        ("patient", fields_of(Noun.PATIENT)),
        ("guarantors", {**GUARANTOR, **fields_of(Noun.GUARANTOR)}),
        ("account", fields_of(Noun.ACCOUNT)),
        ("account.coverages", COVERAGE),
        ("encounter", fields_of(Noun.ENCOUNTER)),
        ("identities", IDENTITY),
        ("transactions", TRANSACTION),
        ("balance", BALANCE),
    )
    for section, targets in sections:
        for name, target in targets.items():
            yield f"| `{section}` | `{name}` | {target.type} | {target.about} |"
        if section == "identifiers":
            yield f"| `{section}` | `{UNMASKED}` | list of fields | {_ABOUT_UNMASKED} |"
        if section == "patient":
            yield f"| `{section}` | `other_ids` | {Type.FIELD} | {FIELDS[Noun.PATIENT]['other_ids'].about} |"


def _functions(functions: Iterable[tuple[str, Function]]) -> Iterator[str]:
    rows = (
        (
            f"`{name}({', '.join(one.parameters)})`" if one.parameters else f"`{name}`",
            str(one.takes),
            str(one.gives),
            one.about,
        )
        for name, one in functions
    )
    yield from _table(("Function", "Takes", "Gives", "Meaning"), rows)


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(headings) + " |"
    yield "|" + "---|" * len(headings)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


if __name__ == "__main__":
    write_pages(Path.cwd())

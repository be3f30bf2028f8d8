"""Declared options filled from marked nodes: pydantic checks, and every complaint finds its line in the file."""

from collections.abc import Iterable
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from interface.mapping.node import Block, Listing, Node, Scalar, place_of
from interface.mapping.problem import Findings, did_you_mean


class Declared(BaseModel):
    """Base of everything that files declare: immutable, and closed to options that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


M = TypeVar("M", bound=Declared)  # the 3.11 spelling of a generic function


def fill(model: type[M], node: Node, findings: Findings) -> M | None:
    """The model with the file's values; None, with findings, when something is wrong. All values arrive as text."""
    before = len(findings.problems)
    plain = _plain(node, findings)
    try:
        filled = model.model_validate(plain)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_context=True):
            _complain(model, node, error, findings)
        return None
    return filled if len(findings.problems) == before else None


def _plain(node: Node, findings: Findings) -> Any:
    match node:
        case Block(entries=entries):
            return {key: _plain(entry.node, findings) for key, entry in entries.items()}
        case Listing(items=items):
            return [_plain(item, findings) for item in items]
        case Scalar(mark=mark, text=text, is_quoted=is_quoted):
            if not text and not is_quoted:
                findings.add(mark, "empty-value", "a value is missing", "write one, or remove the line")
            return text


def _complain(model: type[Declared], node: Node, error: ErrorDetails, findings: Findings) -> None:
    location = error["loc"]
    mark = place_of(node, location)
    key = str(location[-1]) if location else ""
    match error["type"]:
        case "extra_forbidden":
            known = _options(model, location[:-1])
            findings.add(mark, "unknown-option", f"`{key}` is no option here", did_you_mean(key, known))
        case "missing":
            findings.add(mark, "missing-option", f"`{key}` is missing", f"add a line `{key}: ...`")
        case "value_error":
            text, _, advice = str(error["ctx"]["error"]).partition("; ")
            findings.add(mark, "wrong-value", f"`{key}`: {text}" if key else text, advice)
        case "model_type" | "dict_type":
            findings.add(mark, "section-expected", f"`{key}` is a section", "indent its options under it by two blanks")
        case "tuple_type" | "list_type":
            findings.add(mark, "list-expected", f"`{key}` is a list", "write [one, two]")
        case _:
            findings.add(mark, "wrong-value", f"`{key}` does not fit", error["msg"][0].lower() + error["msg"][1:])


def _options(model: type[BaseModel], location: Iterable[int | str]) -> list[str]:
    """The names of the options at a place inside of the model."""
    for step in location:
        field = model.model_fields.get(str(step))
        if field is not None and (inner := _model_in(field.annotation)):
            model = inner
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model of an option's type, also inside of a list, a table or `| None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((model for model in found if model), None)

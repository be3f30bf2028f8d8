"""JSON Schemas of the files that people edit, so that an editor completes and underlines while they type.

They say no more than the checks of the engine do (names, shapes, closed sets, bounds), and only what a schema can say; `hp24 check`
stays the judge. Every value may come from the environment, and YAML's own types are taken for texts: `0123`, `no`.
"""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Final

from pydantic import BaseModel

from interface.channel.environment import Environment
from interface.channel.spec import Channel
from interface.fhir.structure import resources
from interface.ledger.noun import FIELDS, Noun
from interface.mapping import posting
from interface.mapping.compiler import MEANINGS
from interface.mapping.extend import NOTHING
from interface.mapping.fhir_compiler import EVENT_TIME, INTERACTIONS, REFERENCES
from interface.mapping.target import (
    BALANCE,
    COVERAGE,
    GUARANTOR,
    IDENTIFIERS,
    IDENTITY,
    NAMES,
    TRANSACTION,
    UNMASKED,
    Target,
    fields_of,
)
from interface.settings import Settings

Schema = dict[str, Any]

FOLDER: Final = "config/schemas"
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_FROM_ENVIRONMENT: Final[Schema] = {"type": "string", "pattern": r"^[^$]*\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}"}
# Every value is read as text: one in quotes is the same. A quoted number's bounds are left to `hp24 check`.
_AS_TEXT: Final[Mapping[str, tuple[Schema, ...]]] = {
    "integer": ({"type": "string", "pattern": r"^-?[0-9]+$"},),
    "number": ({"type": "string", "pattern": r"^-?[0-9.]+$"},),
    "boolean": ({"enum": ["true", "false", "yes", "no", "on", "off"]},),
}
_NO_TEXT: Final = ["number", "boolean"]
_EVENT: Final = r"^[A-Z0-9]{3}\^[A-Z0-9]{3}$"
_SEGMENTS: Final = r"^([A-Z][A-Z0-9]{2} *> *)?[A-Z][A-Z0-9]{2}( *, *[A-Z][A-Z0-9]{2})*$"
_SEGMENT: Final = r"^[A-Z][A-Z0-9]{2}$"
_FIELD: Final = r"^[A-Z][A-Z0-9]{2}-[1-9][0-9]*$"
_REFERENCES: Final = "the system of ids in references, where they are of the sender's server and not of ours"
_PLACE: Final = r"^[A-Z][A-Z0-9]{2}-[1-9][0-9]*(\.[1-9][0-9]*){0,2}$"


def schemas() -> dict[str, str]:
    """Path to text of every schema."""
    made = {
        "channel": _declared(Channel, "A channel: one feed"),
        "engine": _declared(Settings, "The engine's own settings"),
        "environment": _declared(Environment, "What differs between installations"),
        "mapping": _mapping(),
    }
    return {f"{FOLDER}/{name}.schema.json": json.dumps(one, indent=2) + "\n" for name, one in made.items()}


# ---------------------------------------------------------------- options


def _declared(model: type[BaseModel], title: str) -> Schema:
    """The schema of declared options, loosened to what files may write."""
    made: Schema = _loosened(model.model_json_schema())
    return {"$schema": _DRAFT, **made, "title": title}


def _loosened(schema: Any) -> Any:
    """Each single value may also come from the environment or stand in quotes, and a text may look like a number."""
    if isinstance(schema, list):
        return [_loosened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if kind not in ("string", *_AS_TEXT):
        return {key: _loosened(value) for key, value in schema.items()}
    told = {key: schema[key] for key in ("title", "description", "default") if key in schema}
    plain = {key: value for key, value in schema.items() if key not in told}
    if kind != "string":
        return {**told, "anyOf": [plain, *_AS_TEXT[kind], _FROM_ENVIRONMENT]}
    looks_otherwise = [] if "enum" in schema else [{"type": _NO_TEXT}]
    return {**told, "anyOf": [plain, *looks_otherwise, _FROM_ENVIRONMENT]}


# ---------------------------------------------------------------- the mapping language


def _mapping() -> Schema:
    common = {
        "mapping": {"type": "string", "description": "the mapping's name; the file is named after it"},
        "about": {"type": "string", "description": "what it is, for people"},
        "extends": {"type": "string", "description": "the mapping that this one builds on; it holds only what differs"},
    }
    outgoing = {
        "type": "object",
        "properties": {**deepcopy(common), **_outgoing()},
        "required": ["mapping", "direction"],
        "additionalProperties": False,
    }
    incoming = {
        "type": "object",
        "properties": {**common, **_incoming()},
        "required": ["mapping"],
        "additionalProperties": False,
    }
    return {
        "$schema": _DRAFT,
        "title": "A mapping: what messages mean",
        "if": {"properties": {"direction": {"const": "out"}}, "required": ["direction"]},
        "then": outgoing,
        "else": {"if": _OF_FHIR, "then": _of_fhir(common), "else": incoming},
    }


# A mapping that reads FHIR says so, or builds on one that does: whose, a schema cannot see.
_OF_FHIR: Final[Schema] = {
    "anyOf": [
        {"properties": {"format": {"const": "fhir"}}, "required": ["format"]},
        {"properties": {"mapping": {"pattern": "fhir"}}, "required": ["mapping", "extends"]},
    ]
}


def _of_fhir(common: Mapping[str, Schema]) -> Schema:
    """The same sections; events are resources, what is walked are paths."""
    sections = _incoming(_elements(), _resource_events())
    own = {"format": {"const": "fhir"}, EVENT_TIME: _rule("when it happened, where that is not the arrival (moment)")}
    return {
        "type": "object",
        "properties": {**deepcopy(dict(common)), **sections, **own},
        "required": ["mapping"],
        "additionalProperties": False,
    }


def _elements() -> Schema:
    return {"type": "string", "minLength": 1, "description": "the elements that are walked, as Account.guarantor"}


def _resource_events() -> Schema:
    ignored = _ignored()
    rule = {"type": "string", "description": "a meaning, or a rule that gives one, as Encounter.status | table(..)"}
    kinds = "|".join(sorted(resources()))
    return {
        "type": "object",
        "description": "what each resource means; one that is not listed is filtered",
        "patternProperties": {f"^({kinds})( ({'|'.join(INTERACTIONS)}))?$": {"anyOf": [rule, ignored]}},
        "additionalProperties": False,
    }


def _incoming(each: Schema | None = None, events: Schema | None = None) -> dict[str, Schema]:
    walks = each or _segments()
    more: dict[str, Schema] = {} if each is None else {REFERENCES: {"type": "string", "description": _REFERENCES}}
    return {
        "direction": {"const": "in"},
        "format": {"const": "hl7"},
        "events": events or _events(),
        "identifiers": _section(
            IDENTIFIERS,
            {
                "authorities": {"type": "string", "description": "table of synonyms of assigning authorities"},
                "types": {"type": "string", "description": "table of sites' codes of identifier types"},
                UNMASKED: _fields(),
                **more,
            },
        ),
        "patient": _noun(Noun.PATIENT, {"other_ids": _rule(FIELDS[Noun.PATIENT]["other_ids"].about)}),
        "guarantors": _walked({**GUARANTOR, **fields_of(Noun.GUARANTOR)}, walks),
        "account": _noun(Noun.ACCOUNT, {"coverages": _walked(COVERAGE, walks)}),
        "encounter": _noun(Noun.ENCOUNTER),
        "identities": _walked(IDENTITY, walks),
        "transactions": _walked(TRANSACTION, walks),
        "balance": _section(BALANCE, {"when": _condition()}),
    }


def _ignored() -> Schema:
    return {
        "type": "object",
        "properties": {"ignore": {"type": "string", "minLength": 1, "description": "why it is of no concern"}},
        "required": ["ignore"],
        "additionalProperties": False,
    }


def _events() -> Schema:
    ignored = _ignored()
    meaning = {"enum": [*MEANINGS, NOTHING], "description": "what the event does to the billing picture"}
    return {
        "type": "object",
        "description": "what each trigger event means; one that is not listed is filtered",
        "patternProperties": {_EVENT: {"anyOf": [meaning, ignored]}},
        "additionalProperties": False,
    }


def _noun(noun: Noun, more: Mapping[str, Schema] | None = None) -> Schema:
    return _section(fields_of(noun), {**(more or {}), "when": _condition()})


def _segments() -> Schema:
    return {
        "type": "string",
        "pattern": _SEGMENTS,
        "description": "the segments that are walked, as GT1; PID > MRG: each MRG with its PID",
    }


def _walked(targets: Mapping[str, Target], each: Schema) -> Schema:
    return _section(targets, {"each": each, "when": _condition()})


def _section(targets: Mapping[str, Target], more: Mapping[str, Schema]) -> Schema:
    rules = {name: _rule(f"{target.about} ({target.type})") for name, target in targets.items()}
    return {
        "anyOf": [
            {"type": "object", "properties": {**rules, **more}, "additionalProperties": False},
            {"const": NOTHING, "description": "takes the inherited section away"},
        ]
    }


def _rule(about: str, examples: Iterable[str] = ()) -> Schema:
    made: Schema = {"type": ["string", "integer"], "minLength": 1, "description": about}
    return {**made, "examples": list(examples)} if examples else made


def _condition() -> Schema:
    names = ", ".join(NAMES)
    return _rule(f"only where this holds; it may use {names}", ("PV1-2 != 'N'",))


def _fields() -> Schema:
    return {
        "type": "array",
        "items": {"type": "string", "pattern": _FIELD},
        "description": "further fields whose numbers are never taken for card numbers",
    }


def _outgoing() -> dict[str, Schema]:
    rule = _rule(f"an expression over {', '.join(posting.NAMES)}")
    fields = {"type": "object", "patternProperties": {_PLACE: rule, "^when$": rule}, "additionalProperties": False}
    segment = {"anyOf": [fields, {"const": NOTHING, "description": "takes the inherited segment away"}]}
    return {
        "direction": {"const": "out"},
        "message": {"type": "string", "pattern": r"^[A-Z0-9]{3}\^[A-Z0-9]{3}(\^[A-Z0-9]{3}_[A-Z0-9]{3})?$"},
        "version": {"type": ["string", "number"], "pattern": r"^2\.[1-9](\.[1-9])?$"},
        "segments": {"type": "object", "patternProperties": {_SEGMENT: segment}, "additionalProperties": False},
    }

"""JSON Schemas of the files, for editors that complete and underline while people type."""

from typing import Any, Final

from pydantic import BaseModel

from interface.channel.environment import Environment
from interface.channel.spec import Channel
from interface.settings import Settings

_VARIABLE: Final = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}"}
_NOT_TEXT: Final = ("integer", "number", "boolean")


def schemas() -> dict[str, dict[str, Any]]:
    """Schema by kind of file: channel (channels/), settings (config/engine.yaml), environment (config/environments/)."""
    return {
        "channel": _schema(Channel, "channel file"),
        "settings": _schema(Settings, "engine settings"),
        "environment": _schema(Environment, "environment file"),
    }


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = model.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_with_variables(schema), "title": title}


def _with_variables(schema: Any) -> Any:
    """Numbers and flags may also come from the environment: `${NAME:-default}`."""
    if isinstance(schema, list):
        return [_with_variables(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in _NOT_TEXT or "enum" in schema:
        kept = {key: schema[key] for key in ("title", "description", "default") if key in schema}
        plain = {key: value for key, value in schema.items() if key not in kept}
        return {**kept, "anyOf": [plain, _VARIABLE]}
    return {key: _with_variables(value) for key, value in schema.items()}

"""The pages and schemas that are written from the code."""

import pytest

from interface.channel.describe import pages
from interface.channel.schema import schemas
from interface.mapping.function import FUNCTIONS
from interface.mapping.posting import NAMES
from tests.mapping.sample import PROJECT


@pytest.mark.parametrize("path", sorted(pages()))
def test_a_page_is_what_the_code_says(path: str) -> None:
    written = (PROJECT / path).read_text(encoding="utf-8")
    assert written == pages()[path], "run: python -m interface.channel.describe"


def test_the_language_page_names_every_function_and_name() -> None:
    page = pages()["mappings/README.md"]
    assert not [name for name in (*FUNCTIONS, *NAMES) if f"`{name}" not in page]


def test_the_schema_of_a_channel_knows_its_options_and_closes_the_others() -> None:
    schema = schemas()["channel"]
    assert schema["additionalProperties"] is False
    assert {"source", "mapping", "timezone"} <= set(schema["required"])
    assert schema["properties"]["production"]["description"]


def test_a_schema_takes_a_variable_where_a_number_stands() -> None:
    port = schemas()["channel"]["$defs"]["MllpSource"]["properties"]["port"]
    assert [choice["type"] for choice in port["anyOf"]] == ["integer", "string"]

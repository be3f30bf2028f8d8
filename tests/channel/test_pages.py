"""The pages and schemas that are written from the code."""

import pytest

from interface.channel.describe import pages
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

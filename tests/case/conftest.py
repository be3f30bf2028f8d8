"""One sandbox for all tests of a file: trials in it never see each other."""

from collections.abc import Iterator

import pytest

from interface.app.cases import Bench
from tests.case import sample


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with sample.bench() as there:
        yield there

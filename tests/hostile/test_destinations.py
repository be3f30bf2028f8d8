"""Whatever a destination does, each payment stands where a person can see it, none is sent twice, and the others go on."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.engine.processes import wait_until
from tests.hostile.destinations import ROWS, Hospital, Row, hospital
from tests.hostile.patient import FAMILY, MRN, SSN

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with hospital(tmp_path_factory.mktemp("destinations")) as ready:
        ready.pay_all()
        yield ready
        log = ready.ward.engine.log.read_text()
        assert not [value for value in (FAMILY, MRN, SSN) if value in log]


@pytest.mark.parametrize(("number", "row"), list(enumerate(ROWS)), ids=[row.name for row in ROWS])
def test_payments_end_where_a_person_can_see_them(running: Hospital, number: int, row: Row) -> None:
    def ends_well() -> bool:
        seen = running.see(number)
        return (seen.deliveries, seen.items) == (row.deliveries, row.items) and set(row.log) <= set(seen.log)

    with suppress(AssertionError):  # what stands there instead says more
        wait_until(ends_well, row.name)
    seen = running.see(number)
    assert (seen.deliveries, seen.items) == (row.deliveries, row.items)
    assert set(row.log) <= set(seen.log)

"""Which acknowledgement a sender gets, by MSH-15 and MSH-16."""

import pytest

from interface.hl7.header import Header
from interface.pipeline.acknowledge import Verdict, is_wanted, manner


@pytest.mark.parametrize(
    ("accept", "application", "codes", "immediate", "later"),
    [
        ("", "", ("AA", "AE", "AR"), "AL", "NE"),
        ("AL", "NE", ("CA", "CE", "CR"), "AL", "NE"),
        ("AL", "AL", ("CA", "CE", "CR"), "AL", "AL"),
        ("AL", "", ("CA", "CE", "CR"), "AL", "NE"),
        ("ER", "NE", ("CA", "CE", "CR"), "ER", "NE"),
        ("NE", "NE", ("CA", "CE", "CR"), "AL", "NE"),
        ("NE", "AL", ("AA", "AE", "AR"), "AL", "NE"),
        ("", "SU", ("AA", "AE", "AR"), "SU", "NE"),
    ],
)
def test_modes(accept: str, application: str, codes: tuple[str, ...], immediate: str, later: str) -> None:
    how = manner(Header(accept_ack=accept, application_ack=application))
    assert (tuple(how.codes[verdict] for verdict in Verdict), how.immediate, how.later) == (codes, immediate, later)


@pytest.mark.parametrize(
    ("condition", "on_success", "on_error"),
    [("AL", True, True), ("NE", False, False), ("ER", False, True), ("SU", True, False), ("??", True, True)],
)
def test_conditions_of_table_0155(condition: str, *, on_success: bool, on_error: bool) -> None:
    assert is_wanted(condition, Verdict.ACCEPT) is on_success
    assert is_wanted(condition, Verdict.ERROR) is on_error

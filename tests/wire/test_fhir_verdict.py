"""What answers over HTTP mean for a payment."""

from datetime import UTC, datetime

import pytest

from interface.connector.fhir.exchange import Heard
from interface.connector.fhir.verdict import read, wait_secs
from interface.errors import BusyError, InterfaceError, UnansweredError, WireError
from interface.message import DeliveryState
from interface.row.delivery import Answer

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def verdict(status: int, body: bytes = b"", *, is_whole: bool = True, **head: str) -> Answer | InterfaceError:
    fields = {name.replace("_", "-"): value for name, value in head.items()}
    try:
        return read(Heard(status, fields, body, is_whole), "north/dft", now=NOW, most_secs=60)
    except InterfaceError as failure:
        return failure


@pytest.mark.parametrize(
    ("status", "body", "head"), [(201, b"", {"location": "Basic/1"}), (200, b'{"success":true}', {}), (201, b"{}", {})]
)
def test_a_server_that_names_or_describes_what_it_took_has_taken_it(
    status: int, body: bytes, head: dict[str, str]
) -> None:
    found = verdict(status, body, **head)
    assert isinstance(found, Answer)
    assert (found.code, found.state) == (f"http-{status}", DeliveryState.DELIVERED)
    assert head.get("location", "").encode() in found.raw


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>sign in"), (200, b""), (201, b'{"success":false}'), (202, b"{}"), (302, b""), (408, b""), (409, b"")]
    + [(status, b"") for status in (500, 502, 503, 504)],
)
def test_what_does_not_tell_is_ambiguous(status: int, body: bytes) -> None:
    found = verdict(status, body)
    assert isinstance(found, UnansweredError)
    assert found.code == "answer-unclear"


def test_half_a_description_is_none() -> None:
    assert isinstance(verdict(200, b"{}", is_whole=False), UnansweredError)


@pytest.mark.parametrize("status", [400, 404, 405, 410, 412, 413, 415, 422, 428])
def test_a_refusal_of_the_content_is_final(status: int) -> None:
    body = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value","diagnostics":"SMITH"}]}'
    found = verdict(status, body)
    assert isinstance(found, Answer)
    assert (found.code, found.state, found.text) == (f"http-{status}", DeliveryState.REJECTED, "value")


@pytest.mark.parametrize(("status", "head"), [(429, {}), (425, {}), (503, {"retry_after": "7"})])
def test_a_busy_server_has_booked_nothing(status: int, head: dict[str, str]) -> None:
    found = verdict(status, **head)
    assert isinstance(found, BusyError)
    assert found.wait_secs == (7.0 if head else 0.0)


@pytest.mark.parametrize("status", [401, 403, 407])
def test_who_may_not_has_booked_nothing_and_every_other_payment_would_fare_alike(status: int) -> None:
    found = verdict(status)
    assert isinstance(found, WireError)
    assert found.code == "not-permitted"


@pytest.mark.parametrize(
    ("asked", "secs"),
    [
        ("", 0),
        ("soon", 0),
        ("5", 5),
        ("9" * 400, 60),
        ("-5", 0),
        ("Wed, 04 Mar 2026 09:00:30 GMT", 30),
        ("Wed, 04 Mar 2026 08:00:00 GMT", 0),
        ("Thu, 05 Mar 2026 09:00:00 GMT", 60),
    ],
)
def test_the_wait_that_is_asked_for_has_a_limit(asked: str, secs: float) -> None:
    assert wait_secs(asked, NOW, 60) == secs

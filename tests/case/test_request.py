"""Requests over HTTP in cases: compared value by value, with what differs each time left open."""

from interface.case.er7 import leaves, text_of, with_wildcards
from interface.fhir.call import Call

RESOURCE = Call(
    "POST",
    "PaymentReconciliation",
    (("If-None-Exist", "identifier=a"),),
    b'{"created":"2026-03-04T09:00:00Z","paymentAmount":{"value":25.00},"detail":[{"date":"a"},{"date":"b"}],"status":"active"}',
)
FORM = Call("POST", "patients/1/recordpayment", (), b"departmentid=1&otheramount=25.00")


def test_every_value_has_its_place() -> None:
    assert leaves(text_of(RESOURCE.to_bytes())) == {
        "start": "POST PaymentReconciliation",
        "head.If-None-Exist": "identifier=a",
        "created": "2026-03-04T09:00:00Z",
        "paymentAmount.value": "25.00",
        "detail[1].date": "a",
        "detail[2].date": "b",
        "status": "active",
    }


def test_a_form_has_its_fields() -> None:
    assert leaves(text_of(FORM.to_bytes())) == {
        "start": "POST patients/1/recordpayment",
        "departmentid": "1",
        "otheramount": "25.00",
    }


def test_the_moment_of_sending_is_left_open() -> None:
    written = with_wildcards(text_of(RESOURCE.to_bytes()))
    assert leaves(written)["created"] == "*"
    assert leaves(written)["status"] == "active"


def test_a_message_is_still_a_message() -> None:
    assert leaves(text_of(b"MSH|^~\\&|A\rPID|1\r"))["PID-1"] == "1"

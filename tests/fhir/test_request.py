"""Requests that write: their stored form and back, and what is refused of them, with its place."""

import pytest

from interface.fhir.outcome import RefusedError
from interface.fhir.request import LONGEST_HEAD, Request, read, write

PATIENT = (
    b'{"resourceType":"Patient","id":"01A","multipleBirthInteger":2,"extension":[{"url":"x","valueDecimal":10.00}]}'
)
JSON = ("Content-Type", "application/fhir+json; charset=utf-8")


def put(path: str = "/Patient/01A", body: bytes = PATIENT, *headers: tuple[str, str]) -> bytes:
    return write("PUT", path, (JSON, *headers), body)


def test_a_request_comes_back_as_it_was_stored() -> None:
    found = read(put("/Patient/01A", PATIENT, ("If-Match", 'W/"3"'), ("X-Request-Id", "r-1")))
    assert (found.method, found.type, found.id, found.version) == ("PUT", "Patient", "01A", 3)
    assert found.headers["x-request-id"] == "r-1"
    assert found.resource is not None
    assert str(found.resource["extension"][0]["valueDecimal"]) == "10.00"


def test_the_body_stays_byte_for_byte() -> None:
    body = b'\n { "resourceType" : "Patient","id":"01A" } \n'
    assert put("/Patient/01A", body).endswith(b"\r\n\r\n" + body)


def test_who_asked_is_not_stored() -> None:
    raw = put("/Patient/01A", PATIENT, ("Authorization", "Bearer hp24t_SECRET"), ("Cookie", "a=b"))
    assert b"SECRET" not in raw
    assert b"cookie" not in raw.lower()


def test_a_conditional_request_keeps_its_query() -> None:
    body = b'{"resourceType":"Patient"}'
    found = read(put("/Patient?identifier=urn:id:NORTH%7C71", body))
    assert found.query == (("identifier", "urn:id:NORTH|71"),)
    assert found.interaction == "update"


def test_a_create_may_be_told_to_look_first() -> None:
    raw = write(
        "POST", "/Patient", [JSON, ("If-None-Exist", "identifier=urn:id:NORTH|71")], b'{"resourceType":"Patient"}'
    )
    assert read(raw).headers["if-none-exist"] == "identifier=urn:id:NORTH|71"


def test_a_resource_by_itself_is_one_to_be_created() -> None:
    assert read(PATIENT) == Request("POST", "Patient", resource=read(put()).resource)


def test_a_bundle_is_sent_to_the_base() -> None:
    found = read(write("POST", "/", [JSON], b'{"resourceType":"Bundle","type":"transaction"}'))
    assert (found.type, found.interaction) == ("", "create")


def test_a_bundle_by_itself_is_sent_there_too() -> None:
    assert read(b'{"resourceType":"Bundle","type":"transaction"}').kind == "Bundle transaction"


def test_a_delete_has_no_resource() -> None:
    assert read(write("DELETE", "/Patient/01A", [], b"")).resource is None


@pytest.mark.parametrize(
    ("raw", "status", "place"),
    [
        (b"", 400, ""),
        (b"PUT /Patient/1 HTTP/1.1\r\ncontent-type: application/fhir+json", 400, ""),
        (b"PUT Patient/1 HTTP/1.1\r\n\r\n{}", 400, ""),
        (b"PATCH /Patient/1 HTTP/1.1\r\n\r\n{}", 405, ""),
        (b"POST /Patient/1 HTTP/1.1\r\n\r\n{}", 405, "http.path"),
        (b"PUT /patient/1 HTTP/1.1\r\n\r\n{}", 400, "http.path"),
        (b"PUT /Patient/1/_history/2 HTTP/1.1\r\n\r\n{}", 400, "http.path"),
        (b'PUT /Patient HTTP/1.1\r\n\r\n{"resourceType":"Patient"}', 400, "http.path"),
        (b"PUT /Patient/1 HTTP/1.1\r\ncontent-type: application/xml\r\n\r\n<a/>", 415, "http.Content-Type"),
        (b"PUT /Patient/1 HTTP/1.1\r\nif-match: 3\r\n\r\n{}", 400, "http.If-Match"),
        (b"PUT /Patient/1 HTTP/1.1\r\ncookie: 3\r\n\r\n{}", 400, ""),
        (b"PUT /Patient/1 HTTP/1.1\r\n\r\n[]", 400, ""),
        (b'PUT /Patient/1 HTTP/1.1\r\n\r\n{"resourceType":"Account","id":"1"}', 400, "resourceType"),
        (b'PUT /Patient/1 HTTP/1.1\r\n\r\n{"resourceType":"Patient","id":"2"}', 400, "Patient.id"),
        (b'PUT /Patient/1 HTTP/1.1\r\n\r\n{"resourceType":"Patient"}', 400, "Patient.id"),
        (b"DELETE /Patient/1 HTTP/1.1\r\n\r\n{}", 400, ""),
        (b'{"id":"1"}', 400, "resourceType"),
        (b'{"resourceType":7}', 400, "resourceType"),
        (b"PUT /Patient/1?" + b"a=b&" * 101 + b" HTTP/1.1\r\n\r\n{}", 400, "http.query"),
        (b"PUT /" + b"a" * LONGEST_HEAD + b" HTTP/1.1\r\n\r\n{}", 400, ""),
    ],
)
def test_what_breaks_the_rules_is_refused_with_its_place(raw: bytes, status: int, place: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read(raw)
    assert (refused.value.status, refused.value.place) == (status, place)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"resourceType":"Patient","name":{"family":"A"}}', "Patient.name"),
        (b'{"resourceType":"Patient","name":["A"]}', "Patient.name[0]"),
        (b'{"resourceType":"Patient","name":[{"family":7}]}', "Patient.name[0].family"),
        (b'{"resourceType":"Patient","active":"true"}', "Patient.active"),
        (b'{"resourceType":"Patient","birthDate":["1980"]}', "Patient.birthDate"),
        (b'{"resourceType":"Patient","multipleBirthInteger":true}', "Patient.multipleBirth"),
        (
            b'{"resourceType":"Account","contained":[{"resourceType":"Coverage","order":[1]}]}',
            "Account.contained[0].order",
        ),
    ],
)
def test_a_resource_of_another_shape_is_refused_with_its_path(body: bytes, place: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read(body)
    assert refused.value.place == place


def test_what_the_standard_does_not_know_is_let_pass_by() -> None:
    assert read(b'{"resourceType":"Patient","nickname":{"a":[1]}}').type == "Patient"


def test_a_missing_item_of_a_list_of_plain_values_is_no_fault() -> None:
    assert read(b'{"resourceType":"Patient","name":[{"given":["A",null]}]}').type == "Patient"


@pytest.mark.parametrize("target", ["/Patient?a=b c", "/Patient?a=\r\nx: y", "/Patient\x00"])
def test_an_address_cannot_smuggle_a_header(target: str) -> None:
    with pytest.raises(RefusedError):
        write("POST", target, [], b"{}")


def test_a_header_cannot_smuggle_another() -> None:
    with pytest.raises(RefusedError):
        write("POST", "/Patient", [("Prefer", "a\r\nx-request-id: b")], b"{}")


def test_a_long_head_is_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        write("POST", "/Patient?" + "a" * LONGEST_HEAD, [], b"{}")
    assert refused.value.status == 431

"""How much is shown: counts, totals, elements; and which version: the current one alone."""

from decimal import Decimal

import pytest

from interface.app.compose import App
from tests.web.fhir.conftest import Program, feed, message, pay, settle
from tests.web.fhir.test_reading import is_valid


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is counted is found by the same conditions as pages, which are tried on both databases."""
    return sqlite_url


@pytest.fixture
def three(app: App, program: Program) -> Program:
    """Three people with an account and a visit each."""
    feed(app, *(message(at, mrn=f"77{at}", account=f"99{at}", visit=f"55{at}", balance="10.00") for at in (1, 2, 3)))
    return program


@pytest.mark.parametrize("asked", ["_summary=count", "_count=0"])
@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("Patient?name=specimen", 3),
        ("Account?identifier=991,992", 2),
        ("Account?status=active", 3),
        ("Encounter?identifier=none", 0),
        ("Organization?name=specimen", 0),
        ("PaymentNotice?", 0),
        ("ChargeItem?", 0),
    ],
)
def test_a_count_is_the_number_alone(three: Program, query: str, number: int, asked: str) -> None:
    bundle = three.get(f"{query}&{asked}")
    assert (bundle["total"], "entry" in bundle) == (number, False)


def test_a_total_is_told_where_it_is_asked_for_or_known(three: Program) -> None:
    assert "total" not in three.get("Patient?_count=2")
    assert three.get("Patient?_count=2&_total=accurate")["total"] == 3
    assert three.get("Patient?_count=3")["total"] == 3


def test_elements_are_shown_beside_what_must_be(three: Program) -> None:
    (found,) = three.found("Account?identifier=991&_elements=identifier,subject")
    assert set(found) == {"resourceType", "id", "meta", "identifier", "subject", "status"}
    assert found["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert three.get(f"Account/{found['id']}?_elements=identifier,subject") == found
    assert is_valid(found)


@pytest.mark.parametrize(("query", "place"), [("_total=much", "http._total"), ("_elements=", "http._elements")])
def test_what_is_no_extent_is_refused(three: Program, query: str, place: str) -> None:
    answer = three.ask(f"Patient?{query}")
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (400, [place])


@pytest.mark.parametrize("query", ["_sort=_lastUpdated", "_summary=true", "_revinclude=Account:patient"])
def test_what_cannot_be_done_is_told_or_refused(three: Program, query: str) -> None:
    bundle = three.get(f"Patient?{query}")
    assert [one["search"]["mode"] for one in bundle["entry"]] == ["match"] * 3 + ["outcome"]
    assert three.ask(f"Patient?{query}", headers={"prefer": "handling=strict"}).status_code == 400


def test_the_current_version_is_read_and_no_other_one(app: App, three: Program) -> None:
    (account,) = three.found("Account?identifier=991")
    version, place = account["meta"]["versionId"], f"Account/{account['id']}/_history"
    assert three.get(f"{place}/{version}") == account
    feed(app, message(9, mrn="771", account="991", visit="551", balance="5.00"))
    former = three.ask(f"{place}/{version}")
    assert (former.status_code, former.json()["issue"][0]["code"]) == (404, "not-supported")
    current = three.get(f"Account/{account['id']}")["meta"]["versionId"]
    assert three.get(f"{place}/{current}")["meta"]["versionId"] == current


@pytest.mark.parametrize("path", ["_history", "Account/_history", "Account/1/_history"])
def test_no_history_is_given(three: Program, path: str) -> None:
    answer = three.ask(path)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (405, "not-supported")


def test_what_has_not_changed_is_not_sent_again_to_a_client_that_names_its_version_in_any_way(three: Program) -> None:
    (account,) = three.found("Account?identifier=991")
    version = account["meta"]["versionId"]
    for known in (f'W/"{version}"', version, f'W/"0", W/"{version}"'):
        assert three.ask(f"Account/{account['id']}", headers={"if-none-match": known}).status_code == 304
    assert three.ask(f"Account/{account['id']}", headers={"if-none-match": 'W/"0"'}).status_code == 200


def test_when_it_changed_stands_in_the_head_too(three: Program) -> None:
    (account,) = three.found("Account?identifier=991")
    head = three.ask(f"Account/{account['id']}", "HEAD")
    assert head.status_code == 200
    assert head.headers["last-modified"].endswith("GMT")
    assert head.headers["etag"] == f'W/"{account["meta"]["versionId"]}"'


def test_a_payment_is_paid_until_it_settles(app: App, three: Program) -> None:
    (account,) = three.found("Account?identifier=991")
    number = pay(app, f"ac_{account['id']}", 250)
    (found,) = three.found("PaymentNotice")
    assert three.found(f"PaymentNotice?identifier=urn:id:healthpay24|{number}") == [found]
    assert three.get(f"PaymentNotice/{found['id']}") == found
    assert found["paymentStatus"]["coding"][0]["code"] == "paid"
    assert found["amount"] == {"value": Decimal("2.50"), "currency": "USD"}
    assert three.get(found["payment"]["reference"])["paymentAmount"] == found["amount"]
    assert is_valid(found)


def test_a_settled_payment_is_cleared(app: App, three: Program) -> None:
    (account,) = three.found("Account?identifier=991")
    settle(app, pay(app, f"ac_{account['id']}", 250))
    (found,) = three.found("PaymentNotice")
    assert found["paymentStatus"]["coding"][0]["code"] == "cleared"
    assert is_valid(found)


def test_the_echo_of_a_payment_completes_it_and_clears_nothing(app: App, three: Program) -> None:
    (account,) = three.found("Account?identifier=991")
    pay(app, f"ac_{account['id']}", 250)
    (payment,) = three.found("PaymentReconciliation")
    wire_id = payment["detail"][0]["identifier"]["value"]
    feed(app, echo(wire_id, "2.50"))
    (found,) = three.found("PaymentNotice")
    assert found["paymentStatus"]["coding"][0]["code"] == "paid"
    assert three.get(found["payment"]["reference"])["outcome"] == "complete"


def echo(wire_id: str, amount: str) -> bytes:
    """The EHR's own transaction of a payment on account 991."""
    at = "20250410120000-0500"
    lines = (
        f"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|{at}||DFT^P03|E1|P|2.5.1",
        f"EVN|P03|{at}",
        "PID|1||771^^^NORTH^MR||SPECIMEN^ANA||19700101|F||||||||||991^^^NORTH^AN",
        f"FT1|1|{wire_id}||{at}||PY|VISA^TEST|||1|{amount}",
    )
    return "".join(f"{line}\r" for line in lines).encode()


def test_a_retired_account_is_inactive_and_part_of_the_one_that_stands_for_it(app: App, three: Program) -> None:
    retired, standing = (three.found(f"Account?identifier={number}")[0]["id"] for number in ("992", "991"))
    feed(app, message(20, event="A40", mrn="771", account="991", visit="551", more=("MRG|772^^^NORTH^MR",)))
    feed(
        app,
        message(21, event="A41", mrn="771", account="991", visit="551", more=("MRG|772^^^NORTH^MR||992^^^NORTH^AN",)),
    )
    found = three.get(f"Account/{retired}")
    assert (found["status"], found["partOf"]) == ("inactive", {"reference": f"Account/{standing}"})
    assert "extension" not in found
    assert is_valid(found)


def test_a_retired_visit_is_entered_in_error_and_part_of_the_one_that_stands_for_it(app: App, three: Program) -> None:
    retired, standing = (three.found(f"Encounter?identifier={number}")[0]["id"] for number in ("552", "551"))
    feed(app, message(20, event="A40", mrn="771", account="991", visit="551", more=("MRG|772^^^NORTH^MR",)))
    feed(
        app,
        message(21, event="A42", mrn="771", account="991", visit="551", more=("MRG|772^^^NORTH^MR||||552^^^NORTH^VN",)),
    )
    found = three.get(f"Encounter/{retired}")
    assert (found["status"], found["partOf"]) == ("entered-in-error", {"reference": f"Encounter/{standing}"})
    assert is_valid(found)

"""What HL7 brought is read over FHIR a moment later, whole, valid and with its scale."""

from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from interface.app.compose import App
from interface.fhir.text import write
from interface.simulate.traffic import morning
from tests.web.fhir.conftest import Program, amount, feed, message, pay

GUARANTOR = "GT1|1|G771^^^NORTH^GN|PAYER^PAT||9 OTHER ST^^EXAMPLE^IL^60601|||19600202|F||MTH"
COMPANY = "GT1|1|G881^^^NORTH^GN|||||||||||||||||||ACME STEEL"
INSURANCE = "IN1|1|PLAN7|PAY3|MUTUAL OF TESTING||||GRP5||||20250101|20251231||PPO|||||||||||||||||||||POL-1234"


def is_valid(resource: dict[str, Any]) -> bool:
    get_fhir_model_class(resource["resourceType"]).model_validate_json(write(resource))
    return True


def test_a_patient_is_read_as_the_ehr_told_of_her(app: App, program: Program) -> None:
    feed(app, message(1))
    (found,) = program.found("Patient")
    assert program.get(f"Patient/{found['id']}") == found
    assert found["name"] == [{"use": "official", "family": "SPECIMEN", "given": ["ANA"]}]
    assert (found["active"], found["gender"], found["birthDate"]) == (True, "female", "1970-01-01")
    assert found["address"][0]["line"] == ["1 TEST ST"]
    (number,) = found["identifier"]
    assert (number["system"], number["value"], number["type"]["coding"][0]["code"]) == ("urn:id:north", "771", "MR")
    assert is_valid(found)


def test_an_account_has_its_balance_with_two_decimals(app: App, program: Program) -> None:
    feed(app, message(1, balance="80.00"))
    (found,) = program.found("Account")
    assert str(amount(found)) == "80.00"
    assert b'"value":80.00' in program.ask(f"Account/{found['id']}").content
    pay(app, f"ac_{found['id']}", 2550)
    assert str(amount(program.get(f"Account/{found['id']}"))) == "54.50"
    assert is_valid(found)


def test_a_changed_account_has_another_version(app: App, program: Program) -> None:
    feed(app, message(1, balance="80.00"))
    (before,) = program.found("Account")
    first = program.ask(f"Account/{before['id']}")
    feed(app, message(2))
    assert program.ask(f"Account/{before['id']}", headers={"if-none-match": first.headers["etag"]}).status_code == 304
    feed(app, message(3, balance="60.00"))
    second = program.ask(f"Account/{before['id']}", headers={"if-none-match": first.headers["etag"]})
    assert second.status_code == 200
    assert second.headers["etag"] != first.headers["etag"]
    assert int(second.json()["meta"]["versionId"]) > int(before["meta"]["versionId"])


def test_an_account_whose_balance_alone_changed_is_found_by_when(app: App, program: Program) -> None:
    feed(app, message(1, balance="80.00"), message(2, mrn="772", account="992", visit="552", balance="10.00"))
    before = max(one["meta"]["lastUpdated"] for one in program.found("Account"))
    feed(app, message(3, balance="60.00"))
    (found,) = program.found(f"Account?_lastUpdated=gt{before}")
    assert (found["identifier"][0]["value"], str(amount(found))) == ("991", "60.00")
    (other,) = program.found(f"Account?_lastUpdated=le{before}")
    assert other["identifier"][0]["value"] == "992"


def test_a_guarantor_is_related_to_each_of_her_patients(app: App, program: Program) -> None:
    feed(app, message(1, more=(GUARANTOR,)), message(2, mrn="772", account="992", visit="552", more=(GUARANTOR,)))
    accounts = program.found("Account")
    parties = [one["guarantor"][0]["party"]["reference"] for one in accounts]
    assert len(set(parties)) == 2
    for party, account in zip(parties, accounts, strict=True):
        found = program.get(party)
        assert found["patient"] == account["subject"][0]
        assert found["relationship"][0]["coding"][0]["code"] == "MTH"
        assert is_valid(found)
        (same,) = program.found(f"RelatedPerson?patient={account['subject'][0]['reference']}")
        assert same == found


def test_a_company_that_answers_for_an_account_is_an_organization(app: App, program: Program) -> None:
    feed(app, message(1, more=(COMPANY,)))
    (account,) = program.found("Account")
    found = program.get(account["guarantor"][0]["party"]["reference"])
    assert (found["resourceType"], found["name"]) == ("Organization", "ACME STEEL")
    assert program.found("Organization?name=steel") == [found]
    assert is_valid(found)


def test_insurance_is_read_as_coverage(app: App, program: Program) -> None:
    feed(app, message(1, more=(INSURANCE,)))
    (account,) = program.found("Account")
    found = program.get(account["coverage"][0]["coverage"]["reference"])
    assert found["beneficiary"] == account["subject"][0]
    assert found["payor"][0]["display"] == "MUTUAL OF TESTING"
    assert found["subscriberId"] == "POL-1234"
    assert program.found(f"Coverage?beneficiary={account['subject'][0]['reference']}") == [found]
    assert is_valid(found)


def test_a_visit_names_its_patient_and_account(app: App, program: Program) -> None:
    feed(app, message(1, event="A04"))
    (found,) = program.found("Encounter")
    (account,) = program.found("Account")
    assert found["subject"] == account["subject"][0]
    assert found["account"] == [{"reference": f"Account/{account['id']}"}]
    assert (found["status"], found["class"]["code"]) == ("in-progress", "AMB")
    assert is_valid(found)


def test_a_merged_patient_is_inactive_and_names_the_one_that_stands_for_him(app: App, program: Program) -> None:
    feed(app, message(1), message(2, mrn="772", name="SPECIMEN^BEN", account="992", visit="552"))
    retired, standing = (program.found(f"Patient?identifier=urn:id:NORTH|{mrn}")[0]["id"] for mrn in ("772", "771"))
    feed(app, message(3, event="A40", more=("MRG|772^^^NORTH^MR",)))
    found = program.get(f"Patient/{retired}")
    assert not found["active"]
    assert found["link"] == [{"other": {"reference": f"Patient/{standing}"}, "type": "replaced-by"}]
    assert {one["subject"][0]["reference"] for one in program.found("Account")} == {f"Patient/{standing}"}
    assert is_valid(found)


def test_a_payment_is_a_reconciliation_whose_shares_add_up(app: App, program: Program) -> None:
    feed(app, message(1, balance="80.00"))
    (account,) = program.found("Account")
    number = pay(app, f"ac_{account['id']}", 2500)
    (found,) = program.found("PaymentReconciliation")
    assert program.found(f"PaymentReconciliation?identifier=urn:id:healthpay24|{number}") == [found]
    assert found["detail"][0]["request"] == {"reference": f"Account/{account['id']}"}
    assert (found["status"], found["outcome"]) == ("active", "queued")
    assert sum(Decimal(one["amount"]["value"]) for one in found["detail"]) == found["paymentAmount"]["value"]
    assert "T" not in found["paymentDate"]
    assert is_valid(found)


def test_a_whole_morning_is_valid_r4(app: App, program: Program) -> None:
    feed(app, *(sent.content for sent in morning(5, 12)))
    for type_ in ("Patient", "Account", "Encounter", "Organization"):
        found = [one for page in program.pages(f"{type_}?_count=5") for one in page]
        assert all(is_valid(one) for one in found)
        assert len({one["id"] for one in found}) == len(found)
        assert found or type_ == "Organization"
    patients = {one["id"] for one in program.found("Patient?_count=200")}
    for patient in sorted(patients)[:3]:
        assert all(is_valid(one) for one in program.found(f"RelatedPerson?patient={patient}"))
        assert all(is_valid(one) for one in program.found(f"Coverage?patient={patient}"))


@pytest.mark.parametrize("type_", ["Patient", "RelatedPerson", "Account", "Coverage", "PaymentReconciliation"])
def test_what_is_not_there_is_404(program: Program, type_: str) -> None:
    answer = program.ask(f"{type_}/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (404, "not-found")


def test_a_patient_is_found_by_the_name_she_has_now_and_by_no_former_one(app: App, program: Program) -> None:
    feed(app, message(1, name="SPECIMEN^ANA"))
    for number, name in enumerate(("OTHER^ANA", "SPECIMEN^ANA", "THIRD^ANA"), start=2):
        feed(app, message(number, name=name))
        family = name.partition("^")[0]
        known = {word: len(program.found(f"Patient?name={word}")) for word in ("SPECIMEN", "OTHER", "THIRD")}
        assert known == {word: int(word == family) for word in known}


def test_who_stands_for_another_is_found_by_the_name_that_is_left(app: App, program: Program) -> None:
    feed(app, message(1), message(2, mrn="772", name="LATER^BEN", account="992", visit="552"))
    feed(app, message(3, event="A40", name="", more=("MRG|772^^^NORTH^MR",)))
    (standing,) = program.found("Patient?identifier=771")
    family = standing["name"][0]["family"].lower()
    assert standing["id"] in {one["id"] for one in program.found(f"Patient?name={family}")}


def test_pages_by_time_of_change_hold_everything_once_the_latest_last(app: App, program: Program) -> None:
    feed(app, *(message(at, mrn=f"77{at}", account=f"99{at}", visit=f"55{at}", balance="1.00") for at in range(1, 6)))
    feed(app, message(8, mrn="772", account="992", visit="552", balance="2.00"))
    feed(app, message(9, mrn="771", account="991", visit="551", name="LATER^ANA", balance="3.00"))
    pages = program.pages("Account?_lastUpdated=ge2020-01-01&_count=2")
    found = [one for page in pages for one in page]
    assert [one["identifier"][0]["value"] for one in found] == ["993", "994", "995", "992", "991"]
    times = [one["meta"]["lastUpdated"] for one in found]
    assert times == sorted(times)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [len(page) for page in program.pages(f"Account?_lastUpdated=le{times[2]}&_count=2")] == [2, 1]


def test_a_time_narrows_what_else_is_asked_for(app: App, program: Program) -> None:
    feed(app, message(1, balance="1.00"), message(2, mrn="772", account="992", visit="552", balance="1.00"))
    before = max(one["meta"]["lastUpdated"] for one in program.found("Account"))
    feed(app, message(3, balance="2.00"))
    (patient,) = program.found("Patient?identifier=771")
    for query, number in (("identifier=991", 1), ("identifier=992", 0), (f"patient={patient['id']}", 1)):
        assert len(program.found(f"Account?{query}&_lastUpdated=gt{before}")) == number
        assert len(program.found(f"Account?{query}&_lastUpdated=le{before}")) == int("991" not in query and number == 0)
        assert program.get(f"Account?{query}&_lastUpdated=gt{before}&_summary=count")["total"] == number


@pytest.mark.parametrize("query", ["Account?", "Account?_lastUpdated=ge2020-01-01&", "ChargeItem?", "PaymentNotice?"])
def test_a_page_behind_everything_is_empty(program: Program, query: str) -> None:
    assert program.found(f"{query}_cursor={'9' * 32}") == []
    assert program.ask(f"{query}_cursor={'9' * 33}").status_code == 400

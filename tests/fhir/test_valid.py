"""Rules of R4 and of money that a body is held against: what passes, what is a warning, what is an error, and where."""

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from interface.fhir.finding import MOST_ERRORS, MOST_WARNINGS
from interface.fhir.outcome import IssueCode, Severity
from interface.fhir.text import DEEPEST, Resource
from interface.fhir.valid import issues_of
from tests.fhir.bodies import BODIES, PATIENT, changed, errors, money, said

ERROR, WARNING = Severity.ERROR, Severity.WARNING
BASIC = {"resourceType": "Basic", "code": {"text": "x"}}


def entry(*entries: Resource) -> Resource:
    """A collection of these entries."""
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries)}


@pytest.mark.parametrize(
    ("body", "place", "rule", "severity"),
    [
        (changed("Patient", contact=[{"gender": "male"}]), "Patient.contact[0]", "pat-1:", ERROR),
        ({"resourceType": "Organization", "active": True}, "Organization", "org-1:", ERROR),
        (
            changed("Organization", address=[{"use": "home", "city": "x"}]),
            "Organization.address[0].use",
            "org-2:",
            ERROR,
        ),
        (
            changed("Organization", telecom=[{"use": "home", "system": "fax", "value": "1"}]),
            "Organization.telecom[0].use",
            "org-3:",
            ERROR,
        ),
        (changed("Patient", telecom=[{"value": "1"}]), "Patient.telecom[0].system", "cpt-2:", WARNING),
        (changed("Patient", photo=[{"data": "QUJD"}]), "Patient.photo[0].contentType", "att-1:", ERROR),
        (
            changed("Patient", photo=[{"contentType": "image/png", "data": "QUJ"}]),
            "Patient.photo[0].data",
            "binary",
            ERROR,
        ),
        (changed("ChargeItem", quantity={"value": 1, "code": "d"}), "ChargeItem.quantity.system", "qty-3:", ERROR),
        (changed("Patient", extension=[{"url": "a:b"}]), "Patient.extension[0]", "ext-1:", ERROR),
        (
            changed(
                "Patient", extension=[{"url": "a:b", "valueString": "x", "extension": [{"url": "c", "valueCode": "x"}]}]
            ),
            "Patient.extension[0]",
            "ext-1:",
            ERROR,
        ),
        (
            changed("Patient", extension=[{"url": "a:b", "valueRatio": {"numerator": {"value": 1}}}]),
            "Patient.extension[0].value",
            "rat-1:",
            ERROR,
        ),
        (
            changed("Patient", modifierExtension=[{"url": "a:b", "valueBoolean": True}]),
            "Patient.modifierExtension[0]",
            "a",
            WARNING,
        ),
        (changed("Patient", deceasedDateTime="2026-03-04"), "Patient.deceased", "deceased[x]", ERROR),
        ({**BODIES["Bundle"], "total": 2}, "Bundle.total", "bdl-1:", ERROR),
        (
            {"resourceType": "Bundle", "type": "message", "entry": [{"resource": PATIENT}]},
            "Bundle.entry",
            "bdl-12:",
            ERROR,
        ),
        (
            {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": BODIES["Patient"]}]},
            "Bundle.entry[0].request",
            "entries",
            ERROR,
        ),
        (
            {
                "resourceType": "Bundle",
                "type": "history",
                "entry": [{"resource": BODIES["Patient"], "response": {"status": "200"}}],
            },
            "Bundle.entry[0].request",
            "entries",
            WARNING,
        ),
        (
            {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "PUT", "url": "Patient/1"}}]},
            "Bundle.entry[0].resource",
            "PUT",
            ERROR,
        ),
        (entry({"fullUrl": "urn:uuid:1"}), "Bundle.entry[0]", "bdl-5:", ERROR),
        (entry({"search": {"mode": "match"}, "resource": BASIC}), "Bundle.entry[0].search", "bdl-2:", ERROR),
        (entry({"resource": BASIC, "response": {"status": "200"}}), "Bundle.entry[0].response", "bdl-4:", ERROR),
        (
            entry({"resource": BASIC, "request": {"method": "GET", "url": "x"}}),
            "Bundle.entry[0].request",
            "entries",
            WARNING,
        ),
        (
            entry({"resource": BASIC, "fullUrl": "http://x/Basic/1/_history/2"}),
            "Bundle.entry[0].fullUrl",
            "bdl-8:",
            ERROR,
        ),
        (entry(*[{"resource": BASIC, "fullUrl": "urn:uuid:1"}] * 2), "Bundle.entry[1].fullUrl", "bdl-7:", ERROR),
        ({"resourceType": "MedicinalProduct", "what": 1}, "MedicinalProduct", "a", WARNING),
        ({"resourceType": "SubscriptionStatus"}, "SubscriptionStatus", "a", WARNING),
        ({"resourceType": "Citation"}, "resourceType", "resourceType", ERROR),
        ({"id": "1"}, "resourceType", "resourceType", ERROR),
        ({"resourceType": "Observation", "status": "done", "code": {"text": "x"}}, "Observation.status", "one", ERROR),
    ],
)
def test_a_rule_is_told_at_its_place(body: Resource, place: str, rule: str, severity: Severity) -> None:
    assert (place, rule, severity) in said(body)


@pytest.mark.parametrize(
    "body",
    [
        changed("Patient", birthDate="1984-05"),
        {key: value for key, value in BODIES["Account"].items() if key != "status"}
        | {
            "_status": {
                "extension": [
                    {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
                ]
            }
        },
        changed(
            "Patient",
            name=[{"given": [None, "M"], "_given": [{"extension": [{"url": "a:b", "valueCode": "x"}]}, None]}],
        ),
        changed("Account", subject=[{"identifier": {"system": "urn:oid:1.2", "value": "7"}}]),
        changed("Account", subject=[{"reference": "https://ehr.example.org/r4/Patient/7"}]),
        changed("Account", subject=[{"reference": "https://ehr.example.org/people/7"}]),
        changed("Account", subject=[{"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}]),
        changed(
            "Account",
            owner={"reference": "#o", "type": "Organization"},
            contained=[
                *BODIES["Account"]["contained"],
                {
                    "resourceType": "Organization",
                    "id": "o",
                    "name": "x",
                    "telecom": [{"system": "url", "value": "a:b"}],
                },
            ],
        ),
        changed("Encounter", length={"value": 1}),
        changed("PaymentReconciliation", detail=[{"type": {"text": "advance"}, "amount": money("100.00")}]),
        {key: value for key, value in BODIES["PaymentReconciliation"].items() if key != "detail"},
        changed("PaymentReconciliation", outcome="partial", paymentAmount=money("150.00")),
        changed("PaymentNotice", amount={"value": Decimal("100.5000"), "currency": "USD"}),
        changed("PaymentNotice", amount={"value": 100, "currency": "JPY"}),
        changed("PaymentNotice", amount={"value": Decimal("1.125"), "currency": "KWD"}),
        changed("PaymentNotice", amount={"value": Decimal("-5.125")}),
    ],
)
def test_what_r4_allows_has_no_issue(body: Resource) -> None:
    assert issues_of(body) == ()


@pytest.mark.parametrize(
    ("start", "end", "is_wrong"),
    [
        ("2026", "2026", False),
        ("2026-05", "2026", False),
        ("2026", "2026-05", False),
        ("2026-05", "2026-04", True),
        ("2026-02", "2026-02-01", False),
        ("2026-03-01", "2026-02", True),
        ("2026-03-05", "2026-03-04T23:00:00+05:00", False),  # the day by itself may be meant further east
        ("2026-03-06", "2026-03-04T23:00:00-05:00", True),
        ("2026-03-04T10:00:00+01:00", "2026-03-04T09:00:00Z", False),
        ("2026-03-04T10:00:00.5Z", "2026-03-04T10:00:00.25Z", True),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:58Z", True),
        ("0001-01-01", "0001-01-01T00:00:00Z", False),
        ("0001-01-01T00:00:00+14:00", "9999-12-31", False),
    ],
)
def test_a_period_is_backwards_where_it_is_so_for_sure(start: str, end: str, is_wrong: bool) -> None:
    issues = said(changed("RelatedPerson", period={"start": start, "end": end}))
    assert issues == ([("RelatedPerson.period", "per-1:", ERROR)] if is_wrong else [])


def test_what_is_nested_too_deep_is_told() -> None:
    inner: Any = {"url": "a:b", "valueBoolean": True}
    for _ in range(5_000):
        inner = {"url": "a:b", "extension": [inner]}
    issues = issues_of(changed("Patient", extension=[inner]))
    assert [one.code for one in issues] == [IssueCode.TOO_COSTLY]
    assert issues[0].expression.count("extension") == DEEPEST + 1


def test_errors_and_warnings_have_a_limit_each() -> None:
    names: list[Any] = [{"family": None, "use": "wrong"} for _ in range(100_000)]
    counts = [one.severity for one in issues_of(changed("Patient", name=names))]
    assert counts.count(ERROR) == MOST_ERRORS
    assert counts.count(WARNING) == MOST_WARNINGS
    assert counts[-1] is Severity.INFORMATION


def test_more_warnings_than_are_told_are_hinted_at() -> None:
    issues = issues_of(changed("Patient", name=[{"family": None, "text": "x"}] * (MOST_WARNINGS + 1)))
    assert [one.severity for one in issues] == [WARNING] * MOST_WARNINGS + [Severity.INFORMATION]


def test_warnings_hide_no_error() -> None:
    names: list[Any] = [{"family": None, "text": "x"} for _ in range(1_000)]
    assert errors(changed("Patient", name=[*names, {"use": "wrong"}])) == ["Patient.name[1000].use"]


def told_by(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()


def test_who_looks_at_no_body_loads_no_definitions() -> None:
    assert (
        told_by("import sys, interface.fhir.valid; print('fhir' in sys.modules, 'pydantic' in sys.modules)")
        == ["False"] * 2
    )


def test_a_server_that_is_prepared_loads_nothing_at_the_first_body() -> None:
    told = told_by(
        "import sys; from interface.fhir.valid import issues_of, prepare; from tests.fhir.bodies import BODIES\n"
        "prepare(); before = set(sys.modules)\n"
        "print(sum(len(issues_of(one)) for one in BODIES.values()), len(set(sys.modules) - before))"
    )
    assert told == ["0", "0"]

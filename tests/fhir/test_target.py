"""References in a body: to what types they are, in a Bundle and to contained resources, too."""

import pytest

from interface.fhir.outcome import Severity
from interface.fhir.text import Resource
from interface.fhir.valid import issues_of
from tests.fhir.bodies import BODIES, bundle, changed, errors, said

ERROR, WARNING = Severity.ERROR, Severity.WARNING


def test_an_entry_is_referred_to_by_its_full_url_and_type() -> None:
    first, second = "urn:uuid:00000000-0000-4000-8000-000000000000", "urn:uuid:00000000-0000-4000-8000-000000000001"
    account = changed("Account", subject=[{"reference": first}], owner={"reference": second})
    both = bundle(BODIES["Patient"], BODIES["PaymentNotice"], account)
    assert errors(both) == ["Bundle.entry[2].resource.owner.reference"]


def test_a_search_stands_for_a_reference() -> None:
    account = changed("Account", subject=[{"reference": "Patient?identifier=urn:oid:1.2|7"}])
    assert issues_of(account) == ()
    assert issues_of(bundle(account)) == ()


def test_type_and_reference_name_the_same_type() -> None:
    body = changed("Account", subject=[{"reference": "Patient/1", "type": "Device"}])
    assert errors(body) == ["Account.subject[0].type"]


@pytest.mark.parametrize(
    ("inner", "place", "rule", "severity"),
    [
        ({"contained": [{"resourceType": "Basic"}]}, "Patient.contained[0]", "dom-2:", ERROR),
        ({"id": "nobody"}, "Patient.contained[0]", "dom-3:", WARNING),
        ({"meta": {"versionId": "1"}}, "Patient.contained[0].meta", "dom-4:", WARNING),
        ({"meta": {"security": [{"code": "R"}]}}, "Patient.contained[0].meta", "dom-5:", WARNING),
    ],
)
def test_contained_resources_are_bare(inner: Resource, place: str, rule: str, severity: Severity) -> None:
    one = {"resourceType": "Organization", "id": "o", "name": "x"} | inner
    body = changed("Patient", contained=[one], managingOrganization={"reference": "#o"})
    assert (place, rule, severity) in said(body)


def test_a_contained_resource_may_refer_to_the_one_around_it() -> None:
    inner = {"resourceType": "Account", "status": "active", "subject": [{"reference": "#"}]}
    assert issues_of(changed("Patient", contained=[inner])) == ()


def test_a_contained_resource_of_another_type_is_no_target() -> None:
    inner = {"resourceType": "Practitioner", "id": "o"}
    body = changed("Patient", contained=[inner], managingOrganization={"reference": "#o"})
    assert errors(body) == ["Patient.managingOrganization.reference"]

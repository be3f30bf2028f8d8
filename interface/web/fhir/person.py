"""People and organisations as FHIR resources: Patient, RelatedPerson, Organization."""

from typing import Any

from interface.fhir.element import (
    address,
    concept,
    contact,
    human_name,
    identifiers,
    instant,
    known,
    reference,
)
from interface.fhir.text import Resource
from interface.healthpay24.record import GuarantorRecord, PatientRecord
from interface.ledger.noun import Identifier
from interface.operate.resource import Found
from interface.view.resource import ResourceRow

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_GENDERS = {
    "M": "male",
    "F": "female",
    "O": "other",
    "A": "other",
    "N": "other",
    "U": "unknown",
}  # HL7 table 0001 [v2-to-FHIR]
_RELATIONSHIPS = "http://terminology.hl7.org/CodeSystem/v2-0063"


def id_of(public_id: str) -> str:
    """The FHIR id of a row: its public id without the letters that tell what it is, which FHIR does not allow."""
    return public_id.rpartition("_")[2]


def meta(row: ResourceRow, *, is_restricted: bool = False) -> Resource:
    """How often the row has changed, when last, and that it is to be shown to few."""
    return known(
        versionId=str(row.version),
        lastUpdated=instant(row.updated_at),
        security=security(is_restricted=is_restricted),
    )


def security(*, is_restricted: bool) -> list[Resource]:
    """The label of what is to be shown to few."""
    return [{"system": CONFIDENTIALITY, "code": "R"}] if is_restricted else []


def patient(found: Found) -> Resource:
    """Patient; one that was merged is inactive, and names the one that replaced it."""
    one = found.record
    assert isinstance(one, PatientRecord), "the caller asked for patients"
    links = [known(other=reference("Patient", id_of(one.merged_into)), type="replaced-by")] if one.merged_into else []
    links += [known(other=reference("Patient", id_of(other)), type="seealso") for other in one.same_person]
    return known(
        resourceType="Patient",
        id=id_of(one.public_id),
        meta=meta(found.row, is_restricted=one.is_protected),
        identifier=[*identifiers(one.identifiers), *identifiers(_others(found), use="secondary")],
        active=one.is_active and not one.merged_into,
        name=human_name(one.family, one.given, one.middle, one.suffix),
        telecom=contact(one.phone, one.email),
        gender=_GENDERS.get(one.sex),
        birthDate=one.birth_date,
        deceasedBoolean=True if one.is_deceased else None,
        address=address(_place(one)),
        communication=[{"language": {"text": one.language}}] if one.language else [],
        link=links,
    )


def _others(found: Found) -> list[Identifier]:
    """Identifiers that are no keys."""
    listed = found.entity.value("others", "other_ids") or ()
    return [Identifier(each.get("authority") or "", each.get("type") or "", each["value"]) for each in listed]


def related_person(found: Found, patient_id: str, relationship: str) -> Resource:
    """RelatedPerson: a guarantor, as one patient has it."""
    one = found.record
    assert isinstance(one, GuarantorRecord), "the caller asked for guarantors"
    return known(
        resourceType="RelatedPerson",
        id=related_id(one.public_id, patient_id),
        meta=meta(found.row),
        identifier=identifiers(one.identifiers),
        active=not one.merged_into,
        patient=reference("Patient", patient_id),
        relationship=[concept(_RELATIONSHIPS, relationship)] if relationship else [],
        name=human_name(one.family, one.given),
        telecom=contact(one.phone, one.email),
        birthDate=one.birth_date,
        address=address(_place(one)),
    )


def related_id(guarantor: str, patient_id: str) -> str:
    """A guarantor may answer for several patients, a RelatedPerson for one: its id names both."""
    return f"{id_of(guarantor)}-{patient_id}"


def organization(found: Found) -> Resource:
    """Organization: a guarantor that is one."""
    one = found.record
    assert isinstance(one, GuarantorRecord), "the caller asked for guarantors"
    return known(
        resourceType="Organization",
        id=id_of(one.public_id),
        meta=meta(found.row),
        identifier=identifiers(one.identifiers),
        active=not one.merged_into,
        name=one.organisation,
        telecom=contact(one.phone, one.email),
        address=address(_place(one)),
    )


def _place(one: Any) -> dict[str, str]:
    return {name: getattr(one, name) for name in ("line", "line2", "city", "state", "postal_code", "country")}

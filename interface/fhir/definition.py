"""What R4 says of each type: its elements, which must be there or repeat, and what they may hold (R4 section 2.1.28).

The definitions are those of fhir.resources, whose R4B models carry R4 for the types of billing. Where the two differ R4
counts: in Extension.value[x], in the types of `UNDEFINED`, and in codes that the models leave out (`binding.py`). The library
is loaded at the first use, and only its definitions are used. Its own validation takes a text that holds JSON for an object,
"yes" for true, a number for a date and names of Python (`class_fhir`), speaks of an absent element only when all else is
right, and takes three times as long.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from interface.fhir.binding import codes_of
from interface.fhir.structure import is_primitive

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

RESOURCES: Final = frozenset(
    """
    Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic Binary
    BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem
    ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication CommunicationRequest
    CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest
    CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement
    DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest
    EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit
    FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy Immunization
    ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice Library Linkage List
    Location Measure MeasureReport Media Medication MedicationAdministration MedicationDispense MedicationKnowledge
    MedicationRequest MedicationStatement MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication
    MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured
    MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition
    MessageHeader MolecularSequence NamingSystem NutritionOrder Observation ObservationDefinition OperationDefinition
    OperationOutcome Organization OrganizationAffiliation Parameters Patient PaymentNotice PaymentReconciliation Person
    PlanDefinition Practitioner PractitionerRole Procedure Provenance Questionnaire QuestionnaireResponse RelatedPerson
    RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment
    RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen SpecimenDefinition StructureDefinition
    StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein
    SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task
    TerminologyCapabilities TestReport TestScript ValueSet VerificationResult VisionPrescription
    """.split()  # noqa: SIM905 - a line for each type would hide them
)
SUBSCRIPTIONS: Final = frozenset({"SubscriptionStatus", "SubscriptionTopic"})  # R4B's; some send them in R4 already
# R4 has them; R4B has none, or others under the same name.
UNDEFINED: Final = frozenset(
    """
    EffectEvidenceSynthesis Evidence EvidenceVariable MedicinalProduct MedicinalProductAuthorization
    MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction
    MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical
    MedicinalProductUndesirableEffect RiskEvidenceSynthesis SubstanceNucleicAcid SubstancePolymer SubstanceProtein
    SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification
    """.split()  # noqa: SIM905 - as above
)
ANY: Final = frozenset({"Resource"})  # a reference may be to whatever type
_R4B_ONLY: Final = frozenset({"valueCodeableReference", "valueRatioRange"})
_KEYS_OF: Final = "R4."  # how the library's register calls what its folder calls R4B


@dataclass(frozen=True, slots=True)
class Field:
    """One name in JSON. `name` is the element's in FHIRPath, that of a choice without its type; empty `codes`: any code."""

    name: str
    type: str
    is_list: bool = False
    codes: frozenset[str] = frozenset()
    targets: frozenset[str] = ANY
    is_primitive: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """One type. `required` and `choices` are elements' names with the names in JSON that each may have."""

    type: str
    fields: Mapping[str, Field]
    required: tuple[tuple[str, tuple[str, ...]], ...]
    choices: tuple[tuple[str, tuple[str, ...]], ...]


@cache
def definition_of(type_: str) -> Definition | None:
    """The definition of a type of R4, an element within one (`AccountCoverage`) included; None where there is none."""
    from fhir.resources.R4B import get_fhir_model_class

    if type_ in UNDEFINED or type_ in SUBSCRIPTIONS:
        return None
    try:
        model = get_fhir_model_class(type_)
    except ValueError:
        return None
    fields: dict[str, Field] = {}
    must: list[str] = []
    choices: dict[str, list[str]] = {}
    for named, info in model.model_fields.items():
        key, extra = info.alias or named, _extra(info)
        if not extra.get("element_property") or (type_ == "Extension" and key in _R4B_ONLY):
            continue
        choice = extra.get("one_of_many")
        name = choice or key
        fields[key] = _field(type_, name, key, info)
        if choice:
            choices.setdefault(name, []).append(key)
        if (
            info.is_required() or extra.get("element_required") or extra.get("one_of_many_required")
        ) and name not in must:
            must.append(name)
    if type_ == "Extension":
        fields["valueMeta"] = Field("value", "Meta")
        choices["value"].append("valueMeta")
    return Definition(type_, fields, _keys(must, choices), _keys(choices, choices))


def _keys(names: Iterable[str], choices: Mapping[str, list[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(choices.get(name, [name]))) for name in names)


def _extra(info: "FieldInfo") -> dict[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


def _field(owner: str, name: str, key: str, info: "FieldInfo") -> Field:
    from fhir_core.utils import get_fhir_type_name, is_list_type

    extra = _extra(info)
    type_ = get_fhir_type_name(info, _KEYS_OF)
    targets = frozenset(extra.get("enum_reference_types", ANY)) if type_ == "Reference" else ANY
    return Field(
        name,
        type_,
        is_list_type(info),
        codes_of(f"{owner}.{key}", extra.get("enum_values", ())) if type_ == "code" else frozenset(),
        ANY if ANY & targets else targets,
        is_primitive(type_),
    )

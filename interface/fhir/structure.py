"""Which elements the resources and data types of R4 have that a mapping may read, and of what types they are (R4 section 2.1.28).

A line is a type and its elements; `*` may repeat, `[x]` is a choice of types, `!` marks a resource. The elements that all of them
have stand in `_EVERYWHERE` and `_OF_RESOURCES`. Of Extension.value[x] the types that no bill needs are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

_TABLE: Final = """
Account! = coverage:AccountCoverage* description:string guarantor:AccountGuarantor* identifier:Identifier* name:string
  owner:Reference partOf:Reference servicePeriod:Period status:code subject:Reference* type:CodeableConcept
AccountCoverage = coverage:Reference priority:positiveInt
AccountGuarantor = onHold:boolean party:Reference period:Period
Address = city:string country:string district:string line:string* period:Period postalCode:string state:string text:string
  type:code use:code
Annotation = author[x]:Reference|string text:markdown time:dateTime
Attachment = contentType:code creation:dateTime data:base64Binary hash:base64Binary language:code size:unsignedInt
  title:string url:url
ChargeItem! = account:Reference* bodysite:CodeableConcept* code:CodeableConcept context:Reference costCenter:Reference
  definitionCanonical:canonical* definitionUri:uri* enteredDate:dateTime enterer:Reference factorOverride:decimal
  identifier:Identifier* note:Annotation* occurrence[x]:dateTime|Period|Timing overrideReason:string partOf:Reference*
  performer:ChargeItemPerformer* performingOrganization:Reference priceOverride:Money product[x]:CodeableConcept|Reference
  quantity:Quantity reason:CodeableConcept* requestingOrganization:Reference service:Reference* status:code
  subject:Reference supportingInformation:Reference*
ChargeItemPerformer = actor:Reference function:CodeableConcept
CodeableConcept = coding:Coding* text:string
Coding = code:code display:string system:uri userSelected:boolean version:string
ContactPoint = period:Period rank:positiveInt system:code use:code value:string
Coverage! = beneficiary:Reference class:CoverageClass* contract:Reference* costToBeneficiary:CoverageCostToBeneficiary*
  dependent:string identifier:Identifier* network:string order:positiveInt payor:Reference* period:Period
  policyHolder:Reference relationship:CodeableConcept status:code subrogation:boolean subscriber:Reference
  subscriberId:string type:CodeableConcept
CoverageClass = name:string type:CodeableConcept value:string
CoverageCostToBeneficiary = exception:CoverageCostToBeneficiaryException* type:CodeableConcept value[x]:Money|Quantity
CoverageCostToBeneficiaryException = period:Period type:CodeableConcept
Duration = code:code comparator:code system:uri unit:string value:decimal
Encounter! = account:Reference* appointment:Reference* basedOn:Reference* classHistory:EncounterClassHistory* class:Coding
  diagnosis:EncounterDiagnosis* episodeOfCare:Reference* hospitalization:EncounterHospitalization identifier:Identifier*
  length:Duration location:EncounterLocation* partOf:Reference participant:EncounterParticipant* period:Period
  priority:CodeableConcept reasonCode:CodeableConcept* reasonReference:Reference* serviceProvider:Reference
  serviceType:CodeableConcept status:code statusHistory:EncounterStatusHistory* subject:Reference type:CodeableConcept*
EncounterClassHistory = class:Coding period:Period
EncounterDiagnosis = condition:Reference rank:positiveInt use:CodeableConcept
EncounterHospitalization = admitSource:CodeableConcept destination:Reference dietPreference:CodeableConcept*
  dischargeDisposition:CodeableConcept origin:Reference preAdmissionIdentifier:Identifier reAdmission:CodeableConcept
  specialArrangement:CodeableConcept* specialCourtesy:CodeableConcept*
EncounterLocation = location:Reference period:Period physicalType:CodeableConcept status:code
EncounterParticipant = individual:Reference period:Period type:CodeableConcept*
EncounterStatusHistory = period:Period status:code
Extension = url:uri
  value[x]:Address|Annotation|Attachment|base64Binary|boolean|canonical|code|CodeableConcept|Coding|ContactPoint|date|dateTime|decimal|HumanName|id|Identifier|instant|integer|markdown|Money|oid|Period|positiveInt|Quantity|Range|Ratio|Reference|string|time|unsignedInt|uri|url|uuid
HumanName = family:string given:string* period:Period prefix:string* suffix:string* text:string use:code
Identifier = assigner:Reference period:Period system:uri type:CodeableConcept use:code value:string
Meta = lastUpdated:instant profile:canonical* security:Coding* source:uri tag:Coding* versionId:id
Money = currency:code value:decimal
Narrative = div:string status:code
Organization! = active:boolean address:Address* alias:string* contact:OrganizationContact* endpoint:Reference*
  identifier:Identifier* name:string partOf:Reference telecom:ContactPoint* type:CodeableConcept*
OrganizationContact = address:Address name:HumanName purpose:CodeableConcept telecom:ContactPoint*
Patient! = active:boolean address:Address* birthDate:date communication:PatientCommunication* contact:PatientContact*
  deceased[x]:boolean|dateTime gender:code generalPractitioner:Reference* identifier:Identifier* link:PatientLink*
  managingOrganization:Reference maritalStatus:CodeableConcept multipleBirth[x]:boolean|integer name:HumanName*
  photo:Attachment* telecom:ContactPoint*
PatientCommunication = language:CodeableConcept preferred:boolean
PatientContact = address:Address gender:code name:HumanName organization:Reference period:Period
  relationship:CodeableConcept* telecom:ContactPoint*
PatientLink = other:Reference type:code
PaymentNotice! = amount:Money created:dateTime identifier:Identifier* payee:Reference payment:Reference paymentDate:date
  paymentStatus:CodeableConcept provider:Reference recipient:Reference request:Reference response:Reference status:code
PaymentReconciliation! = created:dateTime detail:PaymentReconciliationDetail* disposition:string formCode:CodeableConcept
  identifier:Identifier* outcome:code paymentAmount:Money paymentDate:date paymentIdentifier:Identifier
  paymentIssuer:Reference period:Period processNote:PaymentReconciliationProcessNote* request:Reference requestor:Reference
  status:code
PaymentReconciliationDetail = amount:Money date:date identifier:Identifier payee:Reference predecessor:Identifier
  request:Reference response:Reference responsible:Reference submitter:Reference type:CodeableConcept
PaymentReconciliationProcessNote = text:string type:code
Period = end:dateTime start:dateTime
Quantity = code:code comparator:code system:uri unit:string value:decimal
Range = high:Quantity low:Quantity
Ratio = denominator:Quantity numerator:Quantity
Reference = display:string identifier:Identifier reference:string type:uri
RelatedPerson! = active:boolean address:Address* birthDate:date communication:RelatedPersonCommunication* gender:code
  identifier:Identifier* name:HumanName* patient:Reference period:Period photo:Attachment* relationship:CodeableConcept*
  telecom:ContactPoint*
RelatedPersonCommunication = language:CodeableConcept preferred:boolean
Timing = code:CodeableConcept event:dateTime* repeat:TimingRepeat
TimingRepeat = bounds[x]:Duration|Period|Range count:positiveInt countMax:positiveInt dayOfWeek:code* duration:decimal
  durationMax:decimal durationUnit:code frequency:positiveInt frequencyMax:positiveInt offset:unsignedInt period:decimal
  periodMax:decimal periodUnit:code timeOfDay:time* when:code*
"""
_EVERYWHERE: Final = "id:string extension:Extension*"
_OF_RESOURCES: Final = "meta:Meta contained:Resource* implicitRules:uri language:code text:Narrative"


@dataclass(frozen=True, slots=True)
class Element:
    """One element. `keys` are its names in JSON, each with its type: of a choice one for each type (`deceasedBoolean`)."""

    keys: Mapping[str, str]
    is_list: bool
    is_choice: bool

    @property
    def types(self) -> frozenset[str]:
        """The types that its value may have."""
        return frozenset(self.keys.values())


@cache
def elements() -> Mapping[str, Mapping[str, Element]]:
    """Type to its elements by name; those of primitive types are not listed."""
    lines = _TABLE.strip().replace("\n  ", " ").split("\n")
    found = {}
    for line in lines:
        head, _, own = line.partition(" = ")
        name = head.rstrip("!")
        shared = f"{_EVERYWHERE} {_OF_RESOURCES}" if head != name else _EVERYWHERE
        found[name] = dict(_element(one) for one in f"{shared} {own}".split())
    found["Resource"] = dict(_element(one) for one in f"id:string {_OF_RESOURCES}".split())
    return found


@cache
def resources() -> frozenset[str]:
    """The types of the resources in the table."""
    return frozenset(line.partition("!")[0] for line in _TABLE.strip().split("\n") if "! = " in line)


def _element(text: str) -> tuple[str, Element]:
    name, _, types = text.partition(":")
    if name.endswith("[x]"):
        name = name.removesuffix("[x]")
        return name, Element({name + one[0].upper() + one[1:]: one for one in types.split("|")}, False, is_choice=True)
    return name, Element({name: types.rstrip("*")}, types.endswith("*"), is_choice=False)


def is_primitive(type_: str) -> bool:
    """Whether values of this type are plain JSON texts, numbers or booleans."""
    return type_[:1].islower()

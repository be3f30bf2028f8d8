"""The words about mappings that read FHIR, for the page beside the mappings."""

from typing import Final

MAPPINGS: Final = """
## Mappings that read FHIR

`format: fhir` makes a mapping read FHIR R4 (4.0.1): its events are resources that are written, its paths FHIRPath. Sections,
targets, tables, fallbacks, conditions and `each` are the same, and so is what comes of them. `hp24 map FILE --mapping fhirr4
--explain` takes a file with one resource, or with a request as it is stored.

```yaml
mapping: site-fhir
extends: fhirr4                       # which says `format: fhir`
events:
  Patient: update-person              # of every interaction; `Patient create: ..` comes before it
  Encounter: Encounter.status | table(fhir_encounter_status)    # a rule gives the meaning; nothing: filtered
  Organization: {ignore: payers only}
identifiers:
  patient: Patient.identifier.where(type.coding.code = 'MR') ?? Account.subject ?? Encounter.subject
patient:
  family: Patient.name.where(use = 'official').family ?? Patient.name.family
  birth_date: Patient.birthDate | date
guarantors:
  each: Account.guarantor             # paths inside begin there, or at the resource: `Account.status`, `%resource.id`
  id: party
balance:
  amount: Account.extension('https://ehr.example.org/balance').value.ofType(Money) | money
```

- A path begins with the type of its resource, and says nothing of another one; so one file serves all resources. What it finds
  first counts. Elements of a choice are written without the type: `value` finds `valueMoney`, `value.ofType(Money)` nothing else.
- Inside of `where(..)` and `exists(..)` stands FHIRPath alone (`=`, `!=`, `and`, `or`; what is missing compares as unknown, and
  does not fit). Outside, conditions are the language's own. `|` hands a value to a function; FHIRPath's union is `??` here.
- An Identifier is read as CX is: its system, without `urn:oid:` or `urn:id:`, is the authority, which the table of authorities may
  rename; without one it belongs to the channel's facility. Its type is that of table 0203; where none is said, MR, AN, VN or GN by
  what is wanted. One that has ended (`period.end`) does not fit.
- A Reference is a number, too: `Patient/ID` names the row that has this id here, `Patient?identifier=SYSTEM|VALUE` and
  `identifier` the one with that number, `#id` a contained resource by its number. Every other one stops the request. Where the
  sender's ids are its own, `identifiers: references: SYSTEM` makes them numbers of that system, and the resource's own id, too.
- What the address names (`PUT Patient/ID`, `PUT Patient?identifier=..`) is whom the request is about. `POST` brings something new.
- A request says what happened when it arrives; `event_time: RULE` says otherwise, no further ahead than
  `event_time_tolerance_secs`.
- An element that is absent is not spoken of, in an update, too: the ledger keeps more than one resource says.
"""

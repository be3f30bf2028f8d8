"""What the EHR charged as FHIR resources: ChargeItem."""

from interface.currency import exponent
from interface.fhir.element import date_time, known, money, reference, references
from interface.fhir.text import Resource
from interface.ledger.journal import Book
from interface.view.charge import ChargeStory
from interface.web.fhir.person import id_of, security

_UNKNOWN = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
}


def charge(story: ChargeStory) -> Resource:
    """ChargeItem; a credit is one with a negative price, so that what is not entered in error adds up to what was charged.

    Code and subject are required in R4: where nobody told them, that is said in their place.
    """
    one = story.entry
    line = next(each for each in one.lines if each.book is Book.RECEIVABLE)
    return known(
        resourceType="ChargeItem",
        id=id_of(one.public_id),
        meta=known(security=security(is_restricted=story.is_restricted)),
        identifier=[{"value": story.number}] if story.number else [],
        status="entered-in-error" if story.is_taken_back else "billable",
        code={"coding": [{"code": one.memo_code}]} if one.memo_code else _UNKNOWN,
        subject=reference("Patient", id_of(story.patient)) or _UNKNOWN,
        occurrenceDateTime=date_time(one.at),
        priceOverride=money(line.amount_minor, line.currency, exponent(line.currency)),
        account=references("Account", id_of(story.account)),
    )

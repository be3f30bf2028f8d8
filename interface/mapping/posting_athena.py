"""A payment as athenahealth's `recordpayment`: a form, posted for one patient. It recognises no repeat and takes nothing back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

from interface.errors import MappingError
from interface.fhir.call import Call
from interface.hl7.money import Money, write_money
from interface.mapping.posting import Posting
from interface.mapping.posting_fhir import CARDS, last_of
from interface.mapping.posting_oracle import method_of, refuse_taking_back

_METHODS: Final = {**dict.fromkeys(CARDS, "CREDITCARD"), "cash": "CASH", "check": "CHECK"}


@dataclass(frozen=True, slots=True)
class AsRecordPayment:
    """What was agreed with one practice. `methods` are its words by tender, `amount_field` where the amount goes."""

    methods: Mapping[str, str] = field(default_factory=dict)
    amount_field: str = "otheramount"

    def request(self, posting: Posting, department: str) -> Call:
        """What records it; `department` is the destination's, for an account that has none of its own.

        Errors: MappingError `takes-nothing-back` for a void or refund, `method-unknown`, `department-missing`.
        """
        refuse_taking_back(posting, "athena's recordpayment")
        department = posting.department or department
        if not department:
            raise MappingError(
                "department-missing",
                "recordpayment wants a department, and neither the account nor the destination names one",
                place="departmentid",
                advice="set `department` of the destination, then `hp24 resend`",
            )
        fields = {
            "departmentid": department,
            "paymentmethod": method_of(posting, {**_METHODS, **self.methods}),
            self.amount_field: write_money(Money(posting.amount_minor, posting.currency)),
        }
        if posting.tender in CARDS and (last4 := last_of(posting)):
            fields["cardnumberlast4"] = last4
        head = (("Content-Type", "application/x-www-form-urlencoded"),)
        path = f"patients/{quote(posting.patient.value, safe='')}/recordpayment"
        return Call("POST", path, head, urlencode(fields).encode("ascii"))

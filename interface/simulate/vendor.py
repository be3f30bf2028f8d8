"""The EHRs that can be played: what is fixed about a site of each, and who words its events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from interface.simulate.athena import Athena
from interface.simulate.cerner import Cerner
from interface.simulate.epic import Epic
from interface.simulate.hospital import Billing, Event, Hospital, Site, Trigger, Vendor
from interface.simulate.sent import Sent


class Dialect(Protocol):
    """How one EHR words its hospital's events."""

    def tell(self, event: Event, at: datetime) -> Sent | None:
        """Return the message of an event that occurred at `at`, counted in the books; None for one that is not told."""
        ...


SITES: Mapping[Vendor, Site] = {
    Vendor.EPIC: Site(),
    Vendor.CERNER: Site(
        vendor=Vendor.CERNER,
        facility="LAKE",
        adt_application="HNAM_PM",
        financial_application="HNAM_CHARGE",
        zone=ZoneInfo("America/New_York"),
        accept_ack="",
        application_ack="",
        billing=Billing.VISIT,
        taking_back=("VOID", "RFND"),
    ),
    Vendor.ATHENA: Site(
        vendor=Vendor.ATHENA,
        facility="CANYON",
        adt_application="ATHENANET",
        financial_application="ATHENANET",
        authority_oid="77001",  # the practice's id
        zone=ZoneInfo("America/Denver"),
        accept_ack="",
        application_ack="",
        billing=Billing.PATIENT,
        tells=frozenset({Trigger.REGISTER, Trigger.UPDATE, Trigger.ADD_PERSON, Trigger.UPDATE_PERSON}),
    ),
}
"""The sites of the shipped channels."""


def dialect_of(hospital: Hospital) -> Dialect:
    """Who words the events of a hospital."""
    match hospital.site.vendor:
        case Vendor.EPIC:
            return Epic(hospital)
        case Vendor.CERNER:
            return Cerner(hospital)
        case Vendor.ATHENA:
            return Athena(hospital)

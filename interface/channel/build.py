"""One declared channel to one that runs: what reads its messages, and its outlets."""

from collections.abc import Mapping as Table
from zoneinfo import ZoneInfo

from interface.channel.feed import AnyFeed, Feed, FhirFeed, Outlet, Write
from interface.channel.incoming import Conditions, context_of, conventions_of, filters_of
from interface.channel.option import OracleTarget, PaymentShape
from interface.channel.spec import Channel
from interface.channel.spec_destination import Destination
from interface.channel.spec_fhir import FhirDestination
from interface.mapping.fhir_mapping import FhirMapping
from interface.mapping.mapping import Mapping
from interface.mapping.outgoing import Outgoing
from interface.mapping.posting import SETTLEMENT_NOTICE, Envelope
from interface.mapping.posting_athena import AsRecordPayment
from interface.mapping.posting_fhir import AsPaymentReconciliation
from interface.mapping.posting_notice import AsPaymentNotice
from interface.mapping.posting_oracle import AsOracleBasic


def feed_of(
    spec: Channel,
    conditions: Conditions,
    mappings: Table[str, Mapping],
    outgoing: Table[str, Outgoing],
    fhir: Table[str, FhirMapping],
) -> AnyFeed | None:
    """The channel, compiled; None where a mapping of it is missing, which is somebody else's finding."""
    mapped = [one.mapping for one in spec.destinations.values() if one.fhir is None]
    if any(name not in outgoing for name in mapped):
        return None
    outlets = {name: _outlet(spec, one, outgoing) for name, one in spec.destinations.items()}
    if spec.source.fhir is not None:
        if (of_fhir := fhir.get(spec.mapping)) is None:
            return None
        return FhirFeed(spec, context_of(spec), of_fhir, filters_of(spec, conditions), outlets)
    if (mapping := mappings.get(spec.mapping)) is None:
        return None
    return Feed(spec, context_of(spec), mapping, filters_of(spec, conditions), outlets)


def _outlet(spec: Channel, destination: Destination, outgoing: Table[str, Outgoing]) -> Outlet:
    envelope = Envelope(
        sending_application=destination.sending_application,
        sending_facility=destination.sending_facility,
        receiving_application=destination.receiving_application,
        receiving_facility=destination.receiving_facility or spec.facility,
        department=destination.department,
        timezone=ZoneInfo(spec.timezone),
        processing_id="P" if spec.production else "T",
        charset=destination.charset,
    )
    fhir = destination.fhir
    write = _as_message(outgoing[destination.mapping]) if fhir is None else _as_request(fhir)
    return Outlet(destination, write, conventions_of(spec), envelope)


def _as_message(mapping: Outgoing) -> Write:
    return lambda posting, agreed, envelope, control_id, now: mapping.render_posting(
        posting, agreed, envelope, control_id=control_id, now=now
    )


def _as_request(fhir: FhirDestination) -> Write:
    methods = fhir.methods_by_tender
    match fhir.shape:
        case PaymentShape.PAYMENT_RECONCILIATION:
            paid, notice = (
                AsPaymentReconciliation(fhir.identifier_system, methods),
                AsPaymentNotice(fhir.identifier_system),
            )
            return lambda posting, agreed, envelope, _control_id, now: (
                (notice if posting.kind == SETTLEMENT_NOTICE else paid)
                .request(posting, agreed, envelope.timezone, now)
                .to_bytes()
            )
        case PaymentShape.ORACLE_BASIC:
            of = fhir.oracle
            is_on_account = of.target is OracleTarget.ACCOUNT
            basic = AsOracleBasic(methods, of.location, of.card_date, of.visit_is_encounter_id, is_on_account)
            return lambda posting, agreed, envelope, _control_id, _now: basic.request(
                posting, agreed, envelope.timezone
            ).to_bytes()
        case PaymentShape.ATHENA_RECORDPAYMENT:
            form = AsRecordPayment(methods, fhir.athena.amount_field)
            return lambda posting, _agreed, envelope, _control_id, _now: form.request(
                posting, envelope.department
            ).to_bytes()

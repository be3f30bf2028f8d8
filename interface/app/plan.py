"""A configuration version made into the pipeline's plan: how each channel reads and answers, how each destination is served.

Imports no wire: what only runs messages again (`verify`, a preview) starts without one.
"""

from collections.abc import Callable

from interface.app.due import policies
from interface.card.screen import CardScreen
from interface.channel.feed import AnyFeed, Feed, FhirFeed, Outlet
from interface.channel.loader import Configuration
from interface.channel.option import AckMode, AckWhen, BatchAcks, BatchTrailers, ControlId, Posted, Receives
from interface.channel.spec import REPLY, Channel
from interface.errors import InterfaceError
from interface.healthpay24 import payload
from interface.hl7.ack import AckCode, build_ack, read_ack
from interface.hl7.agreement import Agreement
from interface.hl7.batch import is_batch
from interface.hl7.header import read_header
from interface.hl7.problem import Problem
from interface.ledger.reading import Filtered, Reading
from interface.pipeline.acknowledge import manner
from interface.pipeline.expected import Expected
from interface.pipeline.http import status_of
from interface.pipeline.plan import ApplicationAck, ChannelPlan, DestinationPlan, Plan, Reply, Together, Understood
from interface.pipeline.receive import Listening
from interface.pipeline.retry import RetryPolicy
from interface.pipeline.unpack import look_into

OPERATOR = "operator/"  # the source of messages that people amended, before the name of their channel


def plan_of(config_id: int, configuration: Configuration) -> Plan:
    """Build the plan from the files' content; opens nothing."""
    channels: dict[str, ChannelPlan] = {payload.SOURCE: ChannelPlan(payload.SOURCE, _read_payment, is_amendable=False)}
    destinations: dict[str, DestinationPlan] = {}
    for name, feed in configuration.feeds.items():
        plan = _requests(feed) if isinstance(feed, FhirFeed) else _channel(feed)
        channels[name] = channels[f"{OPERATOR}{name}"] = plan
        for outlet_name, outlet in feed.outlets.items():
            key = f"{name}/{outlet_name}"
            destinations[key] = _destination(key, feed.spec, outlet)
        if feed.spec.reply is not None:
            destinations[plan.reply_destination] = _replies(plan.reply_destination, feed.spec)
    return Plan(config_id, channels, destinations, policies(configuration))


def _channel(feed: Feed) -> ChannelPlan:
    return ChannelPlan(
        feed.spec.channel,
        _reader(feed),
        reply=_reply,
        reply_destination=f"{feed.spec.channel}/{REPLY}" if feed.spec.reply is not None else "",
        identify=_identifier(feed),
        missing_account_hold_secs=int(feed.spec.missing_account.hold_hours * 3600),
        listening=listening_of(feed),
    )


def _requests(feed: FhirFeed) -> ChannelPlan:
    """Of a channel over FHIR: no acknowledgement of its own is asked for, and nothing of HL7 is judged at its door."""

    def read(raw: bytes, arrived_at: int) -> Understood:
        said = feed.read_all(raw, arrived_at)
        if len(said) == 1 or not any(isinstance(one, Reading) for _, one in said):
            return Understood(said[0][1] if said else Filtered("the request has no entry that writes"))
        return Understood(Together(said))

    return ChannelPlan(
        feed.spec.channel,
        read,
        identify=_identifier(feed),
        missing_account_hold_secs=int(feed.spec.missing_account.hold_hours * 3600),
        answer=status_of,
    )


def listening_of(feed: Feed) -> Listening:
    """What is done with a channel's frames before they are stored."""
    spec = feed.spec
    return Listening(
        spec.channel,
        production=spec.production,
        waits_for_outcome=spec.ack.mode is AckMode.PROCESSED,
        answers_always=spec.ack.when is AckWhen.ALWAYS,
        needs_control_id=spec.control_id is ControlId.REQUIRED,
        expected=Expected.of(
            sending_application=spec.expects.sending_application,
            sending_facility=spec.expects.sending_facility,
            receiving_application=spec.expects.receiving_application,
            receiving_facility=spec.expects.receiving_facility,
        ),
        screen=CardScreen(frozenset(feed.mapping.identifier_fields)),
        max_batch_messages=spec.batch.max_messages,
        answers_each=spec.batch.acks is BatchAcks.EACH,
    )


def _agreement(spec: Channel) -> Agreement:
    return Agreement(
        totals=spec.batch.totals,
        types=spec.batch.total_types,
        amount_format=spec.money.amount_format,
        currency=spec.currency,
        charset=spec.charset or None,
        needs_trailers=spec.batch.trailers is BatchTrailers.REQUIRED,
        max_messages=spec.batch.max_messages,
    )


def _identifier(feed: AnyFeed) -> Callable[[bytes], Reading | None]:
    def identify(raw: bytes) -> Reading | None:
        try:
            return feed.identify_raw(raw)
        except InterfaceError:
            return None

    return identify


def _reader(feed: Feed) -> Callable[[bytes, int], Understood]:
    agreed = _agreement(feed.spec)

    def read(raw: bytes, arrived_at: int) -> Understood:
        if is_batch(raw):
            return Understood(look_into(raw, agreed))
        message = feed.parse(raw)
        header = message.header
        if header.message_type == "ACK":
            ack = read_ack(raw)
            return Understood(ApplicationAck(ack.code, ack.control_id))
        return Understood(feed.read(message, arrived_at))

    return read


def _read_payment(raw: bytes, _arrived_at: int) -> Understood:
    return Understood(payload.read(raw))


def _reply(raw: bytes) -> Reply | None:
    """The acknowledgement that a message's sender wants as a message of its own; never one of an acknowledgement."""
    header = read_header(raw)
    how = manner(header)
    if how.later == "NE" or header.message_type == "ACK":
        return None

    def build(code: str, control_id: str, at: int, hl7_code: str, place: str) -> bytes:
        problems = (Problem(hl7_code, place, "the message could not be applied"),) if hl7_code else ()
        return build_ack(header, AckCode(code), control_id=control_id, at=at, problems=problems, accept_ack="AL")

    return Reply(how.later, build)


def _destination(key: str, spec: Channel, outlet: Outlet) -> DestinationPlan:
    retry = outlet.spec.retry
    return DestinationPlan(
        name=key,
        retry=RetryPolicy(
            retry.first_wait_secs, retry.max_wait_secs, retry.multiplier, retry.jitter, retry.max_attempts
        ),
        probe=RetryPolicy(outlet.spec.probe_first_wait_secs, outlet.spec.probe_max_wait_secs, 2.0, retry.jitter),
        deduplicates=outlet.spec.recognises_repeats,
        max_unresolved_sends=outlet.spec.max_unresolved_sends,
        posted_when=spec.posted_when,
        unconfirmed_secs=0.0 if spec.posted_when is Posted.ACCEPT else spec.unconfirmed_hours * 3600,
        receives_payments=Receives.PAYMENTS in outlet.spec.receives,
        receives_notices=outlet.spec.fhir is not None and outlet.spec.fhir.notices,
        facility=spec.facility,
    )


def _replies(key: str, spec: Channel) -> DestinationPlan:
    # The sender of the original knows its acknowledgement by MSA-2: a repeat tells it nothing new.
    return DestinationPlan(
        key,
        RetryPolicy(),
        RetryPolicy(30.0, 900.0),
        True,
        1000,
        "accept",
        receives_payments=False,
        facility=spec.facility,
    )

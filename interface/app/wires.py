"""A configuration version made into what an engine's parts run: sources to listen for, the plan, wires to send on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

from interface.app.due import policies
from interface.app.plan import listening_of, plan_of
from interface.app.posts import http_probe, http_settings
from interface.channel.feed import Feed, FhirFeed, Outlet
from interface.channel.files import client_files, server_files
from interface.channel.loader import Configuration
from interface.channel.option import Cleartext, Probe, WhenUnstorable
from interface.channel.spec import REPLY
from interface.channel.spec_destination import MllpDestination
from interface.connector.fhir.settings import FhirSettings
from interface.connector.mllp.destination import DestinationSettings
from interface.connector.mllp.limits import SourceSettings
from interface.engine.listen import Source
from interface.engine.reception import Listener
from interface.engine.requested import RequestSource
from interface.hl7.timestamp import write_timestamp
from interface.hl7.writer import Builder
from interface.ledger.due import BalancePolicy
from interface.mapping.posting import Posting
from interface.pipeline.deliver import Render
from interface.pipeline.plan import Plan
from interface.pipeline.sender_clock import ClockRule

SECOND = 1_000_000
_HERE = Path()


@dataclass(frozen=True, slots=True)
class Sending:
    """One destination: how its payloads are made, where they go, and how it is asked whether it lives."""

    settings: DestinationSettings | FhirSettings
    render: Render
    probe: Callable[[str, int], bytes] | None  # control id, now -> bytes


@dataclass(frozen=True, slots=True)
class Runnable:
    """One configuration version, ready to run."""

    config_id: int
    sources: tuple[Source, ...]
    plan: Plan
    senders: Mapping[str, Sending]
    rules: Mapping[str, BalancePolicy]  # how each facility's balances are reckoned
    zones: Mapping[str, ZoneInfo]  # each facility's time zone
    requests: Mapping[str, RequestSource] = field(default_factory=dict)  # channels that are written to over FHIR


def runnable(config_id: int, configuration: Configuration, root: Path = _HERE) -> Runnable:
    """Build everything from the files' content; opens nothing. Certificates lie below `root`."""
    senders: dict[str, Sending] = {}
    for name, feed in configuration.feeds.items():
        for outlet_name, outlet in feed.outlets.items():
            key = f"{name}/{outlet_name}"
            senders[key] = _sending(key, outlet, configuration, root)
        if feed.spec.reply is not None:
            key = f"{name}/{REPLY}"
            senders[key] = Sending(_settings(key, feed.spec.reply, root), _unrendered, None)
    feeds = configuration.feeds
    sources = tuple(_source(feed, root) for feed in feeds.values() if isinstance(feed, Feed))
    requests = {name: _requests(feed) for name, feed in feeds.items() if isinstance(feed, FhirFeed)}
    zones = {spec.facility: ZoneInfo(spec.timezone) for spec in configuration.specs.values()}
    plan, rules = plan_of(config_id, configuration), policies(configuration)
    return Runnable(config_id, sources, plan, senders, rules, zones, requests)


def _sending(key: str, outlet: Outlet, configuration: Configuration, root: Path) -> Sending:
    spec, render = outlet.spec, _renderer(outlet)
    is_probed = spec.probe is not Probe.OFF
    if spec.fhir is not None:
        settings = http_settings(key, spec.fhir, root, configuration.surroundings.environ)
        return Sending(settings, render, http_probe(spec.fhir) if is_probed else None)
    assert spec.mllp is not None, "one of both is given"
    return Sending(_settings(key, spec.mllp, root), render, _probe(outlet) if is_probed else None)


def _requests(feed: FhirFeed) -> RequestSource:
    spec, fhir = feed.spec, feed.spec.source.fhir
    assert fhir is not None, "else it were no feed of FHIR"
    return RequestSource(
        spec.channel,
        facility=spec.facility,
        production=spec.production,
        answer_within_micros=int(spec.ack.answer_within_secs * SECOND),
        max_body_bytes=fhir.max_body_bytes,
        max_entries=fhir.max_entries,
        max_in_flight=fhir.max_in_flight,
    )


def _source(feed: Feed, root: Path) -> Source:
    spec, mllp = feed.spec, feed.spec.source.mllp
    assert mllp is not None, "else it were no feed of HL7"
    listener = Listener(
        listening_of(feed),
        answer_within_micros=int(spec.ack.answer_within_secs * SECOND),
        rejects_when_unstorable=spec.ack.when_unstorable is WhenUnstorable.REJECT,
        clock=ClockRule(
            int(spec.sender_clock.tolerance_secs * SECOND),
            int(spec.sender_clock.watch_secs * SECOND),
            ZoneInfo(spec.timezone),
        ),
    )
    settings = SourceSettings(
        spec.channel,
        mllp.port,
        host=mllp.host,
        max_frame_bytes=mllp.max_frame_bytes,
        max_connections=mllp.max_connections,
        max_connections_per_peer=mllp.max_connections_per_peer,
        allowed=tuple(ip_network(one) for one in mllp.allow),
        max_messages_per_sec=mllp.max_messages_per_sec,
        burst_messages=mllp.burst_messages,
        max_in_flight=mllp.max_in_flight,
        idle_timeout_secs=mllp.idle_timeout_secs,
        frame_timeout_secs=mllp.frame_timeout_secs,
        handshake_timeout_secs=mllp.handshake_timeout_secs,
        accepts_cleartext=mllp.cleartext is Cleartext.ACCEPTED,
        tls=server_files(mllp, root),
    )
    return Source(listener, settings)


def _settings(key: str, mllp: MllpDestination, root: Path) -> DestinationSettings:
    return DestinationSettings(
        key,
        mllp.host,
        mllp.port,
        connect_timeout_secs=mllp.connect_timeout_secs,
        reply_timeout_secs=mllp.reply_timeout_secs,
        late_ack_secs=mllp.late_ack_secs,
        allows_one_session=mllp.one_session,
        tls=client_files(mllp.tls, root),
        server_name=mllp.tls.server_name if mllp.tls else "",
    )


def _renderer(outlet: Outlet) -> Render:
    def render(posting: Posting, control_id: str, now: int) -> bytes:
        return outlet.render(posting, control_id=control_id, now=now)

    return render


def _unrendered(_posting: Posting, _control_id: str, _now: int) -> bytes:
    raise AssertionError("an acknowledgement is queued with its bytes")


def _probe(outlet: Outlet) -> Callable[[str, int], bytes]:
    def build(control_id: str, now: int) -> bytes:
        """NMQ^N01 (HL7 v2.5.1 section 14.3.1): asks for the time, which no receiver can post."""
        envelope = outlet.envelope
        at = write_timestamp(now, ZoneInfo("UTC"))
        builder = Builder(charset=envelope.charset)
        builder.add(
            "MSH",
            {
                3: envelope.sending_application,
                4: envelope.sending_facility,
                5: envelope.receiving_application,
                6: envelope.receiving_facility,
                7: at,
                9: ("NMQ", "N01", "NMQ_N01"),
                10: control_id,
                11: envelope.processing_id,
                12: "2.5.1",
            },
        )
        builder.add("NCK", {1: at})
        return builder.to_bytes()

    return build

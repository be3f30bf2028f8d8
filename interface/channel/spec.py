"""What a channel file may say: every option with its type, unit, default, bounds and meaning. The README is written from this."""

from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import Field, field_validator, model_validator

from interface.channel.batch import Batch
from interface.channel.option import (
    AckMode,
    AckWhen,
    Balance,
    BatchAcks,
    ControlId,
    Posted,
    WhenUnstorable,
)
from interface.channel.sender import Expects, SenderClock
from interface.channel.spec_destination import Destination, MllpDestination, Name, known_charset
from interface.channel.spec_source import Source
from interface.channel.spec_tls import Secs
from interface.currency import CURRENCIES
from interface.hl7.money import MoneyFormat
from interface.mapping.fill import Declared
from interface.mapping.money import PaymentSign, ReversalStyle
from interface.mapping.problem import did_you_mean

REPLY = "reply"  # the name of the destination of application acknowledgements
Event = Annotated[str, Field(pattern=r"^([A-Z0-9]{3}\^[A-Z0-9]{3}|[A-Z][A-Za-z]+( (create|update|delete))?)$")]
Segment = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2}$")]


class Ack(Declared):
    """What the sender is told, and when."""

    mode: AckMode = Field(
        default=AckMode.STORED,
        description="stored: yes once the message is durable; processed: the outcome of the mapping, too",
    )
    when: AckWhen = Field(
        default=AckWhen.ALWAYS,
        description="always: every message is answered, for over MLLP a sender may wait for ever; asked: as MSH-15 asks",
    )
    answer_within_secs: Secs = Field(
        default=10.0, description="for `processed`: then the answer is yes, for the message is kept"
    )
    when_unstorable: WhenUnstorable = Field(
        default=WhenUnstorable.CLOSE,
        description="close: no answer, the sender keeps message and order; reject: AR or CR",
    )


class Filter(Declared):
    """Messages that the channel lets pass by. All that is given must fit."""

    events: tuple[Event, ...] = Field(
        default=(),
        description="trigger events, as [ADT^A08]; of FHIR types, as [Patient, Encounter update]; empty: all",
    )
    when: str = Field(default="", description="a condition in the mapping language, as PV1-18 = 'TEST'; of FHIR a path")
    reason: str = Field(min_length=3, description="why, for the people who look at the message")


class Money(Declared):
    """What was agreed with the site about amounts (HL7 has no rule for signs)."""

    amount_format: MoneyFormat = Field(
        default=MoneyFormat.DECIMAL,
        description="decimal: 125.00; implied: 12500; accounting: $1,250.00 and (25.00), too",
    )
    sign_of_payment: PaymentSign = Field(default=PaymentSign.POSITIVE, description="sign of FT1-11 on a payment")
    reversal_style: ReversalStyle = Field(
        default=ReversalStyle.NEGATE,
        description="how a void or refund differs from a payment: negate (sign), code (FT1-7), quantity (FT1-10), type (FT1-6)",
    )
    types_by_kind: dict[str, str] = Field(
        default={"payment": "PY", "void": "PY", "refund": "PY"},
        description="FT1-6 of payment, void and refund: what we send, and understand when it comes from the site",
    )
    codes_by_tender: dict[str, str] = Field(
        default={},
        description="FT1-7.1 that we send, by tender (visa, ach ..); the tender in capitals where none is given",
    )
    codes_by_kind: dict[str, str] = Field(
        default={"payment": "{code}", "void": "{code}REV", "refund": "{code}REF"},
        description="FT1-7.1 by kind, sent and understood; {code} stands for the tender's code",
    )

    @field_validator("types_by_kind", "codes_by_kind")
    @classmethod
    def _every_kind(cls, by_kind: dict[str, str]) -> dict[str, str]:
        wanted = {"payment", "void", "refund"}
        if set(by_kind) != wanted:
            raise ValueError("it names the kinds payment, void and refund; give all three, and no other")
        return by_kind

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        told_by = {ReversalStyle.TYPE: self.types_by_kind, ReversalStyle.CODE: self.codes_by_kind}
        words = told_by.get(self.reversal_style)
        if words and words["payment"] in (words["void"], words["refund"]):
            name = "types_by_kind" if self.reversal_style is ReversalStyle.TYPE else "codes_by_kind"
            raise ValueError(
                f"`{name}` gives a void or refund what a payment has, and nothing else tells them apart; give another"
            )
        return self


class MissingAccount(Declared):
    """What happens to money that comes before its account."""

    hold_hours: float = Field(default=72.0, gt=0, le=8760, description="after so long a person is told")


# Identity, visit, who answers for it, who insures it, and money. No diagnoses, procedures, results or notes (DG1, PR1, OBX, NTE).
NEEDED_SEGMENTS = ("MSH", "EVN", "PID", "PD1", "MRG", "PV1", "PV2", "GT1", "IN1", "IN2", "IN3", "FT1", "ACC")
RESERVED = "alerts"  # what is told of alerts is queued under this name


class Channel(Declared):
    """One feed: where its messages come from, what they mean, where payments go."""

    channel: Name = Field(description="the channel's name; the file is named after it")
    about: str = Field(default="", description="what it is, for people")
    source: Source = Field(description="where messages come from")
    charset: str = Field(default="", description="character set of the sender (HL7 table 0211); empty: as MSH-18 says")
    timezone: str = Field(description="zone of times sent without an offset, as America/Chicago")
    facility: str = Field(
        min_length=1, description="the facility of this feed: owner of its bare numbers and its accounts"
    )
    currency: str = Field(default="USD", description="currency of amounts sent without one (ISO 4217)")
    production: bool = Field(
        default=True, description="false: a feed for tests; true refuses messages with MSH-11 T or D"
    )
    expects: Expects = Field(
        default_factory=Expects, description="who may speak here, and to whom; others are refused with AR"
    )
    control_id: ControlId = Field(
        default=ControlId.REQUIRED,
        description="required: a message without MSH-10 is refused; digest: it is taken, and known by a digest of its bytes",
    )
    event_time_tolerance_secs: int = Field(
        default=300, ge=0, le=86400, description="how far ahead the sender's clock may be"
    )
    sender_clock: SenderClock = Field(
        default_factory=SenderClock, description="when it is told that the sender's clock differs from ours"
    )
    silent_hours: float = Field(
        default=0.0, ge=0, le=8760, description="an alert when no message came for so long; 0: none"
    )
    null_is_empty: bool = Field(
        default=False, description='true: this sender writes `""` into blank fields and means nothing by it'
    )
    ack: Ack = Field(default_factory=Ack, description="what the sender is told, and when")
    batch: Batch = Field(default_factory=Batch, description="several messages in one block")
    reply: MllpDestination | None = Field(default=None, description="where application acknowledgements go (MSH-16)")
    filters: tuple[Filter, ...] = Field(default=(), description="messages that are let pass by, with the reason")
    mapping: Name = Field(description="the incoming mapping")
    segments: tuple[Segment, ...] = Field(
        default=NEEDED_SEGMENTS,
        description="what the mapping may read: what taking payments needs and no more. A list replaces this one, knowingly",
    )
    balance: Balance = Field(
        default=Balance.STATED,
        description="what a patient owes: the balance that the EHR states, or entries of patient responsibility",
    )
    posted_when: Posted = Field(
        default=Posted.ECHO,
        description="a payment counts as posted on the accept or application acknowledgement, or on its echo",
    )
    posting_lag_hours: float = Field(
        default=24.0, ge=0, le=720, description="age at which an accepted payment is taken to be in a stated balance"
    )
    unconfirmed_hours: float = Field(
        default=48.0,
        ge=0,
        le=8760,
        description="after so long without its echo (or application acknowledgement), an accepted payment is a person's; 0: never",
    )
    money: Money = Field(default_factory=Money, description="what was agreed about amounts")
    missing_account: MissingAccount = Field(default_factory=MissingAccount, description="money before its account")
    destinations: dict[Name, Destination] = Field(default={}, description="receivers, by name")

    def destination_names(self) -> list[str]:
        """Every destination as the running engine names it: CHANNEL/NAME."""
        names = [*self.destinations, *([REPLY] if self.reply is not None else [])]
        return [f"{self.channel}/{name}" for name in names]

    @model_validator(mode="after")
    def _each_is_stored(self) -> Self:
        if self.batch.acks is BatchAcks.EACH and self.ack.mode is AckMode.PROCESSED:
            raise ValueError(
                "`batch: acks: each` answers once the messages are stored; it goes with `ack: mode: stored`"
            )
        return self

    @model_validator(mode="after")
    def _can_be_posted(self) -> Self:
        if self.posted_when is Posted.APPLICATION and any(one.fhir is not None for one in self.destinations.values()):
            raise ValueError(
                "`posted_when: application` waits for an acknowledgement that no server sends over HTTP; write accept or echo"
            )
        return self

    @field_validator("channel")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if name == RESERVED:
            raise ValueError(f"`{RESERVED}` is what alerts are sent under; choose another name")
        return name

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            advice = did_you_mean(name, available_timezones()) if "/" in name else "as America/Chicago"
            raise ValueError(f"there is no time zone `{name}`; {advice}") from None
        return name

    @field_validator("currency")
    @classmethod
    def _currency(cls, code: str) -> str:
        if code not in CURRENCIES:
            raise ValueError(f"`{code}` is no currency of ISO 4217; as USD")
        return code

    @field_validator("charset")
    @classmethod
    def _charset(cls, name: str) -> str:
        return known_charset(name) if name else name

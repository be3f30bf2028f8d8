"""What a channel file may say of a destination that takes payments over HTTP: a FHIR server, or a vendor's own call."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from interface.alarm import is_loopback
from interface.channel.option import Cleartext, OracleTarget, PaymentShape
from interface.channel.spec_tls import ClientTls, Secs
from interface.ledger.payment import TENDERS
from interface.mapping.fill import Declared


class OracleBasic(Declared):
    """What Oracle Health's FinancialTransaction wants beside the payment (shape `oracle-basic`)."""

    target: OracleTarget = Field(
        default=OracleTarget.VISIT,
        description="visit: on the Encounter that has the visit's number, or the account's (FIN) where a payment names no visit; "
        "account: on the Account, where the site's accounts are those of guarantors (guarantor-balance)",
    )
    location: str = Field(default="", description="the site's value of financial-transaction-location; empty: left out")
    card_date: str = Field(
        default="",
        pattern=r"^([0-9]{4}-(0[1-9]|1[0-2]))?$",
        description="a date agreed with the site that stands for every card's expiry, which is never kept; empty: left out",
    )
    visit_is_encounter_id: bool = Field(
        default=False,
        description="true: the visit's number is the id of its Encounter, so a payment on no visit is a person's; "
        "false: the Encounter is named by identifier",
    )


class AthenaRecordPayment(Declared):
    """What athena's `recordpayment` wants beside the payment (shape `athena-recordpayment`)."""

    amount_field: str = Field(
        default="otheramount", pattern="^(otheramount|copayamount)$", description="field that the amount goes to"
    )


class FhirDestination(Declared):
    """Where payments are posted over HTTP, and how long an answer is waited for."""

    base_url: str = Field(
        description="address that paths are added to, https://; of athena with the practice: https://HOST/v1/195900"
    )
    shape: PaymentShape = Field(
        description="payment-reconciliation: FHIR R4, searched before anything is sent again; oracle-basic: POST /Basic; "
        "athena-recordpayment: athena's own call. The last two recognise no repeat"
    )
    cleartext: Cleartext = Field(
        default=Cleartext.LOOPBACK, description="http:// instead of https://: as for listeners"
    )
    token_file: str = Field(default="", description="file that holds the bearer token, relative to the root")
    token_env: str = Field(default="", description="or the variable of the environment that holds it")
    tls: ClientTls | None = Field(
        default=None, description="other authorities than the machine's, a certificate to show"
    )
    connect_timeout_secs: Secs = Field(default=10.0, description="time to reach it")
    reply_timeout_secs: Secs = Field(
        default=30.0, description="time for its answer to begin and to end; then the send is ambiguous"
    )
    max_answer_bytes: int = Field(
        default=1_048_576, ge=1024, le=67_108_864, description="so much of an answer is read and kept"
    )
    retry_after_most_secs: float = Field(
        default=900.0, ge=0, le=86400, description="longest wait that the server may ask for (Retry-After)"
    )
    identifier_system: str = Field(
        default="urn:id:healthpay24", min_length=1, description="system of the identifiers of our payments"
    )
    notices: bool = Field(
        default=False,
        description="true, with `payment-reconciliation`: a PaymentNotice tells of each payment that is settled",
    )
    methods_by_tender: dict[str, str] = Field(
        default={}, description="payment method by tender (visa, ach ..), where the shape's own does not fit"
    )
    oracle: OracleBasic = Field(default_factory=OracleBasic, description="for `oracle-basic`")
    athena: AthenaRecordPayment = Field(default_factory=AthenaRecordPayment, description="for `athena-recordpayment`")
    probe: str = Field(default="", description="path whose GET shows that it lives; empty: metadata, of athena ping")

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("it is no address of a server; as https://fhir.example.org/r4")
        if parts.username or parts.password:
            raise ValueError("no secret stands in a file; name where the token is with `token_file` or `token_env`")
        return url.rstrip("/")

    @field_validator("methods_by_tender")
    @classmethod
    def _known_tenders(cls, by_tender: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(by_tender.keys() - set(TENDERS)):
            raise ValueError(f"`{unknown[0]}` is no tender; there are {', '.join(TENDERS)}")
        return by_tender

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        parts = urlsplit(self.base_url)
        if self.token_file and self.token_env:
            raise ValueError("a token has one place; give `token_file` or `token_env`")
        if parts.scheme == "http" and self.tls is not None:
            raise ValueError("`tls` goes with https://; write the address so")
        if parts.scheme == "http" and self.cleartext is Cleartext.LOOPBACK and not is_loopback(parts.hostname or ""):
            raise ValueError("payments would leave this machine in the clear; write https://, or `cleartext: accepted`")
        return self

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if self.notices and self.shape is not PaymentShape.PAYMENT_RECONCILIATION:
            raise ValueError("`notices` are of FHIR R4; they go with `shape: payment-reconciliation`")
        return self

    @property
    def host(self) -> str:
        """The server's name or address."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def port(self) -> int:
        """Its TCP port."""
        parts = urlsplit(self.base_url)
        return parts.port or (443 if parts.scheme == "https" else 80)

"""What a demo is asked to do, and what it found."""

from dataclasses import dataclass, field

from interface.operate.trace import Trail
from interface.simulate.hospital import Vendor
from interface.view.money import PaymentStory

_COUNTS = (
    "received",
    "acknowledged",
    "processed",
    "filtered",
    "held",
    "failed",
    "accounts",
    "payments",
    "accepted",
    "posted",
)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`patients` come in the morning, at most `payments` of their accounts are paid on; both are spread over the hospitals.

    A hospital that speaks FHIR stands beside those of the `vendors`, which speak HL7 v2. `connections` of each EHR at once;
    `wait_secs` bounds each step.
    """

    seed: int = 24
    patients: int = 60
    payments: int = 25
    connections: int = 4
    wait_secs: float = 60.0
    vendors: tuple[Vendor, ...] = (Vendor.EPIC,)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account at the end, in minor units."""

    public_id: str
    facility: str
    number: str
    patient: str
    currency: str
    charges_minor: int
    owed_minor: int  # before anybody paid here
    paid_minor: int
    due_minor: int
    shown_minor: int | None  # what HealthPay24 shows as due; None where it was not told of the account


@dataclass(frozen=True, slots=True)
class HospitalLine:
    """One hospital at the end: what came from it, what was paid to it (minor units), and in how many numbers its books differ."""

    facility: str
    channel: str
    wire: str
    messages: int
    accounts: int
    currency: str
    charges_minor: int
    payments: int
    paid_minor: int
    posted: int
    due_minor: int
    differing: int


@dataclass(slots=True)
class DemoResult:
    """What the engine holds at the end, and every number in which it disagrees with the simulator (empty: none)."""

    received: int = 0
    acknowledged: int = 0
    processed: int = 0
    filtered: int = 0
    held: int = 0
    failed: int = 0
    accounts: int = 0
    payments: int = 0
    accepted: int = 0
    posted: int = 0
    proven: int = 0  # messages that were run again into an empty ledger and gave the same one
    seconds: float = 0.0
    messages_per_sec: float = 0.0
    states: dict[str, dict[str, int]] = field(default_factory=dict)  # channel -> state -> count
    lines: list[AccountLine] = field(default_factory=list)
    payment_stories: list[PaymentStory] = field(default_factory=list)
    trails: list[Trail] = field(default_factory=list)  # one payment's of each hospital
    hospitals: list[HospitalLine] = field(default_factory=list)
    work_items: int = 0
    disagreements: list[str] = field(default_factory=list)

    def numbers(self) -> dict[str, int]:
        """The ten counts by name."""
        return {name: getattr(self, name) for name in _COUNTS}

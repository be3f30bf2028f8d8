"""What the store does for deliveries, and for the mirror, which tells HealthPay24 what the ledger holds, and its own records.

`MirrorViews` belongs to every `interface.ports.Reader`, `MirrorActs` and `DeliveryActs` to every `Turn`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from interface.message import MirrorState
from interface.row.delivery import Delivery, DeliveryWanted, DestinationState, Outcome, PostingFact
from interface.row.mirror import HeldRecord, Material, MirrorCount, MirrorMark, MirrorOutcome, MirrorRow, Subject


class MirrorViews(Protocol):
    """Reading; part of every Reader."""

    def mirror_due(self, now: int, limit: int) -> list[MirrorRow]:
        """Rows that HealthPay24 is to be told of now, longest first, parents before what names them."""

    def mirror_states(self, wanted: Iterable[tuple[Subject, int]], /) -> dict[tuple[Subject, int], MirrorState]:
        """Where these rows stand at HealthPay24; what was never marked is left out."""

    def mirror_rows(self, public_ids: Iterable[str], /) -> dict[str, list[tuple[Subject, int]]]:
        """The rows of these public ids, an account's with its balance; unknown ones are left out."""

    def mirror_count(self) -> MirrorCount:
        """How far HealthPay24 follows."""

    def material(self, rows: Sequence[MirrorRow]) -> Material:
        """All that the records of these rows are made from."""

    def held_records(self, kind: str, public_ids: Iterable[str], /) -> dict[str, HeldRecord]:
        """What the embedded HealthPay24 holds of these public ids; unknown ones are left out."""

    def held_keys(self, kind: str, public_ids: Iterable[str], /) -> dict[str, str]:
        """The idempotency key of the last change of each of these; unknown ones are left out."""

    def held_under(self, key: str, /) -> str:
        """The public id of the record whose last change the embedded HealthPay24 took under this key; "" for none."""


class MirrorActs(Protocol):
    """Writing; part of every Turn."""

    def mark(self, marks: Iterable[MirrorMark]) -> None:
        """Note that HealthPay24 is to be told of these rows."""

    def settle_mirror(self, outcomes: Sequence[MirrorOutcome]) -> None:
        """Write how telling HealthPay24 of these rows ended; one that changed meanwhile is due again."""

    def adopt_rules(self, rules: Mapping[str, str]) -> int:
        """Note each facility's rule of reckoning balances; where it changed they are all told anew. Gives how many."""

    def tell_again(self, *, in_state: MirrorState | None = None, rows: Iterable[tuple[Subject, int]] = ()) -> int:
        """HealthPay24 is told anew, whatever it knows: of these rows, or all in one state, or (with neither) of all."""

    def put_records(self, kind: str, records: Sequence[HeldRecord]) -> None:
        """Write these records over what the embedded HealthPay24 holds of them."""

    def bring_mirror_forward(self, latest: int) -> int:
        """Let what HealthPay24 is to be told of after `latest` be due now; gives how many rows."""


class DeliveryActs(Protocol):
    """What a turn writes of deliveries."""

    def enqueue(self, wanted: Sequence[DeliveryWanted]) -> list[int]:
        """Queue deliveries; gives their ids."""

    def begin_attempt(self, delivery_id: int, payload: bytes, control_id: str, at: int) -> bool:
        """Freeze the payload and write the attempt's intent; False where the delivery is no longer queued."""

    def delivery(self, delivery_id: int) -> Delivery:
        """One delivery as it stands now; nobody else changes it before the commit."""

    def end_attempt(self, delivery_id: int, outcome: Outcome) -> None:
        """Write how the last attempt ended and move the delivery (message.move decides what is legal)."""

    def doubt(self, found: Sequence[Delivery], at: int, cause: str) -> None:
        """Make deliveries ambiguous that nobody knows the fate of."""

    def posting_facts(self, facts: Sequence[PostingFact]) -> None:
        """Write facts about postings, each in a column of its own; the first one of a kind stays."""

    def application_ack(self, control_id: str, code: str, at: int) -> Delivery | None:
        """Match an acknowledgement to the delivery that went out under this control id, as `delivery` gives it."""

    def set_destination_state(self, state: DestinationState) -> None:
        """Suspend, or use again; note the next probe. Whether it is paused stays as it is."""

    def bring_deliveries_forward(self, destination: str, latest: int, latest_probe: int) -> int:
        """Let queued deliveries due after `latest` be due now, and a probe due after `latest_probe`; gives how many deliveries."""

    def recover_sends(self, at: int, *, are_alerts: bool = False) -> list[Delivery]:
        """Intents without an outcome, left by a part that died: all are made ambiguous and given back.

        Alerts (`are_alerts`) are sent by another part than everything else.
        """

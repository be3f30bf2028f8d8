"""What the store does for people: `Views` belongs to every `interface.ports.Reader`, `Acts` to every `Turn`."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from interface.view.alert import Alert, ToldRow
from interface.view.audit import Audited, AuditFilter
from interface.view.charge import ChargeFilter, ChargeStory
from interface.view.configuration import Activation
from interface.view.count import ChannelCount, DestinationCount, HeldCount, PartRow, PauseKind, PauseRow, Restored
from interface.view.delivery import DeliveryFilter, DeliveryStory
from interface.view.message import MessageFilter, MessageRow, MessageStory, PurgedPart
from interface.view.money import AccountStory, PaymentStory
from interface.view.patient import PatientStory
from interface.view.resource import ResourceFilter, ResourceRow
from interface.view.token import TokenRow
from interface.view.work import ReplayRow, WorkItemRow


class Views(Protocol):
    """Reading for people; part of every Reader."""

    def messages(self, wanted: MessageFilter) -> list[MessageRow]:
        """One page, in the order of ids."""

    def count_messages(self, wanted: MessageFilter) -> int:
        """How many messages a filter finds, whatever its page."""

    def message(self, message_id: int) -> MessageStory | None:
        """One message in full, without its bytes."""

    def body(self, message_id: int) -> bytes | None:
        """The stored bytes; None where there is no such message or its bytes were removed."""

    def forgotten(self, message_id: int) -> PurgedPart | None:
        """When and under which rule the row of a message that is not there was purged; None where it never was there."""

    def purged_payload(self, delivery_id: int) -> PurgedPart | None:
        """When and under which rule a delivery's payload, attempts and answers were purged."""

    def deliveries(self, wanted: DeliveryFilter) -> list[DeliveryStory]:
        """One page, in the order of ids."""

    def payload(self, delivery_id: int) -> bytes | None:
        """The frozen payload; None before the first attempt."""

    def channel_counts(self) -> list[ChannelCount]:
        """Every source that a message came from, by name."""

    def destination_counts(self) -> list[DestinationCount]:
        """Every destination that something was queued for, or that was suspended or paused, by name."""

    def parts(self) -> list[PartRow]:
        """The parts that have ever beaten, by name; which are alive is for the reader to judge."""

    def held_counts(self) -> list[HeldCount]:
        """Held and failed messages by cause, the most first."""

    def activations(self, limit: int) -> list[Activation]:
        """The configuration versions that were made active, newest first."""

    def open_alerts(self) -> dict[str, int]:
        """How many alerts stand, by rule."""

    def latest_alerts(self, limit: int) -> list[Alert]:
        """The newest alerts, newest first."""

    def last_told(self, limit: int) -> list[ToldRow]:
        """The newest tellings of alerts, newest first."""

    def open_items(self) -> int:
        """How many work items are open."""

    def database_now(self) -> int | None:
        """The database's own clock, UTC microseconds; None where it has none but ours."""

    def last_backup_at(self) -> int:
        """When the last backup was finished; 0 where none was ever made."""

    def restored(self) -> Restored | None:
        """When and from what this database was restored; None where it never was."""

    def pauses(self) -> list[PauseRow]:
        """What people brought to a stop, destinations included."""

    def account(self, name: str) -> AccountStory | None:
        """An account by public id, or by the value of any identifier that is or was its own.

        None where none or several fit.
        """

    def accounts(self, beyond_id: int, limit: int) -> list[AccountStory]:
        """One page of surviving accounts in the order of ids; `entries` is left empty."""

    def payment(self, name: str) -> PaymentStory | None:
        """A payment by public id, transaction id or the wire id of one of its allocations."""

    def payments(self, beyond_id: int, limit: int) -> list[PaymentStory]:
        """One page of all payments in the order of ids."""

    def payments_of_allocations(self, allocation_ids: Sequence[int]) -> list[PaymentStory]:
        """The payments that these allocations belong to, each once, in the order of ids."""

    def resources(self, wanted: ResourceFilter) -> list[ResourceRow]:
        """One page of rows that a resource server is asked for, in the order of ids."""

    def count_resources(self, wanted: ResourceFilter) -> int:
        """How many rows a filter finds, whatever its page."""

    def charges(self, wanted: ChargeFilter) -> list[ChargeStory]:
        """One page of charges and credits, in the order of ids."""

    def count_charges(self, wanted: ChargeFilter) -> int:
        """How many of them a filter finds, whatever its page."""

    def count_payments(self) -> int:
        """How many payments there are."""

    def token(self, secret: str) -> TokenRow | None:
        """The token that is this secret, whatever became of it; None where there is none."""

    def tokens(self) -> list[TokenRow]:
        """All tokens, oldest first."""

    def patient(self, name: str) -> PatientStory | None:
        """The patient with this public id or identifier value, seen through merges; its lane is a root.

        None where none or several fit.
        """

    def audit_trail(self, wanted: AuditFilter) -> list[Audited]:
        """One page of the audit trail, in the order of ids."""

    def audited_on(self, subjects: Collection[str]) -> list[Audited]:
        """Every act on these subjects (`message:17`), alone or among others, oldest first."""

    def work_items(self, *, only_open: bool, beyond_id: int, limit: int) -> list[WorkItemRow]:
        """One page in the order of ids."""

    def work_item(self, item_id: int) -> WorkItemRow | None:
        """One item with its history."""

    def in_order(self, ids: Iterable[int], /) -> list[int]:
        """These messages in the order in which they came; an amended one stands at its original's place."""

    def replay(self, replay_id: int) -> ReplayRow | None:
        """How far a requested replay is."""

    def standing_alerts(self) -> list[Alert]:
        """Alerts that did not end, or whose end was not told."""

    def told_since(self, since: int) -> list[ToldRow]:
        """What people were told after a time, oldest first."""


class Acts(Protocol):
    """Writing for people; part of every Turn. Each raises ActRefusedError `illegal-move` where the table of moves says no.

    An amended message (`original_id`) stands at its original's place in every lane: wherever messages are ordered by id to be
    run, it counts as `original_id`, so that nothing of its patient overtakes it.
    """

    def release(self, ids: Sequence[int]) -> None:
        """Held, failed or filtered messages wait again; one that still stands behind another of its lanes stays parked.

        Those behind them in their lanes wait again as well, as far as no other message holds them back.
        """

    def skip(self, ids: Sequence[int], cause: str) -> None:
        """Held or failed messages become filtered for this cause, leave their lanes, and let go what waited behind them."""

    def hold(self, ids: Sequence[int], cause: str) -> None:
        """Parked messages are held for a person: they keep their lanes, and now block them."""

    def queue_again(self, delivery_id: int, due_at: int, cause: str, *, anew: bool) -> None:
        """Queue a rejected or ambiguous delivery again, at its old place.

        `anew` forgets the frozen payload, so that the next attempt renders it through current identities under a new
        control id; the attempts keep the old one, so that an answer to it still finds the delivery.
        """

    def withdraw(self, delivery_id: int, cause: str) -> None:
        """A delivery is not to be sent (again)."""

    def resend(self, delivery_id: int, payload: bytes, control_id: str, due_at: int) -> int:
        """Queue a copy of a delivery with this payload, linked to the original; gives its id."""

    def request_replay(self, ids: Sequence[int], actor: str, *, force_money: bool) -> int:
        """Ask for stored messages to be run again in the order given; gives the request's id."""

    def extend_replay(self, replay_id: int, ids: Sequence[int]) -> None:
        """Add messages at the end of a request."""

    def pause(self, kind: PauseKind, subject: str, actor: str) -> bool:
        """Bring something to a stop; False where it stands already. `waiting` leaves out messages of paused channels; a paused
        patient's lane counts as taken before all others.
        """

    def resume(self, kind: PauseKind, subject: str) -> bool:
        """Let it go on, and what waited only for this; False where it was not paused."""

    def resume_after_restore(self) -> bool:
        """Let a restored store send; False where it may already."""

    def close_work_item(self, item_id: int, how: str, actor: str) -> bool:
        """Close an item; False where it is closed or unknown."""

    def add_token(self, one: TokenRow, secret: str) -> None:
        """Keep a new token; of its secret only a keyed hash."""

    def revoke_token(self, public_id: str, at: int) -> bool:
        """Let a token open nothing from now on; False where none of this name still stood."""

    def use_token(self, public_id: str, at: int) -> None:
        """Note when a token was used."""

    def keep_alerts(self, alerts: Sequence[Alert]) -> list[Alert]:
        """Write alerts as they stand; new ones get their ids."""

    def forget_alerts(self, ids: Iterable[int]) -> None:
        """Remove alerts that nobody was told of."""

    def forget_told(self, before: int) -> None:
        """Remove alerts that ended, and tellings that were made, before a time."""

    def note_told(self, told: Sequence[ToldRow]) -> list[int]:
        """Note what people are told; gives the ids."""

"""What can be asked of one consistent snapshot: the methods of `ports.Reader`, each one function of a subject's module."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from interface.ledger.change import LedgerChanges, Loaded
from interface.ledger.compare import Image
from interface.ledger.needs import Needs
from interface.ledger.noun import Identifier, Noun
from interface.mapping.posting import Posting
from interface.message import MirrorState
from interface.row.backup import AuditEnd, LastHeld
from interface.row.baseline import Baseline
from interface.row.delivery import Delivery, DestinationState, Homeless, Unconfirmed
from interface.row.message import BATCH_BYTES, Settled, StoredMessage
from interface.row.mirror import HeldRecord, Material, MirrorCount, MirrorRow, Subject
from interface.row.purge import Candidate, Rule
from interface.store import (
    account_story,
    alert,
    audit,
    audit_proof,
    baseline,
    charge_story,
    configuration,
    count,
    counter,
    decide,
    delivery,
    delivery_story,
    export,
    held_record,
    homeless,
    installation,
    lane,
    last_held,
    ledger_needs,
    material,
    member,
    mirror,
    patient_story,
    payment_story,
    posting,
    purge,
    purged,
    record,
    replay,
    resource,
    run,
    search,
    story,
    suspension,
    token,
    unconfirmed,
    worklist,
)
from interface.store.tx import Tx
from interface.view.alert import Alert, ToldRow
from interface.view.audit import Audited, AuditFilter, AuditProof
from interface.view.charge import ChargeFilter, ChargeStory
from interface.view.configuration import Activation
from interface.view.count import ChannelCount, DestinationCount, HeldCount, PartRow, PauseRow, Restored
from interface.view.delivery import DeliveryFilter, DeliveryStory
from interface.view.message import MessageFilter, MessageRow, MessageStory, PurgedPart, RunRow
from interface.view.money import AccountStory, PaymentStory
from interface.view.patient import PatientStory
from interface.view.resource import ResourceFilter, ResourceRow
from interface.view.token import TokenRow
from interface.view.work import ReplayRow, WorkItemRow


class SqlReader:
    """Reads inside one transaction."""

    _is_turn = False

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    @property
    def transaction(self) -> Tx:
        """For the store's own modules."""
        return self._tx

    def waiting(self, limit: int, max_bytes: int = BATCH_BYTES) -> list[StoredMessage]:
        return run.waiting(self._tx, limit, max_bytes)

    def stored(self, ids: Sequence[int]) -> list[StoredMessage]:
        return run.stored(self._tx, ids)

    def members_written(self, batch_id: int) -> int:
        return member.written(self._tx, batch_id)

    def replays(self, limit: int, max_bytes: int = BATCH_BYTES) -> list[StoredMessage]:
        return run.replays(self._tx, limit, max_bytes)

    def settled_answers(self, message_ids: Collection[int]) -> dict[int, Settled]:
        return run.settled_answers(self._tx, message_ids)

    def row_versions(self, noun: Noun, ids: Sequence[int]) -> dict[int, int]:
        return {number: times for number, (times, _) in mirror.versions(self._tx, noun, ids).items()}

    def load(self, needs: Needs) -> Loaded:
        return ledger_needs.load(self._tx, needs)

    def heads(self, lanes: Iterable[int]) -> dict[int, int]:
        return lane.heads(self._tx, lanes)

    def lane_roots(self, lanes: Iterable[int]) -> dict[int, int]:
        return lane.lane_roots(self._tx, lanes)

    def awaited(self, accounts: Iterable[str]) -> dict[str, list[int]]:
        return run.awaited(self._tx, accounts)

    def names(self, noun: Noun, ids: Iterable[int]) -> dict[int, Identifier]:
        return posting.names_of(self._tx, noun, ids)

    def due(self, destination: str, now: int, limit: int) -> list[Delivery]:
        return delivery.due(self._tx, destination, now, limit)

    def destination_state(self, destination: str) -> DestinationState:
        return suspension.state_of(self._tx, destination)

    def homeless(self, beyond_id: int, limit: int) -> list[Homeless]:
        return homeless.homeless(self._tx, beyond_id, limit)

    def posting(self, allocation_id: int) -> Posting:
        return posting.posting(self._tx, allocation_id)

    def active_config(self) -> tuple[int, Mapping[str, str]] | None:
        return configuration.active_config(self._tx)

    def active_config_id(self) -> int:
        return configuration.active_id(self._tx)

    def activations(self, limit: int) -> list[Activation]:
        return configuration.activations(self._tx, limit)

    def config_files(self, config_id: int) -> Mapping[str, str]:
        return configuration.config_files(self._tx, config_id)

    def last_held(self) -> list[LastHeld]:
        return last_held.last_held(self._tx)

    def held_counts(self) -> list[HeldCount]:
        return count.held_counts(self._tx)

    def open_alerts(self) -> dict[str, int]:
        return alert.open_alerts(self._tx)

    def latest_alerts(self, limit: int) -> list[Alert]:
        return alert.latest(self._tx, limit)

    def last_told(self, limit: int) -> list[ToldRow]:
        return alert.last_told(self._tx, limit)

    def standing_alerts(self) -> list[Alert]:
        return alert.standing(self._tx)

    def told_since(self, since: int) -> list[ToldRow]:
        return alert.told_since(self._tx, since)

    def open_items(self) -> int:
        return worklist.open_count(self._tx)

    def database_now(self) -> int | None:
        return installation.database_now(self._tx)

    def last_backup_at(self) -> int:
        return installation.last_backup_at(self._tx)

    def restored(self) -> Restored | None:
        return installation.restored(self._tx)

    def in_doubt(self, ids: Sequence[int]) -> list[Delivery]:
        return delivery.in_doubt(self._tx, ids)

    def unfinished(self, limit: int) -> list[Delivery]:
        return delivery.unfinished(self._tx, limit)

    def epoch(self) -> int:
        return counter.epoch(self._tx, is_turn=self._is_turn)

    def record(self, kind: str, key: str) -> bytes | None:
        return record.record(self._tx, kind, key)

    def mirror_due(self, now: int, limit: int) -> list[MirrorRow]:
        return mirror.due(self._tx, now, limit)

    def mirror_states(self, wanted: Iterable[tuple[Subject, int]]) -> dict[tuple[Subject, int], MirrorState]:
        return mirror.states(self._tx, wanted)

    def mirror_rows(self, public_ids: Iterable[str]) -> dict[str, list[tuple[Subject, int]]]:
        return mirror.rows_named(self._tx, public_ids)

    def mirror_count(self) -> MirrorCount:
        return mirror.count(self._tx)

    def material(self, rows: Sequence[MirrorRow]) -> Material:
        return material.material(self._tx, rows)

    def held_records(self, kind: str, public_ids: Iterable[str]) -> dict[str, HeldRecord]:
        return held_record.get(self._tx, kind, public_ids)

    def held_keys(self, kind: str, public_ids: Iterable[str]) -> dict[str, str]:
        return held_record.keys(self._tx, kind, public_ids)

    def held_under(self, key: str) -> str:
        return held_record.under(self._tx, key)

    def unconfirmed(self, destination: str, before: int, limit: int) -> list[Unconfirmed]:
        return unconfirmed.untold(self._tx, destination, before, limit)

    def overdue(self, now: int, limit: int) -> list[int]:
        """Held messages that have waited as long as their channel allows, longest first."""
        return decide.overdue(self._tx, now, limit)

    def messages(self, wanted: MessageFilter) -> list[MessageRow]:
        return search.messages(self._tx, wanted)

    def count_messages(self, wanted: MessageFilter) -> int:
        return search.count_messages(self._tx, wanted)

    def message(self, message_id: int) -> MessageStory | None:
        return story.message(self._tx, message_id)

    def body(self, message_id: int) -> bytes | None:
        return story.body(self._tx, message_id)

    def forgotten(self, message_id: int) -> PurgedPart | None:
        return purged.forgotten(self._tx, message_id)

    def purged_payload(self, delivery_id: int) -> PurgedPart | None:
        return purged.payload(self._tx, delivery_id)

    def deliveries(self, wanted: DeliveryFilter) -> list[DeliveryStory]:
        return delivery_story.deliveries(self._tx, wanted)

    def payload(self, delivery_id: int) -> bytes | None:
        return delivery_story.payload(self._tx, delivery_id)

    def channel_counts(self) -> list[ChannelCount]:
        return count.channel_counts(self._tx)

    def destination_counts(self) -> list[DestinationCount]:
        return count.destination_counts(self._tx)

    def parts(self) -> list[PartRow]:
        return count.parts(self._tx)

    def pauses(self) -> list[PauseRow]:
        return count.pauses(self._tx)

    def account(self, name: str) -> AccountStory | None:
        return account_story.account(self._tx, name)

    def accounts(self, beyond_id: int, limit: int) -> list[AccountStory]:
        return account_story.accounts(self._tx, beyond_id, limit)

    def payment(self, name: str) -> PaymentStory | None:
        return payment_story.payment(self._tx, name)

    def payments(self, beyond_id: int, limit: int) -> list[PaymentStory]:
        """One page of all payments in the order of ids."""
        return payment_story.page(self._tx, beyond_id, limit)

    def payments_of_allocations(self, allocation_ids: Sequence[int]) -> list[PaymentStory]:
        return payment_story.payments_of_allocations(self._tx, allocation_ids)

    def resources(self, wanted: ResourceFilter) -> list[ResourceRow]:
        return resource.resource_rows(self._tx, wanted)

    def count_resources(self, wanted: ResourceFilter) -> int:
        return resource.count(self._tx, wanted)

    def charges(self, wanted: ChargeFilter) -> list[ChargeStory]:
        return charge_story.page(self._tx, wanted)

    def count_charges(self, wanted: ChargeFilter) -> int:
        return charge_story.count(self._tx, wanted)

    def count_payments(self) -> int:
        return payment_story.count(self._tx)

    def patient(self, name: str) -> PatientStory | None:
        return patient_story.patient(self._tx, name)

    def token(self, secret: str) -> TokenRow | None:
        return token.token(self._tx, secret)

    def tokens(self) -> list[TokenRow]:
        return token.tokens(self._tx)

    def work_items(self, *, only_open: bool, beyond_id: int, limit: int) -> list[WorkItemRow]:
        return worklist.work_items(self._tx, only_open=only_open, beyond_id=beyond_id, limit=limit)

    def work_item(self, item_id: int) -> WorkItemRow | None:
        return worklist.work_item(self._tx, item_id)

    def in_order(self, ids: Iterable[int]) -> list[int]:
        return replay.in_order(self._tx, ids)

    def replay(self, replay_id: int) -> ReplayRow | None:
        return replay.progress(self._tx, replay_id)

    def audit_trail(self, wanted: AuditFilter) -> list[Audited]:
        return audit.audit_trail(self._tx, wanted)

    def audited_on(self, subjects: Collection[str]) -> list[Audited]:
        return audit.audited_on(self._tx, subjects)

    def purge_page(self, rule: Rule, cutoff: int, beyond: int, limit: int) -> tuple[list[Candidate], int]:
        return purge.due(self._tx, rule, cutoff, beyond, limit)

    def lost_keys(self, beyond: tuple[int, int], limit: int) -> tuple[list[tuple[int, int]], tuple[int, int] | None]:
        return purge.orphans(self._tx, beyond, limit)

    def prove_audit(self, noted: AuditEnd | None) -> AuditProof:
        return audit_proof.prove(self._tx, noted)

    def baseline(self) -> Baseline | None:
        return baseline.baseline(self._tx)

    def baseline_changes(self) -> Iterator[LedgerChanges]:
        return baseline.changes(self._tx)

    def image(self) -> Image:
        """The whole ledger, read page by page while the snapshot lives."""
        return export.image(self._tx)

    def runs(self, beyond_id: int, limit: int) -> list[RunRow]:
        """One page of all runs in the order in which they were committed."""
        return export.runs(self._tx, beyond_id, limit)

"""What can be written in one transaction: the methods of `ports.Turn`, each one function of a subject's module."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from interface.ledger.worklist import WorkItem
from interface.message import MirrorState
from interface.ports import KeyChange, Prepared, Sealed
from interface.row.act import Act
from interface.row.delivery import Delivery, DeliveryWanted, DestinationState, Outcome, PostingFact
from interface.row.message import Parked, Received, RunRecord, StuckMessage
from interface.row.mirror import HeldRecord, MirrorMark, MirrorOutcome, Subject
from interface.row.purge import Removed, Rule
from interface.store import (
    alert,
    arrival,
    audit,
    configuration,
    count,
    counter,
    decide,
    delivery,
    forward,
    held_record,
    installation,
    ledger_save,
    member,
    mirror,
    posting,
    purge,
    record,
    replay,
    rotation,
    run,
    settled,
    suspension,
    token,
    unconfirmed,
    worklist,
)
from interface.store.arrival import PreparedIntake
from interface.store.ledger_save import SealedChanges
from interface.store.reader import SqlReader
from interface.store.rotation import KeyRotation
from interface.view.alert import Alert, ToldRow
from interface.view.configuration import Publishing
from interface.view.count import PartRow, PauseKind
from interface.view.token import TokenRow


class SqlTurn(SqlReader):
    """Writes, and reads what it has written."""

    _is_turn = True

    def alone(self, subject: str) -> None:
        counter.alone(self._tx, subject)

    def receive(self, prepared: Sequence[Prepared], *, is_ahead: bool = False) -> list[Received]:
        intakes = cast(Sequence[PreparedIntake], prepared)  # opaque to everybody else
        return arrival.receive(self._tx, intakes, is_ahead=is_ahead)

    def let_members_run(self, batch_id: int) -> None:
        member.let_run(self._tx, batch_id)

    def finish(self, runs: Sequence[RunRecord]) -> None:
        run.finish(self._tx, runs)

    def settle_answers(self, codes: Mapping[int, str]) -> dict[int, str]:
        return run.settle_answers(self._tx, codes)

    def give_up(self, message_ids: Sequence[int], code: str, cause: str) -> list[int]:
        return decide.give_up(self._tx, message_ids, code, cause)

    def park(self, parked: Sequence[Parked]) -> None:
        run.park(self._tx, parked)

    def save(self, changes: Sealed, config_id: int) -> None:  # noqa: ARG002 - each row names its version itself
        ledger_save.save(self._tx, cast(SealedChanges, changes))  # opaque to everybody else

    def doubt(self, found: Sequence[Delivery], at: int, cause: str) -> None:
        delivery.doubt(self._tx, found, at, cause)

    def mark(self, marks: Iterable[MirrorMark]) -> None:
        mirror.mark(self._tx, marks)

    def settle_mirror(self, outcomes: Sequence[MirrorOutcome]) -> None:
        mirror.settle(self._tx, outcomes)

    def adopt_rules(self, rules: Mapping[str, str]) -> int:
        return mirror.adopt_rules(self._tx, rules)

    def tell_again(self, *, in_state: MirrorState | None = None, rows: Iterable[tuple[Subject, int]] = ()) -> int:
        return mirror.tell_again(self._tx, in_state=in_state, rows=rows)

    def put_records(self, kind: str, records: Sequence[HeldRecord]) -> None:
        held_record.put(self._tx, kind, records)

    def posting_facts(self, facts: Sequence[PostingFact]) -> None:
        posting.posting_facts(self._tx, facts)

    def note_unconfirmed(self, allocation_ids: Sequence[int]) -> None:
        unconfirmed.note_told(self._tx, allocation_ids)

    def note_overdue(self, ids: Sequence[int]) -> None:
        decide.note_overdue(self._tx, ids)

    def release_awaited(self, accounts: Sequence[str]) -> None:
        decide.release_awaited(self._tx, accounts)

    def enqueue(self, wanted: Sequence[DeliveryWanted]) -> list[int]:
        return delivery.enqueue(self._tx, wanted)

    def begin_attempt(self, delivery_id: int, payload: bytes, control_id: str, at: int) -> bool:
        return delivery.begin_attempt(self._tx, delivery_id, payload, control_id, at)

    def delivery(self, delivery_id: int) -> Delivery:
        return delivery.delivery(self._tx, delivery_id)

    def end_attempt(self, delivery_id: int, outcome: Outcome) -> None:
        delivery.end_attempt(self._tx, delivery_id, outcome)

    def application_ack(self, control_id: str, code: str, at: int) -> Delivery | None:
        return delivery.application_ack(self._tx, control_id, code, at)

    def set_destination_state(self, state: DestinationState) -> None:
        suspension.keep(self._tx, state)

    def bring_deliveries_forward(self, destination: str, latest: int, latest_probe: int) -> int:
        return forward.deliveries(self._tx, destination, latest, latest_probe)

    def bring_mirror_forward(self, latest: int) -> int:
        return forward.tellings(self._tx, latest)

    def recover_sends(self, at: int, *, are_alerts: bool = False) -> list[Delivery]:
        return delivery.recover_sends(self._tx, at, are_alerts=are_alerts)

    def open_work_items(self, items: Sequence[WorkItem]) -> None:
        worklist.open_items(self._tx, items)

    def close_work_items(self, kind: str, subject: str, how: str, actor: str) -> None:
        worklist.close_items(self._tx, kind, subject, how, actor)

    def close_items_of(self, messages: Sequence[StuckMessage], how: str, actor: str) -> None:
        settled.close_items_of(self._tx, messages, how, actor)

    def keep_config(self, files: Mapping[str, str], digest: str, at: int) -> int:
        return configuration.keep(self._tx, files, digest, at)

    def activate_config(self, config_id: int, publishing: Publishing) -> None:
        configuration.activate(self._tx, config_id, publishing)

    def keep_alerts(self, alerts: Sequence[Alert]) -> list[Alert]:
        return alert.keep(self._tx, alerts)

    def forget_alerts(self, ids: Iterable[int]) -> None:
        alert.forget(self._tx, ids)

    def forget_told(self, before: int) -> None:
        alert.forget_told(self._tx, before)

    def note_told(self, told: Sequence[ToldRow]) -> list[int]:
        return alert.note_told(self._tx, told)

    def note_backup(self, at: int) -> None:
        installation.note_backup(self._tx, at)

    def beat(self, part: PartRow) -> None:
        count.beat(self._tx, part)

    def release(self, ids: Sequence[int]) -> None:
        decide.release(self._tx, ids)

    def skip(self, ids: Sequence[int], cause: str) -> None:
        decide.skip(self._tx, ids, cause)

    def hold(self, ids: Sequence[int], cause: str) -> None:
        decide.hold(self._tx, ids, cause)

    def pause(self, kind: PauseKind, subject: str, actor: str) -> bool:
        return decide.bring_to_stop(self._tx, kind, subject, actor)

    def resume(self, kind: PauseKind, subject: str) -> bool:
        return decide.let_go_on(self._tx, kind, subject)

    def resume_after_restore(self) -> bool:
        return installation.resume(self._tx)

    def rewrap(self, changed: KeyChange) -> None:
        rotation.rewrap(self._tx, cast(KeyRotation, changed))  # opaque to everybody else

    def queue_again(self, delivery_id: int, due_at: int, cause: str, *, anew: bool) -> None:
        delivery.queue_again(self._tx, delivery_id, due_at, cause, anew=anew)

    def withdraw(self, delivery_id: int, cause: str) -> None:
        delivery.withdraw(self._tx, delivery_id, cause)

    def resend(self, delivery_id: int, payload: bytes, control_id: str, due_at: int) -> int:
        return delivery.resend(self._tx, delivery_id, payload, control_id, due_at)

    def request_replay(self, ids: Sequence[int], actor: str, *, force_money: bool) -> int:
        return replay.request(self._tx, ids, actor, force_money=force_money)

    def extend_replay(self, replay_id: int, ids: Sequence[int]) -> None:
        replay.extend(self._tx, replay_id, ids)

    def close_open_items(self, ids: Sequence[int], how: str, actor: str) -> set[int]:
        return worklist.close_open_items(self._tx, ids, how, actor)

    def close_work_item(self, item_id: int, how: str, actor: str) -> bool:
        return worklist.close_item(self._tx, item_id, how, actor)

    def add_token(self, one: TokenRow, secret: str) -> None:
        token.add_token(self._tx, one, secret)

    def revoke_token(self, public_id: str, at: int) -> bool:
        return token.revoke_token(self._tx, public_id, at)

    def use_token(self, public_id: str, at: int) -> None:
        token.use_token(self._tx, public_id, at)

    def audit(self, acts: Sequence[Act]) -> None:
        audit.audit(self._tx, acts)

    def purge(self, rule: Rule, cutoff: int, ids: Sequence[int]) -> Removed:
        return purge.step(self._tx, rule, cutoff, ids)

    def drop_keys(self, keys: Sequence[tuple[int, int]]) -> None:
        purge.sweep(self._tx, keys)

    def raise_epoch(self) -> None:
        counter.raise_epoch(self._tx)

    def add_record(self, kind: str, key: str, value: bytes) -> None:
        record.add_record(self._tx, kind, key, value)

    def advance(self, name: str, amount: int) -> range:
        """Reserve the next numbers of a counter."""
        return counter.advance(self._tx, name, amount)

    def renew_wire_prefix(self) -> str:
        """The prefix of wire ids from now on."""
        return installation.renew_wire_prefix(self._tx)

    def touch(self) -> None:
        """Write something that changes nothing, to learn whether the database still takes writes."""
        counter.advance(self._tx, "touch", 1)

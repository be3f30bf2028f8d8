"""What follows from a batch: payments to post, application acknowledgements to send, acknowledgements of ours to match."""

from collections.abc import Callable

from interface.hl7.header import CONTROL_ID_LENGTH
from interface.ledger.change import LedgerChanges, Settled
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem
from interface.mapping.posting import SETTLEMENT_NOTICE
from interface.message import DeliveryState, MessageState
from interface.pipeline import restored
from interface.pipeline.acknowledge import is_wanted, verdict_of
from interface.pipeline.answer import ECHOED, write_late
from interface.pipeline.conclude import Ending
from interface.pipeline.plan import ApplicationAck, Plan, Understood
from interface.ports import Turn
from interface.row.delivery import DeliveryWanted, Outcome
from interface.row.message import StoredMessage
from interface.view.delivery import DeliveryFilter

_ACKNOWLEDGEMENT = "acknowledgement"
_MANY = 10_000  # deliveries of one batch's messages


class Follow:
    """Collects in memory while a batch runs; `write` puts all into the batch's own commit."""

    def __init__(self, plan: Plan, wire_id: Callable[[str, int], str]) -> None:
        self._plan = plan
        self._wire_id = wire_id
        self._wanted: list[DeliveryWanted] = []
        self._acks: list[ApplicationAck] = []
        self._homeless: list[WorkItem] = []
        self._echoed: tuple[str, ...] = ()
        self._queued: list[int] = []

    @property
    def has_deliveries(self) -> bool:
        """Whether something was queued."""
        return bool(self._wanted)

    def message(self, message: StoredMessage, understood: Understood | None, ending: Ending, now: int) -> None:
        """Note the acknowledgement that a message brought, or the one that its sender wants as a message of its own."""
        if understood is not None and isinstance(understood.content, ApplicationAck):
            self._acks.append(understood.content)
            return
        channel = self._plan.channels.get(message.source)
        if channel is None or not channel.reply_destination:
            return
        reply = channel.reply(message.raw)
        if reply is not None and is_wanted(reply.condition, verdict_of(ending.verdict)):
            control_id = self._wire_id("message", CONTROL_ID_LENGTH)
            self._wanted.append(
                DeliveryWanted(
                    destination=channel.reply_destination,
                    kind=_ACKNOWLEDGEMENT,
                    subject=f"message:{message.id}",
                    order_key=0,
                    due_at=now,
                    config_id=self._plan.config_id,
                    payload=reply.build(ending.verdict, control_id, now, ending.hl7_code, ending.place),
                    control_id=control_id,
                )
            )

    def postings(self, changes: LedgerChanges, now: int) -> None:
        """Queue every allocation that is to be posted; one without a destination becomes a work item, never nothing.

        What the EHR echoed is settled, whatever was known of its delivery before. Notices of what settled at the bank go behind.
        """
        self._echoed = tuple(f"allocation:{proof.allocation_id}" for proof in changes.confirmed_postings)
        for posting in changes.postings:
            destination = self._plan.payment_destination(posting.facility)
            if destination is None:
                self._homeless.append(
                    WorkItem(
                        ItemKind.NO_DESTINATION,
                        f"allocation:{posting.allocation_id}",
                        "no-destination",
                        NOTICE,
                        posting.amount_minor,
                        posting.currency,
                    )
                )
                continue
            self._wanted.append(
                DeliveryWanted(
                    destination=destination.name,
                    kind=posting.kind,
                    subject=f"allocation:{posting.allocation_id}",
                    order_key=posting.ordered_by,
                    due_at=now,
                    config_id=self._plan.config_id,
                )
            )

        for settled in changes.settlements:
            self._notices(settled, now)

    def _notices(self, settled: Settled, now: int) -> None:
        """Of each part that is ours to post, in order with its payment; none where nobody wants to know."""
        destination = self._plan.payment_destination(settled.payment.facility)
        if destination is None or not destination.receives_notices:
            return
        self._wanted += [
            DeliveryWanted(
                destination=destination.name,
                kind=SETTLEMENT_NOTICE,
                subject=f"{SETTLEMENT_NOTICE}:{part.id}",
                order_key=part.account_id,
                due_at=now,
                config_id=self._plan.config_id,
            )
            for part in settled.parts
            if part.posting is not None
        ]

    def write(self, turn: Turn, now: int) -> None:
        """Write all in the batch's transaction."""
        if self._wanted:
            told = self._told(turn)
            self._queued = turn.enqueue([one for one in self._wanted if one.subject not in told])
        if self._homeless:
            turn.open_work_items(self._homeless)
        if self._echoed:
            self._settle_echoed(turn, now)
        for ack in self._acks:
            delivery = turn.application_ack(ack.control_id, ack.code, now)
            destination = self._plan.destinations.get(delivery.destination) if delivery else None
            if delivery and destination:
                write_late(turn, delivery, destination.posted_when, ack.control_id, ack.code, now)

    def doubt(self, turn: Turn, now: int) -> None:
        """Once the batch's payments are saved: those that the earlier life of a restored store may have sent are ambiguous."""
        restored.doubt_queued(turn, self._queued, now)

    def _told(self, turn: Turn) -> set[str]:
        """Messages that were acknowledged when they were held or failed, before this run: once is enough.

        Where the sender was told no, the same bytes came again, and are acknowledged again.
        """
        asked = [int(one.subject.partition(":")[2]) for one in self._wanted if one.kind == _ACKNOWLEDGEMENT]
        if not asked:
            return set()
        before = turn.deliveries(DeliveryFilter(reply_to=tuple(asked), limit=_MANY))
        stories = [turn.message(number) for number in {one.reply_to for one in before} if number is not None]
        return {
            f"message:{story.row.id}"
            for story in stories
            if story is not None and story.runs and story.runs[-1].state is not MessageState.REFUSED
        }

    def _settle_echoed(self, turn: Turn, now: int) -> None:
        unsettled = (DeliveryState.AMBIGUOUS, DeliveryState.REJECTED, DeliveryState.QUEUED, DeliveryState.SENDING)
        for story in turn.deliveries(DeliveryFilter(subjects=self._echoed, states=unsettled, limit=_MANY)):
            if story.state is DeliveryState.QUEUED:
                turn.withdraw(story.id, ECHOED)  # it would be posted twice
            else:
                turn.end_attempt(story.id, Outcome(DeliveryState.DELIVERED, now, ECHOED, "it came back from the EHR"))
            for kind in (ItemKind.AMBIGUOUS_DELIVERY, ItemKind.REJECTED_DELIVERY):
                turn.close_work_items(kind, f"delivery:{story.id}", "the EHR sent the payment back", "engine")

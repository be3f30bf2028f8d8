"""Payments while the engine is being killed: the EHR's own record is the evidence that none of them is booked twice unreported."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from interface.message import DeliveryState, PostingState
from interface.view.delivery import DeliveryFilter
from tests.engine.cashier import EhrTill
from tests.engine.harness import Engine

_AT_REST = (DeliveryState.DELIVERED, DeliveryState.AMBIGUOUS, DeliveryState.REJECTED)


@dataclass(slots=True)
class PaymentTraffic:
    """One payment on each of `accounts`, taken as fast as they are asked for."""

    till: EhrTill
    accounts: tuple[str, ...]
    references: list[str] = field(default_factory=list)

    def send(self, _engine: Engine, answered: Callable[[], None]) -> None:
        for number, account in enumerate(self.accounts):
            self.references.append(self.till.pay(account, 1000 + number))
            answered()

    def is_settled(self, engine: Engine) -> bool:
        deliveries = engine.deliveries(DeliveryFilter(destination=f"{self.till.channel}/dft", limit=500))
        return len(deliveries) == len(self.references) and all(one.state in _AT_REST for one in deliveries)

    def differences(self, engine: Engine) -> Iterator[str]:
        if doubled := self.till.booked_twice():
            yield f"payments that the EHR booked twice: {doubled}"
        booked = {one.transaction_id: one.amount for one in self.till.ehr.record.journal.posted}
        reported = {item.subject for item in engine.work_items()}
        for number, reference in enumerate(self.references):
            allocation, delivery = self.till.allocation(reference), self.till.delivery(reference)
            if allocation is None or delivery is None:
                yield f"payment {number} is gone"
            elif allocation.posting is PostingState.POSTED:
                if booked.get(allocation.wire_id) != 1000 + number:
                    yield f"payment {number} is shown posted, and the EHR does not have it"
            elif f"delivery:{delivery.id}" not in reported:
                yield f"payment {number} is {allocation.posting}, and nobody is told"

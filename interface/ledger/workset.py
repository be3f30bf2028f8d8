"""One batch in memory: the rows loaded for it, and everything that its messages change, message by message all or nothing."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from interface.ledger.change import LedgerChanges, Loaded
from interface.ledger.due import BalancePolicy
from interface.ledger.entity import Entity
from interface.ledger.lane import lanes, paid_accounts
from interface.ledger.noun import Identifier, Noun
from interface.ledger.reading import Reading
from interface.ledger.rows import Rows
from interface.ledger.till import Till
from interface.ledger.undo import Undo
from interface.ledger.worklist import WorkItem

FAR_IDS = (
    1 << 60
)  # above everything that a store gives out: for worksets whose rows are kept beside stored ones, or nowhere

_BY_DEFAULT: Mapping[str, BalancePolicy] = MappingProxyType({})


class Workset:
    """Made for one batch and given to `apply` with each reading in order; `changes` is what has to be saved.

    `allocate(counter)` gives row ids (counters: the nouns, entry, payment, allocation), `new_public_id(prefix)` public ones,
    `wire_id(counter, width)` ids for FT1-2, `lane_of(identifier)` the lane of a patient not known yet. Ids taken by a message
    that ends without effect are lost. `policies`: how each facility's balances are reckoned. `version_of`: how often a row had
    changed before the batch, None where nobody counts.
    """

    def __init__(
        self,
        loaded: Loaded,
        allocate: Callable[[str], int],
        new_public_id: Callable[[str], str],
        lane_of: Callable[[Identifier], int],
        wire_id: Callable[[str, int], str],
        policies: Mapping[str, BalancePolicy] = _BY_DEFAULT,
        version_of: Callable[[Noun, int], int | None] = lambda _noun, _row_id: None,
    ) -> None:
        self.undo = Undo()
        self.rows = Rows(loaded, self.undo, allocate, new_public_id, lane_of)
        self.till = Till(loaded, self.undo, allocate, new_public_id, wire_id)
        self._policies = policies
        self.version_of = version_of
        self._work_items: list[WorkItem] = []

    def lanes(self, reading: Reading) -> tuple[int, ...]:
        """The lanes in which a reading keeps its order; see `interface.ledger.lane`."""
        return lanes(reading, self.rows, self.till)

    def paid_accounts(self, reading: Reading) -> list[Entity]:
        """The known accounts that a payment, void or refund of HealthPay24's is about; each once."""
        return paid_accounts(reading, self.rows, self.till)

    def patient_of(self, account: Entity) -> Entity | None:
        """Whose account it is today."""
        return self.rows.row(Noun.PATIENT, account.patient_id) if account.patient_id is not None else None

    def policy_of(self, facility: str) -> BalancePolicy:
        """How the balances of a facility's accounts are reckoned."""
        return self._policies.get(facility, BalancePolicy())

    def open_work_item(self, item: WorkItem) -> None:
        """Send something to a person."""
        self.undo.add(self._work_items, item)

    def new_account_names(self) -> list[str]:
        """Accounts, and visits that have an account now, as `authority|type|value`: money may have waited for them."""
        return ["|".join(identifier) for identifier in self.rows.appeared]

    def keep(self) -> None:
        """The present message stays applied."""
        self.undo.keep()

    def take_back(self) -> None:
        """The present message leaves nothing behind."""
        self.undo.take_back()

    def changes(self) -> LedgerChanges:
        """Everything that the messages applied so far have changed."""
        changes = LedgerChanges(work_items=list(self._work_items))
        self.rows.write_changes(changes)
        self.till.write_changes(changes)
        return changes

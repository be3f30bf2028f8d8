"""Ledger rows that were opened lately, kept by the one process that writes the ledger.

Most messages speak of rows that a message before them spoke of, and opening a row (look-up, decryption, parsing) costs more than
applying to it. Valid only while this process holds the `process` lock: nobody else writes these rows. Rows are changed in
place by what runs; once a commit fails everything is forgotten and read anew.
"""

from collections.abc import Iterable

from interface.ledger.change import LedgerChanges, Loaded
from interface.ledger.entity import Entity, KnownIdentifier
from interface.ledger.journal import Observation
from interface.ledger.needs import Needs
from interface.ledger.noun import Identifier, Noun
from interface.ports import LedgerRows

_RowKey = tuple[Noun, int]


class Warm:
    """At most `max_rows` rows; when they are more, all are forgotten, which costs a read each and needs no bookkeeping."""

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        self._rows: dict[_RowKey, Entity] = {}
        self._identifiers: dict[tuple[Noun, Identifier], KnownIdentifier] = {}
        self._observed: dict[int, Observation | None] = {}  # by account; None: nothing was ever stated

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._rows.clear()
        self._identifiers.clear()
        self._observed.clear()

    def settle(self, changes: LedgerChanges) -> None:
        """Take over what was committed. Changed rows are the ones kept here; only new ones have to be added."""
        for row in changes.created:
            self._rows[row.noun, row.id] = row
        for known in changes.identifiers:
            self._identifiers[known.noun, known.identifier] = known
        for gone in changes.retirements:
            self._identifiers.pop((gone.noun, gone.identifier), None)
        for seen in changes.observations:
            self._observed[seen.account_id] = seen
        if len(self._rows) > self._max_rows:
            self.forget()

    def load(self, base: LedgerRows, needs: Needs) -> Loaded:
        """What `base` would give; asked only for what is not kept."""
        self._read(base, needs)
        known = [self._identifiers[key] for key in needs.identifiers if key in self._identifiers]
        loaded = self._beside(base, needs)
        rows: dict[_RowKey, Entity] = {}
        for one in known:
            self._gather(rows, (one.noun, one.entity_id))
        for row in loaded.entities:
            self._gather(rows, (row.noun, row.id))
        loaded.entities = list(rows.values())
        loaded.identifiers = known
        if needs.observed:
            found = (self._observed.get(row.id) for row in rows.values() if row.noun is Noun.ACCOUNT)
            kept = {one.account_id: one for one in found if one is not None}
            loaded.observations = list({**{one.account_id: one for one in loaded.observations}, **kept}.values())
        return loaded

    def _read(self, base: LedgerRows, needs: Needs) -> None:
        unknown = {key for key in needs.identifiers if key not in self._identifiers}
        unseen = {one for one in needs.observed if self._is_unseen(one)}
        if not unknown and not unseen:
            return
        asked = Needs(identifiers=unknown | {(Noun.ACCOUNT, one) for one in unseen}, observed=unseen)
        loaded = base.load(asked)
        self._keep(loaded.entities)
        for known in loaded.identifiers:
            self._identifiers.setdefault((known.noun, known.identifier), known)
        if unseen:
            stated = {one.account_id: one for one in loaded.observations}
            for row in loaded.entities:
                if row.noun is Noun.ACCOUNT:
                    self._observed.setdefault(row.id, stated.get(row.id))

    def _is_unseen(self, account: Identifier) -> bool:
        known = self._identifiers.get((Noun.ACCOUNT, account))
        return known is None or known.entity_id not in self._observed

    def _beside(self, base: LedgerRows, needs: Needs) -> Loaded:
        """Money and payments, which are never kept: they are few, and deliveries change them, too."""
        asked = Needs(
            account_public_ids=needs.account_public_ids,
            money=needs.money,
            money_of_messages=needs.money_of_messages,
            wire_ids=needs.wire_ids,
            transaction_ids=needs.transaction_ids,
            money_of=needs.money_of,
        )
        if asked == Needs():
            return Loaded()
        loaded = base.load(asked)
        self._keep(loaded.entities)
        return loaded

    def _keep(self, rows: Iterable[Entity]) -> None:
        for row in rows:
            self._rows.setdefault((row.noun, row.id), row)

    def _gather(self, rows: dict[_RowKey, Entity], key: _RowKey) -> None:
        """Add a row and what it links to, transitively."""
        if key in rows:
            return
        row = rows[key] = self._rows[key]
        for link in row.links():
            self._gather(rows, link)


class WarmRows:
    """`LedgerRows`: kept rows over a reader."""

    def __init__(self, warm: Warm, base: LedgerRows) -> None:
        self._warm = warm
        self._base = base
        self.heads = base.heads
        self.lane_roots = base.lane_roots
        self.awaited = base.awaited
        self.names = base.names
        self.row_versions = base.row_versions

    def load(self, needs: Needs) -> Loaded:
        """Kept rows, and what is missing from the reader."""
        return self._warm.load(self._base, needs)

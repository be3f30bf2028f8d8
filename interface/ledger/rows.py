"""The patients, guarantors, accounts and encounters of one batch: found by identifier, survivors followed, changes noted."""

from collections.abc import Callable, Iterable

from interface.ledger.change import Confirmation, LedgerChanges, Loaded, Retirement
from interface.ledger.entity import Confirmed, Entity, Group, KnownIdentifier
from interface.ledger.estate import estate
from interface.ledger.noun import NAMES, PREFIX, Identifier, Noun, public
from interface.ledger.outcome import Cause, refuse
from interface.ledger.undo import Undo


class Rows:
    """Rows are changed in place through the undo log; `touch` every row that has to be written whole."""

    def __init__(
        self,
        loaded: Loaded,
        undo: Undo,
        allocate: Callable[[str], int],
        new_public_id: Callable[[str], str],
        lane_of: Callable[[Identifier], int],
    ) -> None:
        self.undo = undo
        self.lane_of = lane_of
        self._allocate = allocate
        self._new_public_id = new_public_id
        self._rows: dict[Noun, dict[int, Entity]] = {noun: {} for noun in Noun}
        for entity in loaded.entities:
            # A row may be loaded twice; its first copy stays, for links to it may have been taken.
            self._rows[entity.noun].setdefault(entity.id, entity)
        self._accounts = {row.public_id: row for row in self._rows[Noun.ACCOUNT].values()}
        self._known: dict[Noun, dict[Identifier, int]] = {noun: {} for noun in Noun}
        self._retired: dict[tuple[Noun, Identifier], int | None] = {}
        for known in loaded.identifiers:
            self._known[known.noun][known.identifier] = known.entity_id
            if known.retired_at is not None:
                self._retired[known.noun, known.identifier] = known.retired_at
        self._created: dict[tuple[Noun, int], None] = {}
        self._changed: dict[tuple[Noun, int], None] = {}
        self._renamed: dict[tuple[Noun, int], None] = {}
        self._confirmed: dict[tuple[Noun, int], None] = {}
        self._given: dict[tuple[Noun, Identifier], KnownIdentifier] = {}
        self._retirements: dict[tuple[Noun, Identifier], Retirement] = {}
        self.appeared: list[Identifier] = []  # accounts, and visits with an account, that money may wait for

    def find(self, noun: Noun, identifier: Identifier) -> Entity | None:
        """The row that the identifier was given to, retired or not."""
        row_id = self._known[noun].get(identifier)
        return None if row_id is None else self._rows[noun][row_id]

    def known(self, noun: Noun, ids: Iterable[Identifier]) -> Entity | None:
        """The row that the first known of these identifiers was given to, retired or not."""
        return next((row for row in (self.find(noun, identifier) for identifier in ids) if row is not None), None)

    def has(self, noun: Noun, row_id: int) -> bool:
        """Whether the row was loaded; links that are kept for look-up alone may name one that was not."""
        return row_id in self._rows[noun]

    def row(self, noun: Noun, row_id: int) -> Entity:
        """The row that stands for `row_id` today."""
        return self.root(self._rows[noun][row_id])

    def root(self, entity: Entity) -> Entity:
        """Who stands for this row today."""
        if entity.survivor_id is None:
            return entity
        return self.chain(entity)[-1]

    def chain(self, entity: Entity) -> list[Entity]:
        """The row, its survivor, that one's survivor ... A loop, which merges never make, ends where it closes."""
        steps, seen, rows = [entity], {entity.id}, self._rows[entity.noun]
        while (survivor_id := steps[-1].survivor_id) is not None and survivor_id not in seen:
            seen.add(survivor_id)
            steps.append(rows[survivor_id])
        return steps

    def resolve(self, noun: Noun, ids: Iterable[Identifier]) -> Entity | None:
        """The row that the first known of these identifiers leads to today."""
        known = self._known[noun]
        for identifier in ids:
            row_id = known.get(identifier)
            if row_id is not None:
                entity = self._rows[noun][row_id]
                return entity if entity.survivor_id is None else self.root(entity)
        return None

    def owner(self, row: Entity) -> Entity | None:
        """Whose account or visit it is today. A visit is whose its account is: that may have been moved since the visit began."""
        patient_id = row.patient_id
        if row.account_id is not None:
            patient_id = self.row(Noun.ACCOUNT, row.account_id).patient_id or patient_id
        return None if patient_id is None else self.row(Noun.PATIENT, patient_id)

    def estate(self, row: Entity) -> set[int]:
        """Ids of all accounts of a patient, account or visit, merged ones included, as far as they were loaded."""
        return estate((one for rows in self._rows.values() for one in rows.values()), [(row.noun, row.id)])

    def account_named(self, public_id: str) -> Entity | None:
        """The account with this public id, followed to its survivor."""
        account = self._accounts.get(public_id)
        return None if account is None else self.root(account)

    def is_new(self, row: Entity) -> bool:
        """Whether this batch has made the row."""
        return (row.noun, row.id) in self._created

    def create(self, noun: Noun, ids: Iterable[Identifier], event_at: int, recorded_at: int) -> Entity:
        """A new row with these identifiers, none of which is known."""
        entity = Entity(noun, self._allocate(noun), self._new_public_id(PREFIX[noun]), recorded_at, recorded_at)
        self.undo.put(self._rows[noun], entity.id, entity)
        self.undo.put(self._created, (noun, entity.id), None)
        self.undo.put(self._known[noun], public(entity.public_id), entity.id)
        if noun is Noun.ACCOUNT:
            self.undo.put(self._accounts, entity.public_id, entity)
        for identifier in ids:
            self.give(entity, identifier, event_at)
        return entity

    def give(self, entity: Entity, identifier: Identifier, event_at: int) -> None:
        """Let an unknown identifier lead to this row; a public id that nothing has is refused."""
        if identifier.is_public:
            raise refuse("204", Cause.REFERENCE_UNKNOWN, f"no {entity.noun} has this id", place=entity.noun)
        known = KnownIdentifier(entity.noun, identifier, entity.id, event_at)
        self.undo.put(self._known[entity.noun], identifier, entity.id)
        self.undo.put(self._given, (entity.noun, identifier), known)
        if entity.noun is Noun.ACCOUNT:
            self.undo.add(self.appeared, identifier)

    def retire(self, noun: Noun, identifier: Identifier, at: int) -> None:
        """Mark an identifier as gone; once retired it keeps its first time. A public id names its row for ever."""
        if not identifier.is_public and self.retired_at(noun, identifier) is None:
            self._note_retired(noun, identifier, at)

    def revive(self, noun: Noun, identifier: Identifier) -> None:
        """Let a retired identifier name its row again."""
        self._note_retired(noun, identifier, None)

    def retired_at(self, noun: Noun, identifier: Identifier) -> int | None:
        """Since when an identifier is gone; None while it lives."""
        return self._retired.get((noun, identifier))

    def _note_retired(self, noun: Noun, identifier: Identifier, at: int | None) -> None:
        self.undo.put(self._retired, (noun, identifier), at)
        self.undo.put(self._retirements, (noun, identifier), Retirement(noun, identifier, at))

    def touch(self, entity: Entity, recorded_at: int) -> None:
        """Note that this row is to be written whole."""
        key = (entity.noun, entity.id)
        if key not in self._created and key not in self._changed:
            self.undo.put(self._changed, key, None)
        if entity.updated_at != recorded_at:
            self.undo.set(entity, "updated_at", recorded_at)

    def write_group(self, entity: Entity, name: str, group: Group, recorded_at: int) -> None:
        """Let a group stand so in a row, which is to be written whole."""
        held = entity.groups.get(name)
        if name in NAMES and (held is None or held.values != group.values):
            self.undo.put(self._renamed, (entity.noun, entity.id), None)
        self.undo.put(entity.groups, name, group)
        self.touch(entity, recorded_at)

    def confirm(self, entity: Entity, confirmed: Confirmed) -> None:
        """Note that groups of this row were repeated by a newer message."""
        self.undo.set(entity, "confirmed", confirmed)
        key = (entity.noun, entity.id)
        if key not in self._confirmed:
            self.undo.put(self._confirmed, key, None)

    def write_changes(self, changes: LedgerChanges) -> None:
        """Add what happened to the rows."""
        changes.created += [self._rows[noun][row_id] for noun, row_id in self._created]
        changes.changed += [self._rows[noun][row_id] for noun, row_id in self._changed]
        changes.renamed |= self._renamed.keys() & self._changed.keys()
        for key in self._confirmed:
            confirmed = self._rows[key[0]][key[1]].confirmed
            if confirmed is not None and key not in self._created and key not in self._changed:
                changes.confirmations.append(Confirmation(*key, confirmed))
        changes.identifiers += self._given.values()
        changes.retirements += self._retirements.values()

"""One message while it is being applied: what it says, the batch's rows and money, and what was noticed on the way."""

from dataclasses import dataclass, field
from typing import Any

from interface.ledger.entity import Entity, Group
from interface.ledger.noun import Identifier, Noun
from interface.ledger.outcome import Caution, Unrestated
from interface.ledger.precedence import say
from interface.ledger.reading import Reading
from interface.ledger.rows import Rows
from interface.ledger.stamp import Stamp
from interface.ledger.till import Till
from interface.ledger.worklist import WorkItem
from interface.ledger.workset import Workset


@dataclass(slots=True)
class Telling:
    """What the families of meanings work on; lives for one reading of one `apply`."""

    reading: Reading
    workset: Workset
    stamp: Stamp
    position: int = 0  # among the readings of its message
    rows: Rows = field(init=False)
    till: Till = field(init=False)
    changed: bool = False
    warnings: list[str] = field(default_factory=list)
    unrestated: list[Unrestated] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows, self.till = self.workset.rows, self.workset.till

    def say(self, entity: Entity, groups: dict[str, dict[str, Any]], at: int | None = None) -> None:
        """Let the message speak about a row, as of its event time unless told otherwise."""
        if say(self.rows, entity, groups, self.reading.event_at if at is None else at, self.stamp):
            self.changed = True

    def conclude(self, entity: Entity, group: str, values: dict[str, Any]) -> None:
        """Set a group that follows from others, and so competes with nothing."""
        held, stamp = entity.groups.get(group), self.stamp
        if held is None or held.values != values:
            concluded = Group(self.reading.event_at, stamp.seq, stamp.message_id, stamp.config_id, values)
            self.rows.write_group(entity, group, concluded, stamp.recorded_at)
            self.changed = True

    def create(self, noun: Noun, ids: tuple[Identifier, ...]) -> Entity:
        """A new row that these identifiers lead to."""
        self.changed = True
        return self.rows.create(noun, ids, self.reading.event_at, self.stamp.recorded_at)

    def set(self, entity: Entity, name: str, value: object) -> None:
        """Change a link or plain column of a row."""
        self.changed = True
        self.rows.undo.set(entity, name, value)
        self.rows.touch(entity, self.stamp.recorded_at)

    def identify(self, entity: Entity, ids: tuple[Identifier, ...]) -> None:
        """Let the further identifiers lead to this row, too; one that is somebody else's stays where it is."""
        if len(ids) == 1:
            return
        for identifier in ids:
            other = self.rows.resolve(entity.noun, (identifier,))
            if other is None:
                self.rows.give(entity, identifier, self.reading.event_at)
                self.changed = True
            elif other is not entity:
                self.warn(Caution.IDENTIFIER_OF_ANOTHER, entity.noun)

    def warn(self, caution: Caution, place: str = "") -> None:
        """Note something for the run's record: code and place, never a value."""
        self.warnings.append(f"{caution} {place}".rstrip())

    def tell_person(self, item: WorkItem) -> None:
        """Open a work item although the message is applied."""
        self.workset.open_work_item(item)

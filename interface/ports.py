"""The seams between the rooms: what the pipeline, the engine and the operators' acts ask of the store and of the wires.

A store hands out two things. A `Reader` sees one consistent snapshot and takes no write lock. A `Turn` is one short write
transaction: when `Store.turn()` exits without an error, everything written in it is committed and flushed to disk. Sealing,
compressing and digesting happen in `Store.prepare...` calls, before a turn opens, so that a turn only writes.
Times are UTC microseconds. Ids are bigints. Nothing here names a table.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from interface.ledger.change import LedgerChanges, Loaded
from interface.ledger.compare import Image
from interface.ledger.needs import Needs
from interface.ledger.noun import Identifier, Noun
from interface.ledger.worklist import WorkItem
from interface.mapping.posting import Posting
from interface.row.act import Act
from interface.row.backup import AuditEnd, BackupPace, LastHeld, Manifest
from interface.row.baseline import Baseline
from interface.row.delivery import (
    Delivery,
    DestinationState,
    Homeless,
    Unconfirmed,
)
from interface.row.message import BATCH_BYTES, Intake, Parked, Received, RunRecord, Settled, StoredMessage, StuckMessage
from interface.row.protocol import DeliveryActs, MirrorActs, MirrorViews
from interface.row.purge import Candidate, Removed, Rule
from interface.view.audit import AuditProof
from interface.view.configuration import Publishing
from interface.view.count import PartRow
from interface.view.message import RunRow
from interface.view.protocol import Acts, Views


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> int:
        """Microseconds since 1970 UTC."""


Prepared: TypeAlias = Any
"""An intake with its digest, its sealed and compressed body. Opaque outside of the store, and different in each."""

Sealed: TypeAlias = Any
"""A batch's ledger changes, sealed. Opaque outside of the store, and different in each."""


KeyChange: TypeAlias = Any
"""A new master key on its way into use. Opaque outside of the store."""


class LedgerRows(Protocol):
    """What a batch reads before it runs."""

    def load(self, needs: Needs) -> Loaded:
        """Ledger rows that these readings touch, survivors followed."""

    def heads(self, lanes: Iterable[int], /) -> Mapping[int, int]:
        """By lane (given as roots), the order id of the oldest message that blocks or waits in it; a paused one is before all."""

    def lane_roots(self, lanes: Iterable[int], /) -> dict[int, int]:
        """The root of every lane that was joined to another one; lanes that stand alone are left out."""

    def awaited(self, accounts: Iterable[str], /) -> dict[str, list[int]]:
        """Messages held for these accounts (authority|type|value), oldest first."""

    def names(self, noun: Noun, ids: Iterable[int], /) -> Mapping[int, Identifier]:
        """The living identifier by which the outside knows each of these rows; rows without one are left out."""

    def row_versions(self, noun: Noun, ids: Sequence[int], /) -> Mapping[int, int]:
        """How often each of these rows has changed; empty where nobody counts."""


class Reader(LedgerRows, Views, MirrorViews, Protocol):
    """One consistent snapshot. What people are shown of it stands in `interface.view`."""

    def waiting(self, limit: int, max_bytes: int = BATCH_BYTES) -> list[StoredMessage]:
        """Messages that can run now (waiting, not parked), in order, bodies opened; one at least. An HL7 batch comes alone."""

    def members_written(self, batch_id: int) -> int:
        """How many messages of an HL7 batch are written so far: always the first ones."""

    def stored(self, ids: Sequence[int]) -> list[StoredMessage]:
        """These messages, in the order of their ids, bodies opened; what has none any more is left out."""

    def purge_page(self, rule: Rule, cutoff: int, beyond: int, limit: int) -> tuple[list[Candidate], int]:
        """What of the next `limit` rows is of this rule and due; and where to go on, 0 where all that follows is younger."""

    def lost_keys(self, beyond: tuple[int, int], limit: int, /) -> tuple[list[tuple[int, int]], tuple[int, int] | None]:
        """Of the next `limit` search keys those that lead to no message; and where to go on, None at the end."""

    def prove_audit(self, noted: AuditEnd | None) -> AuditProof:
        """Prove the audit trail's chain. `noted`: an end that a backup carries, which must stand in it."""

    def baseline(self) -> Baseline | None:
        """The copy of the ledger that a proof begins from; None where none was taken."""

    def baseline_changes(self) -> Iterator[LedgerChanges]:
        """Its rows, as changes that make the same ledger of an empty one."""

    def image(self) -> Image:
        """The whole ledger, read page by page while the snapshot lives."""

    def runs(self, beyond_id: int, limit: int) -> list[RunRow]:
        """One page of all runs, in the order of their commits."""

    def config_files(self, config_id: int) -> Mapping[str, str]:
        """The files of one configuration version."""

    def unconfirmed(self, destination: str, before: int, limit: int) -> list[Unconfirmed]:
        """What a destination acknowledged before a time, is not proved to be posted, and nobody was told of; oldest first."""

    def overdue(self, now: int, limit: int) -> list[int]:
        """Held messages whose `due_at` has come, longest first."""

    def replays(self, limit: int, max_bytes: int = BATCH_BYTES) -> list[StoredMessage]:
        """Requested replays in their original order, bodies opened; one at least, however large. An HL7 batch comes alone."""

    def due(self, destination: str, now: int, limit: int) -> list[Delivery]:
        """Deliveries to send now: state queued, due, and first of their order key among all that are not final."""

    def active_config(self) -> tuple[int, Mapping[str, str]] | None:
        """Id and files of the active configuration version."""

    def active_config_id(self) -> int:
        """Id of the active configuration version; 0 before the first one."""

    def epoch(self) -> int:
        """A counter that every operator's act on messages, lanes or the ledger raises (in its own turn)."""

    def homeless(self, beyond_id: int, limit: int) -> list[Homeless]:
        """One page of what waits for a destination, in the order of its work items' ids."""

    def posting(self, allocation_id: int) -> Posting:
        """All that rendering a payment needs, through current identities: survivors followed."""

    def destination_state(self, destination: str) -> "DestinationState":
        """Whether a destination is suspended or paused, and how many sends in a row went unanswered."""

    def record(self, kind: str, key: str) -> bytes | None:
        """What an adapter noted under a key of its own (an idempotency key); None where nothing was."""

    def last_held(self) -> list[LastHeld]:
        """The newest message that we have custody of, for each source and sender. Reads every message: for a restore."""

    def in_doubt(self, ids: Sequence[int]) -> list[Delivery]:
        """Of these queued deliveries those of payments made before this store was restored, if it was."""

    def unfinished(self, limit: int) -> list[Delivery]:
        """Deliveries that are queued or being sent, oldest first."""

    def settled_answers(self, message_ids: Collection[int]) -> "dict[int, Settled]":
        """The answers that were decided for messages whose senders wait; those that are not decided are left out."""


class Turn(Reader, Acts, MirrorActs, DeliveryActs, Protocol):
    """One write transaction; also sees what it has written. What people may do in it stands in `interface.view`."""

    def receive(self, prepared: Sequence[Prepared], *, is_ahead: bool = False) -> list[Received]:
        """Write arrivals and new messages; a unique constraint tells repeats. Same order as given.

        Messages of an HL7 batch that are written ahead may not run before `let_members_run`.
        """

    def let_members_run(self, batch_id: int) -> None:
        """Let messages of an HL7 batch run that were written ahead."""

    def finish(self, runs: Sequence[RunRecord]) -> None:
        """Write runs and the messages' new states, identities, blocking lanes, awaited accounts."""

    def park(self, parked: Sequence[Parked]) -> None:
        """Put messages behind others in their lanes."""

    def save(self, changes: Sealed, config_id: int) -> None:
        """Write everything that a batch changed in the ledger; `Store.seal` made it ready."""

    def beat(self, part: PartRow) -> None:
        """Note that a part of the engine is alive, or that it stopped."""

    def note_backup(self, at: int) -> None:
        """Note that a backup was finished."""

    def keep_config(self, files: Mapping[str, str], digest: str, at: int) -> int:
        """Keep files as a configuration version; gives its id, the same for the same digest."""

    def activate_config(self, config_id: int, publishing: Publishing) -> None:
        """Make a version the active one. ActRefusedError `version-moved` where another is active than this was decided on."""

    def audit(self, acts: Sequence[Act]) -> None:
        """Append to the audit trail."""

    def alone(self, subject: str) -> None:
        """Until this turn ends, no other turn goes beyond the same call; what is read behind it is newer than any before."""

    def add_record(self, kind: str, key: str, value: bytes) -> None:
        """Note something under a key, once; sealed at rest. ActRefusedError `record-exists` where another one was first."""

    def purge(self, rule: Rule, cutoff: int, ids: Sequence[int]) -> Removed:
        """Remove those of these rows that may still go."""

    def drop_keys(self, keys: Sequence[tuple[int, int]]) -> None:
        """Remove search keys that lead nowhere."""

    def raise_epoch(self) -> None:
        """Make batches that were read before this turn start over."""

    def settle_answers(self, codes: Mapping[int, str]) -> dict[int, str]:
        """Compare-and-set of pending answers, by message id; gives the code of each that stands."""

    def give_up(self, message_ids: Sequence[int], code: str, cause: str) -> list[int]:
        """Refuse those of these that still wait: answered with `code`, and never applied."""

    def note_unconfirmed(self, allocation_ids: Sequence[int]) -> None:
        """A person was told of these: `unconfirmed` gives them no more."""

    def note_overdue(self, ids: Sequence[int]) -> None:
        """A person was told that these were held too long: `overdue` gives them no more."""

    def release_awaited(self, accounts: Sequence[str]) -> None:
        """Messages held for these accounts go back to waiting."""

    def open_work_items(self, items: Sequence[WorkItem]) -> None:
        """Open work items, or count up the open one of the same kind, subject and cause."""

    def close_work_items(self, kind: str, subject: str, how: str, actor: str) -> None:
        """Close what is open about a subject."""

    def close_open_items(self, ids: Sequence[int], how: str, actor: str) -> set[int]:
        """Close these work items; gives the ids of those that were open."""

    def close_items_of(self, messages: Sequence[StuckMessage], how: str, actor: str) -> None:
        """Close the items that these messages were the last of. They have moved; what is given tells how they stood."""

    def rewrap(self, changed: KeyChange) -> None:
        """Put a new master key in use: the data keys are wrapped by it from this commit on."""


class Workbench(Protocol):
    """What a batch uses while it runs; no database work but for reserving ids."""

    def allocate(self, name: str) -> int:
        """The next id of a counter; handed out from blocks, never reused, gaps are normal."""

    def wire_id(self, name: str, width: int) -> str:
        """The next short wire id: prefix of this database's life, then a counter; at most `width` characters."""

    def new_public_id(self, prefix: str) -> str:
        """A prefixed ULID."""

    def lane_of(self, identifier: Identifier) -> int:
        """The lane of a patient known by nothing but this identifier: 63 bits of its keyed digest."""

    def seal(self, changes: LedgerChanges) -> Sealed:
        """Seal what a batch changed; no database work."""


class Store(Workbench, Protocol):
    """The store of record."""

    def fingerprint(self, value: bytes) -> bytes:
        """16 bytes that are equal for equal bytes and tell nothing else."""

    def prepare(self, intakes: Sequence[Intake]) -> list[Prepared]:
        """Digest, compress and seal; no database work."""

    def snapshot(self) -> AbstractContextManager[Reader]:
        """A consistent read."""

    def turn(self, purpose: str) -> AbstractContextManager[Turn]:
        """A write transaction, durable when it exits. On SQLite, writers of all processes take fair turns."""

    def seal_audit(self) -> int:
        """Seal what the audit trail has gained since the newest seal; gives how many rows. One process at a time does so."""

    def give_back(self, size_bytes: int) -> bool:
        """Let the database's file become so much smaller; True while there is more to give back."""

    def compact(self) -> None:
        """Write everything anew without room in between; nobody else may use the database meanwhile."""

    def size_bytes(self) -> int:
        """What the database takes."""

    def settle_space(self) -> None:
        """After a purge, beside all other work: what was emptied can be used again."""

    def take_baseline(self, functions: str) -> None:
        """Copy the ledger, in many short turns; a proof begins from the newest copy. `functions` names the code since."""

    def renew_wire_ids(self) -> None:
        """Begin new wire ids, which no copy of this database has given or will give."""

    def backup(self, file: Path, pace: BackupPace, progress: "Progress") -> Manifest:
        """Write one consistent snapshot of everything to a file, beside running writers.

        Errors: ActRefusedError `file-exists`; StoreError `backup-not-written`, `database-damaged`.
        """

    def begin_key_rotation(self) -> KeyChange:
        """Have a new master key ready beside the present one.

        Errors: ActRefusedError `key-not-new`; StoreError `key-not-written`.
        """

    def finish_key_rotation(self, changed: KeyChange, /) -> Path | None:
        """Prove that the new key opens what was committed; gives the file that holds the old one, where there is one."""

    def check_writable(self) -> None:
        """Write and commit something small; raises StoreUnavailableError where that fails."""

    def exclusive(self, name: str) -> AbstractContextManager[bool]:
        """Hold a named lock that one process at a time may hold; gives whether it was got."""


Progress = Callable[[int, int], None]

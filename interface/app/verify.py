"""The proof: every processed message, run again into an empty ledger, gives the ledger that the store of record holds.

Each message runs as it ran then: first when it was received, then again for each replay that changed something, in the order of
their commits, each time under the configuration version of that run, with the ids that rows and payments got. A replay that
restates values but not money is therefore proven as what it is. What people decided and how far postings came is the deliveries'
history, not the messages', and is not compared. Where the engine's code changed, the proof begins with the ledger as it stood then.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from interface.app.collect import few_collections
from interface.app.compose import App
from interface.app.plan import plan_of
from interface.channel.loader import load
from interface.errors import ActRefusedError
from interface.healthpay24 import payload
from interface.ledger.change import Loaded
from interface.ledger.compare import Difference, compare
from interface.ledger.journal import Entry, is_balanced, sum_lines
from interface.ledger.needs import Needs
from interface.ledger.noun import PREFIX, Identifier, Noun
from interface.ledger.reading import Reading
from interface.ledger.workset import FAR_IDS
from interface.message import MessageState
from interface.pipeline.plan import Plan, Understood
from interface.pipeline.rerun import Bench, rerun
from interface.pipeline.warm import Warm, WarmRows
from interface.ports import Reader
from interface.row.baseline import Baseline
from interface.row.message import StoredMessage
from interface.store.store import SqlStore, open_scratch

_PAGE = 256
_WARM_ROWS = 20_000
Tell = Callable[[int, int], None]  # messages done, of how many


@dataclass(slots=True)
class Proof:
    """What was proven. `differences` name rows and groups, `endings` messages that now end otherwise; all empty: proven."""

    messages: int = 0
    entries: int = 0
    differences: list[Difference] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)
    unbalanced: list[int] = field(default_factory=list)  # entries whose lines do not sum to zero
    seconds: float = 0.0
    balances_differ: int = 0  # kept balances that are not the sums of their lines

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not (self.differences or self.endings or self.unbalanced or self.balances_differ)


def verify(app: App, tell: Tell) -> Proof:
    """Rebuild the ledger from stored messages in a scratch store and compare. Reads one snapshot; writes nothing.

    Errors: ActRefusedError `baseline-missing`.
    """
    with (
        few_collections(),
        app.store.snapshot() as reader,
        tempfile.TemporaryDirectory(prefix="hp24-verify-") as folder,
    ):
        proof, began = Proof(), time.monotonic()
        _prove_journal(reader, proof)
        base = reader.baseline()
        _require_beginning(reader, base)
        steps = list(_steps(reader, base.beyond_run if base else 0))
        scratch = open_scratch(Path(folder), app.clock)
        try:
            _rebuild(app, reader, base, scratch, steps, proof, tell)
            with scratch.snapshot() as rebuilt:
                proof.differences = compare(reader.image(), rebuilt.image())
        finally:
            scratch.close()
        proof.seconds = time.monotonic() - began
    return proof


def _require_beginning(reader: Reader, base: Baseline | None) -> None:
    if base is None and any(one.purged_bodies for one in reader.channel_counts()):
        raise ActRefusedError(
            "baseline-missing",
            "bytes were purged, and the copy of the ledger from which a proof begins was broken off",
            place="baseline",
            advice="start the engine: it takes the copy anew before it processes anything",
        )


def _prove_journal(reader: Reader, proof: Proof) -> None:
    image = reader.image()
    entries: list[Entry] = list(image.entries)
    proof.entries = len(entries)
    proof.unbalanced = [entry.id for entry in entries if not is_balanced(entry.lines)]
    summed = {(b.account_id, b.book, b.responsibility, b.currency): b.amount_minor for b in sum_lines(entries)}
    kept = {(b.account_id, b.book, b.responsibility, b.currency): b.amount_minor for b in image.balances}
    proof.balances_differ = sum(summed.get(key, 0) != kept.get(key, 0) for key in summed.keys() | kept.keys())


@dataclass(frozen=True, slots=True)
class Step:
    """One run in the order of proof, and the version that it ran under."""

    message_id: int
    config_id: int
    replay_id: int | None
    is_money_forced: bool


def _steps(reader: Reader, beyond: int) -> Iterator[Step]:
    """The runs since the baseline that made the ledger: each message's first successful one, and replays that changed something."""
    forced: dict[int, bool] = {}
    received: set[int] = set()
    while page := reader.runs(beyond, _PAGE * 4):
        for run in page:
            if run.state is not MessageState.PROCESSED:
                continue
            if run.replay_id is None and run.message_id not in received:
                received.add(run.message_id)
            elif not run.changed:
                continue
            yield Step(run.message_id, run.config_id, run.replay_id, _is_forced(reader, run.replay_id, forced))
        beyond = page[-1].id


def _is_forced(reader: Reader, replay_id: int | None, known: dict[int, bool]) -> bool:
    if replay_id is None:
        return False
    if replay_id not in known:
        asked = reader.replay(replay_id)
        known[replay_id] = asked is not None and asked.force_money
    return known[replay_id]


def _rebuild(
    app: App,
    reader: Reader,
    base: Baseline | None,
    scratch: SqlStore,
    steps: Sequence[Step],
    proof: Proof,
    tell: Tell,
) -> None:
    known = base.beyond_allocation if base else 0
    parts = sorted((part for part in reader.image().allocations if part.id > known), key=lambda one: one.id)
    wire_ids = iter([part.wire_id for part in parts if part.wire_id])
    copied: dict[Noun, int] = {}
    for changes in reader.baseline_changes() if base else ():
        copied |= {row.noun: max(row.id, copied.get(row.noun, 0)) for row in changes.created}
        sealed = scratch.seal(changes)
        with scratch.turn("baseline") as turn:
            turn.save(sealed, 0)
    # Rows of the baseline keep their ids; new ones get others, far above.
    first_id = FAR_IDS if base else 1
    bench = Bench(app.store.lane_of, scratch.seal, wire_ids, first_id, _public_ids(reader, copied))
    plans: dict[int, Plan] = {}
    warm = Warm(_WARM_ROWS)
    rows = WarmRows(warm, _Loading(scratch))
    numbers = _account_numbers(reader)
    done = 0
    for chunk in _chunks(steps):
        config_id = chunk[0].config_id
        if config_id not in plans:
            plan = plan_of(config_id, load(reader.config_files(config_id), app.environ, app.root))
            plans[config_id] = _by_identifier(plan, numbers)
        messages = _in_order(reader, chunk)
        proof.endings += _bodiless(chunk, messages)
        for result in rerun(bench, rows, plans[config_id], app.clock, messages):
            with scratch.turn("verify") as turn:
                turn.save(result.sealed, config_id)
            warm.settle(result.changes)
            proof.endings += [
                f"message {run.message_id} now ends as {run.state} [{run.cause}]"
                for run in result.runs
                if run.state is not MessageState.PROCESSED
            ]
        proof.messages += sum(message.replay_id is None for message in messages)
        done += len(messages)
        tell(done, len(steps))


def _public_ids(reader: Reader, copied: Mapping[Noun, int]) -> dict[str, Iterator[str]]:
    """The public ids of the rows that the baseline has not (`copied`: its last ones), by prefix, in the order of their making."""
    found: dict[str, list[str]] = {prefix: [] for prefix in PREFIX.values()}
    for row in reader.image().entities:
        if row.id > copied.get(row.noun, 0):
            found[PREFIX[row.noun]].append(row.public_id)
    return {prefix: iter(ids) for prefix, ids in found.items()}


def _account_numbers(reader: Reader) -> dict[str, Identifier]:
    """An identifier of each account that was paid on, by its public id: where rows come out otherwise, others may have that."""
    public_ids: dict[int, str] = {}
    beyond = 0
    while page := reader.payments(beyond, _PAGE):
        for story in page:
            public_ids |= story.account_public_ids
        beyond = page[-1].payment.id
    if not public_ids:
        return {}
    known = [one for one in reader.image().identifiers if one.noun is Noun.ACCOUNT and one.entity_id in public_ids]
    # The eldest at last: a number that came later is not known yet where an earlier payment is run.
    known.sort(key=lambda one: -one.valid_from)
    return {public_ids[one.entity_id]: one.identifier for one in known}


def _by_identifier(plan: Plan, numbers: Mapping[str, Identifier]) -> Plan:
    """The same plan, but that HealthPay24's payments name their accounts as the EHR does."""
    channel = plan.channels[payload.SOURCE]

    def read(raw: bytes, arrived_at: int) -> Understood:
        understood = channel.read(raw, arrived_at)
        reading = understood.content
        if not isinstance(reading, Reading) or reading.payment is None:
            return understood
        parts = tuple(
            replace(part, account=numbers.get(part.account_public_id), account_public_id="")
            for part in reading.payment.allocations
        )
        return replace(understood, content=replace(reading, payment=replace(reading.payment, allocations=parts)))

    return replace(plan, channels={**plan.channels, payload.SOURCE: replace(channel, read=read)})


def _chunks(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """Runs of steps under one version, at most a page long."""
    start = 0
    for place in range(1, len(steps) + 1):
        ends = place == len(steps) or steps[place].config_id != steps[start].config_id or place - start == _PAGE
        if ends:
            yield steps[start:place]
            start = place


def _in_order(reader: Reader, chunk: Sequence[Step]) -> list[StoredMessage]:
    stored = {message.id: message for message in reader.stored(sorted({step.message_id for step in chunk}))}
    return [
        replace(stored[step.message_id], replay_id=step.replay_id, force_money=step.is_money_forced)
        for step in chunk
        if step.message_id in stored
    ]


def _bodiless(chunk: Sequence[Step], messages: Sequence[StoredMessage]) -> Iterator[str]:
    """Runs since the baseline whose bytes are gone: no purge takes those away."""
    present = {message.id for message in messages}
    for step in chunk:
        if step.message_id not in present:
            yield f"message {step.message_id} has no body, and the baseline does not contain its run"


class _Loading:
    """`LedgerRows` of the scratch store, each time from a snapshot of its own; nothing waits in it."""

    def __init__(self, scratch: SqlStore) -> None:
        self._scratch = scratch

    def load(self, needs: Needs) -> Loaded:
        """Rows rebuilt so far."""
        with self._scratch.snapshot() as reader:
            return reader.load(needs)

    def heads(self, _lanes: Iterable[int], /) -> dict[int, int]:
        """No lane."""
        return {}

    def lane_roots(self, _lanes: Iterable[int], /) -> dict[int, int]:
        """No joins."""
        return {}

    def awaited(self, _accounts: Iterable[str], /) -> dict[str, list[int]]:
        """No message."""
        return {}

    def row_versions(self, _noun: Noun, _ids: Sequence[int], /) -> dict[int, int]:
        """Nobody counts: which version a request met was decided when it was answered."""
        return {}

    def names(self, _noun: Noun, _ids: Iterable[int], /) -> dict[int, Identifier]:
        """No name: nobody looks at the messages of a proof."""
        return {}

"""Removing what its time is over for, rule after rule, in steps that leave every other writer its turn; or telling what would go.

Each step looks once more at what it removes, is one act of the audit trail, and is followed by a rest.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from interface.observe.emit import emit
from interface.observe.purge import RowsPurged
from interface.ports import Clock, Store
from interface.row.act import Act
from interface.row.purge import Candidate, Keeping, PurgePace, Removed, Rule, Why

PAGE = 2_000  # rows looked at in one snapshot
_FEWEST = 10  # rows of a step, however slow the disk
Rest = Callable[[float], bool]  # for so many seconds; True: stop now
_SUBJECT = {Rule.DELIVERIES: "deliveries", Rule.AUDIT: "audit", Rule.ARRIVALS: "arrivals", Rule.RUNS: "runs"}


@dataclass(slots=True)
class RuleReport:
    """What a rule removed, or would: rows and bytes; and what stays although its time is over, by reason."""

    rule: Rule
    days: int
    rows: int = 0
    size_bytes: int = 0
    kept: Counter[Why] = field(default_factory=Counter)


@dataclass(slots=True)
class PurgeReport:
    """All rules. `is_whole`: it was not told to stop before its end."""

    rules: list[RuleReport] = field(default_factory=list)
    is_whole: bool = True

    @property
    def wants_baseline(self) -> bool:
        """Whether something stays only because the proof of the ledger begins before it."""
        return any(one.kept[Why.PROOF] for one in self.rules)

    def joined(self, later: "PurgeReport") -> "PurgeReport":
        """Both runs as one: what was removed in either, and what is kept by now."""
        rules = [
            RuleReport(old.rule, old.days, old.rows + new.rows, old.size_bytes + new.size_bytes, new.kept)
            for old, new in zip(self.rules, later.rules, strict=True)
        ]
        return PurgeReport(rules, self.is_whole and later.is_whole)

    @property
    def rows(self) -> int:
        """Rows of all rules."""
        return sum(one.rows for one in self.rules)


def _micros() -> int:
    """For lengths of time: a clock that people set tells none."""
    return time.monotonic_ns() // 1_000


class _Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The rest was ended: whoever called us is to stop."""


class PurgeStage:
    """One run of the purge. Nobody else may run it meanwhile: the caller holds the store's `purge` lock."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        keeping: Keeping,
        pace: PurgePace,
        actor: str,
        rest: Rest,
        *,
        reason: str = "",
    ) -> None:
        self._store = store
        self._clock = clock
        self._keeping = keeping
        self._pace = pace
        self._actor = actor
        self._reason = reason
        self._rest = rest
        self._rows = max(_FEWEST, pace.step_rows // 8)  # of the next step: grows while turns are short

    def run(self) -> PurgeReport:
        """Remove what may go, and give the room back."""
        report = PurgeReport()
        now = self._clock.now()
        try:
            for rule in Rule:
                told = RuleReport(rule, self._keeping.days_of(rule))
                report.rules.append(told)
                self._run_rule(told, self._keeping.cutoff(rule, now))
            if report.rows:
                self._give_back()
        except _Stopped:
            report.is_whole = False
        return report

    def _run_rule(self, told: RuleReport, cutoff: int) -> None:
        if told.rule is Rule.AUDIT:
            while self._step(told, cutoff, ()):
                pass
            return
        for candidates in pages(self._store, told.rule, cutoff):
            told.kept.update(one.why for one in candidates if one.why)
            going = [one.id for one in candidates if one.why is None]
            while going:
                chunk, going = going[: self._rows], going[self._rows :]
                self._step(told, cutoff, chunk)
        if told.rule is Rule.MESSAGES and told.rows:
            self._sweep()

    def _step(self, told: RuleReport, cutoff: int, ids: Sequence[int]) -> bool:
        with self._store.turn("purge") as turn:
            started = _micros()
            removed = turn.purge(told.rule, cutoff, ids)
            if removed.ids:
                turn.audit([self._act(told.rule, removed)])
            self._adapt(_micros() - started)
        if removed.ids:
            emit(RowsPurged(told.rule.value, len(removed.ids), removed.size_bytes))
        told.rows += len(removed.ids)
        told.size_bytes += removed.size_bytes
        self._pause(started)
        return bool(removed.ids)

    def _act(self, rule: Rule, removed: Removed) -> Act:
        ids = removed.ids
        details: dict[str, Any] = {"rule": rule.value, "rows": len(ids), "bytes": removed.size_bytes}
        if rule is not Rule.AUDIT:
            details |= {"ids": list(ids)}
        kept = f"kept for {self._keeping.days_of(rule)} days"
        reason = f"{self._reason}; {kept}" if self._reason else kept
        return Act(self._actor, "purge", f"{_SUBJECT.get(rule, 'messages')}:{min(ids)}..{max(ids)}", reason, details)

    def _adapt(self, took: int) -> None:
        """Larger or smaller steps: by the work alone, for a commit takes as long for few rows as for many."""
        if took > self._pace.step_micros:
            self._rows = max(_FEWEST, self._rows // 2)
        elif took * 2 < self._pace.step_micros:
            self._rows = min(self._pace.step_rows, self._rows * 2)

    def _pause(self, started: int) -> None:
        """Rest after a turn that began then, what it waited for left out: so much that the share of time is kept."""
        took = _micros() - started
        if self._rest(took / 1_000_000 * (1 / self._pace.share - 1)):
            raise _Stopped

    def _sweep(self) -> None:
        beyond: tuple[int, int] | None = (-(1 << 63), 0)
        while beyond is not None:
            with self._store.snapshot() as reader:
                lost, beyond = reader.lost_keys(beyond, PAGE)
            for start in range(0, len(lost), self._pace.step_rows):
                with self._store.turn("purge") as turn:
                    started = _micros()
                    turn.drop_keys(lost[start : start + self._pace.step_rows])
                self._pause(started)

    def _give_back(self) -> None:
        is_left = True
        while is_left:
            started = _micros()
            is_left = self._store.give_back(self._pace.give_back_kilobytes * 1024)
            self._pause(started)
        self._store.settle_space()


def pages(store: Store, rule: Rule, cutoff: int) -> Iterator[Sequence[Candidate]]:
    """What is due by a rule, page by page, each off a snapshot of its own."""
    beyond = 0
    while True:
        with store.snapshot() as reader:
            candidates, beyond = reader.purge_page(rule, cutoff, beyond, PAGE)
        yield candidates
        if not beyond:
            return


def preview(store: Store, clock: Clock, keeping: Keeping) -> PurgeReport:
    """What a run would remove now, and what would stay. What needs that something else goes first is told as kept."""
    report = PurgeReport()
    for rule in Rule:
        told = RuleReport(rule, keeping.days_of(rule))
        report.rules.append(told)
        for candidates in pages(store, rule, keeping.cutoff(rule, clock.now())):
            told.kept.update(one.why for one in candidates if one.why)
            told.rows += sum(one.why is None for one in candidates)
            told.size_bytes += sum(one.size_bytes for one in candidates if one.why is None)
    return report

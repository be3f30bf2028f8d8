"""Programs that write to the FHIR server while the engine is struck, and what must have become of what they were told."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.crash.fhir_line import Line
from tests.crash.fhir_program import Program, says
from tests.crash.fhir_told import Notes
from tests.crash.part import Check
from tests.crash.seen import Seen
from tests.crash.world import FhirPlace, World
from tests.engine.harness import Engine

_PROGRAMS = 8
_AWAY = ("database-unavailable",)  # what may happen to any request while its database is struck
_DONE = ("processed", "refused")


@dataclass(slots=True)
class FhirWrites:
    """`count` acts of several programs at once. After its seed nothing of it is left to chance but the machine's own timing."""

    place: FhirPlace
    count: int
    seed: int
    notes: Notes = field(default_factory=Notes)

    @property
    def steps(self) -> int:
        return self.count

    def send(self, world: World, done: Callable[[int], None]) -> None:
        failures: list[BaseException] = []

        def run(number: int) -> None:
            name = "ABCDEFGH"[number]
            try:
                with Line(self.place.port, self.place.secret) as line:
                    program = Program(name, line, self.notes, Random(f"program {name} {self.seed}"))
                    for _ in range(number, self.count, _PROGRAMS):
                        program.act()
                        done(1)
            except BaseException as failure:  # noqa: BLE001 - the edge of a thread: raised again below
                failures.append(failure)

        threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(_PROGRAMS)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        if failures:
            raise failures[0]

    def is_settled(self, seen: Seen) -> bool:
        return all(one["state"] != "waiting" for one in seen.messages if one["channel"] == self.place.channel)

    def checks(self, world: World) -> Sequence[Check]:
        return (
            Rightly(self.notes),
            Written(self.place, self.notes),
            Shared(self.place, self.notes),
            Ended(self.place),
            Faultless(world.engine),
        )


@dataclass(frozen=True, slots=True)
class Rightly:
    """Every answer was one that its request may have."""

    notes: Notes

    def differences(self, seen: Seen) -> Iterator[str]:
        yield from self.notes.wrong


@dataclass(frozen=True, slots=True)
class Written:
    """What was answered with 2xx stands once, as last told; what was given back or refused is nowhere; money is booked once."""

    place: FhirPlace
    notes: Notes

    def differences(self, seen: Seen) -> Iterator[str]:
        with Line(self.place.port, self.place.secret) as line:
            for (type_, number), expected in sorted(self.notes.stands.items()):
                found = line.found(type_, number)
                if [says(one) for one in found] != [expected]:
                    yield f"{type_} {number} says {[says(one) for one in found]}, not {expected}"
                elif int(found[0]["meta"]["versionId"]) < self.notes.seen.get((type_, number), 0):
                    yield f"{type_} {number} has gone back to version {found[0]['meta']['versionId']}"
            for type_, number in sorted(self.notes.never):
                if line.found(type_, number):
                    yield f"{type_} {number} was given back or refused, and is there"
            for keys in self.notes.whole:
                if len({bool(line.found(*key)) for key in keys}) != 1:
                    yield f"a transaction is applied in part: {keys}"
            yield from self._money(line, seen)

    def _money(self, line: Line, seen: Seen) -> Iterator[str]:
        accounts = seen.accounts_of(self.place.facility)
        for number, charges in sorted(self.notes.charged.items()):
            if number not in accounts:
                yield f"account {number} was charged, and is missing"
                continue
            if (booked := seen.story(accounts[number]["id"])["charges_minor"]) != sum(charges.values()):
                yield f"account {number} is charged {booked}, not {sum(charges.values())} by {sorted(charges)}"
            for value in charges:
                if len(found := line.found("ChargeItem", value)) != 1:
                    yield f"ChargeItem {value} is there {len(found)} times"


@dataclass(frozen=True, slots=True)
class Shared:
    """Of one number there is one resource, whoever created it; no two writes for a version had the same one, and none was lost."""

    place: FhirPlace
    notes: Notes

    def differences(self, seen: Seen) -> Iterator[str]:
        for key, paths in sorted(self.notes.made.items()):
            if len(paths) != 1:
                yield f"{key} is {len(paths)} resources: {sorted(paths)}"
        with Line(self.place.port, self.place.secret) as line:
            for key, told in sorted(self.notes.matched.items()):
                versions = [version for version, _ in told]
                if len(set(versions)) != len(versions):
                    yield f"{key}: two answers have the same version: {sorted(versions)}"
                asked = self.notes.asked[key]
                if len(set(asked)) != len(asked):
                    yield f"{key}: two writes for the same version were applied: {sorted(asked)}"
                found = line.found(*key)
                if len(found) != 1:
                    yield f"{key} is there {len(found)} times"
                    continue
                stands, says_ = int(found[0]["meta"]["versionId"]), says(found[0])
                version, last = max(told)
                if stands < version or (stands == version and says_ != last):
                    yield f"{key} says {says_} in version {stands}, and {last} was told in {version}"
                if stands > version and says_ not in self.notes.unanswered[key]:
                    yield f"{key} says {says_}, which nobody wrote after version {version}"


@dataclass(frozen=True, slots=True)
class Ended:
    """Every request stands in a state that it may stand in, and none was applied twice under one number."""

    place: FhirPlace

    def differences(self, seen: Seen) -> Iterator[str]:
        for number, found in sorted(seen.messages_of(self.place.channel).items()):
            states = [one["state"] for one in found]
            if any(state not in _DONE for state in states):
                yield f"request {number} is {states} ({[one['reason'] for one in found]})"
            if states.count("processed") > 1:
                yield f"request {number} was applied {states.count('processed')} times"


@dataclass(frozen=True, slots=True)
class Faultless:
    """No defect was recorded: what holds by a second line of defence alone is told, too."""

    engine: Engine

    def differences(self, seen: Seen) -> Iterator[str]:
        for one in self.engine.events("fault-found"):
            if one["kind"] not in _AWAY:
                yield f"a defect was recorded: {one['kind']} at {one['place']}: {one['trail'][-200:]}"

"""What programs were told about their writes, noted as it came: the evidence that the end is held against."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.crash.fhir_line import Told

Key = tuple[str, str]
"""Type and number of a resource."""


@dataclass(slots=True)
class Notes:
    """Of all programs together."""

    # What a resource said when it was last answered with 2xx; only one program writes it.
    stands: dict[Key, str] = field(default_factory=dict)
    # The versions of these, in the order in which their writer was told them.
    seen: dict[Key, int] = field(default_factory=dict)
    # What was given back or refused, and never asked for again.
    never: set[Key] = field(default_factory=set)
    # The resources of each transaction of which nobody knows what became.
    whole: list[Sequence[Key]] = field(default_factory=list)
    # Cents by account and charge.
    charged: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    # Of resources that all write: what writes for a version led to and wrote, the versions that they were for, and what may be
    # there as well, for nobody was told.
    matched: dict[Key, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(list))
    unanswered: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    # The addresses that creates of one number were told.
    made: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def said(self, key: Key, told: Told, says: str, *statuses: int) -> bool:
        """An answer for good about a resource that only its asker writes; whether it is among the expected ones."""
        with self.lock:
            if told.status not in statuses:
                self.wrong.append(f"{key[0]} {key[1]} was answered {told.words}, not {statuses}")
                return False
            if told.path:
                self.made[key].add(told.path)
            if told.version:
                if told.version < self.seen.get(key, 0):
                    self.wrong.append(f"{key[0]} {key[1]} went back from version {self.seen[key]} to {told.version}")
                self.seen[key] = told.version
            self.stands[key] = says
            return True

    def amiss(self, what: str) -> None:
        """Something that no answer may say."""
        with self.lock:
            self.wrong.append(what)

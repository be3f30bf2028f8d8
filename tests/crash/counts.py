"""The engine's own sums: whatever came is a repeat or stands in a state."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.crash.seen import Seen

_STATES = ("waiting", "processed", "filtered", "held", "refused", "failed", "incomplete")


@dataclass(frozen=True, slots=True)
class CountsAddUp:
    """Received = duplicates + the sum of the states, for each channel; and the states are those of the messages listed."""

    def differences(self, seen: Seen) -> Iterator[str]:
        for channel, counts in seen.status["channels"].items():
            states = {state: counts[state] for state in _STATES}
            if counts["received"] != counts["duplicates"] + sum(states.values()):
                yield f"{channel}: received is not duplicates and states together: {dict(counts)}"
            listed = [message["state"] for message in seen.messages if message["channel"] == channel]
            if any(listed.count(state) != count for state, count in states.items()):
                yield f"{channel}: counts are not those of the messages: {states}"


@dataclass(frozen=True, slots=True)
class ProofHolds:
    """`hp24 verify`: the stored messages, run again, give the ledger. The engine's own judgement, so only beside the others."""

    def differences(self, seen: Seen) -> Iterator[str]:
        if not seen.proof["holds"]:
            yield f"verify: {seen.proof['differences'][:5]} {seen.proof['unbalanced_entries'][:5]}"

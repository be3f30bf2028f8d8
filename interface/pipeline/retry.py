"""When a failed send is tried again: pure arithmetic on a policy, never a look at a message string."""

from dataclasses import dataclass

from interface.errors import Disposition

SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits in seconds. `max_attempts` 0 = for ever. `jitter` is the share of a wait that is random (0..1)."""

    first_wait_secs: float = 2.0
    max_wait_secs: float = 300.0
    multiplier: float = 2.0
    jitter: float = 0.2
    max_attempts: int = 0


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at `due_at` (UTC microseconds)."""

    due_at: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not try again; `why` is for people."""

    why: str


def wait_secs(attempt: int, policy: RetryPolicy, chance: float) -> float:
    """Seconds to wait after failed attempt number `attempt` (1-based); `chance` in 0..1 spreads senders apart."""
    # The exponent is capped: 2.0 ** 2000 overflows on a destination that was down for a week.
    plain = min(policy.first_wait_secs * policy.multiplier ** min(attempt - 1, 60), policy.max_wait_secs)
    return plain * (1 - policy.jitter + 2 * policy.jitter * chance)


def decide(
    why: Disposition, attempt: int, policy: RetryPolicy, *, now: int, chance: float, deduplicates: bool
) -> RetryAt | GiveUp:
    """What follows failed attempt number `attempt`.

    An ambiguous failure is repeated only where the destination is declared to recognise a repeat.
    """
    match why:
        case Disposition.PERMANENT:
            return GiveUp("the destination refused it")
        case Disposition.AMBIGUOUS if not deduplicates:
            return GiveUp("the destination may already have it")
        case Disposition.AMBIGUOUS | Disposition.TRANSIENT:
            if policy.max_attempts and attempt >= policy.max_attempts:
                return GiveUp(f"still failing after {attempt} attempts")
            return RetryAt(now + int(wait_secs(attempt, policy, chance) * SECOND))

"""When a failed send is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from interface.errors import Disposition
from interface.pipeline.retry import SECOND, GiveUp, RetryAt, RetryPolicy, decide, wait_secs

POLICY = RetryPolicy(first_wait_secs=2, max_wait_secs=60, multiplier=2, jitter=0.2, max_attempts=4)


def choice(why: Disposition, attempt: int = 1, *, deduplicates: bool = False) -> RetryAt | GiveUp:
    return decide(why, attempt, POLICY, now=0, chance=0.5, deduplicates=deduplicates)


def test_a_transient_failure_is_tried_again_after_the_first_wait() -> None:
    assert choice(Disposition.TRANSIENT) == RetryAt(2 * SECOND)


def test_waits_double_up_to_the_longest_one() -> None:
    assert [wait_secs(attempt, POLICY, 0.5) for attempt in (1, 2, 3, 6, 5000)] == [2, 4, 8, 60, 60]


def test_an_ambiguous_failure_is_repeated_only_where_the_destination_recognises_repeats() -> None:
    assert isinstance(choice(Disposition.AMBIGUOUS), GiveUp)
    assert isinstance(choice(Disposition.AMBIGUOUS, deduplicates=True), RetryAt)


def test_a_permanent_failure_is_never_repeated() -> None:
    assert isinstance(choice(Disposition.PERMANENT, deduplicates=True), GiveUp)


def test_attempts_end_where_the_policy_says() -> None:
    assert isinstance(choice(Disposition.TRANSIENT, 3), RetryAt)
    assert isinstance(choice(Disposition.TRANSIENT, 4), GiveUp)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_jitter_stays_within_its_share(attempt: int, chance: float) -> None:
    plain = wait_secs(attempt, POLICY, 0.5)
    assert plain * 0.8 - 1e-9 <= wait_secs(attempt, POLICY, chance) <= plain * 1.2 + 1e-9

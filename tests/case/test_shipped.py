"""The cases that are shipped hold, and exercise every rule that traffic can exercise."""

from interface.app.cases import Bench, edited, read_cases, sandbox
from interface.app.coverage import Coverage
from tests.house.source import PROJECT

# HealthPay24 names accounts, not visits: the PV1 of a payment is for a HealthPay24 that does.
NOT_EXERCISED = ("segments.PV1.",)


def test_every_shipped_case_holds_and_every_rule_is_exercised() -> None:
    coverage = Coverage()
    configuration = edited(PROJECT, {}, coverage.noted)
    cases = read_cases(PROJECT)
    with sandbox() as (store, clock):
        bench = Bench(configuration, store, clock, coverage.noted.compiler, coverage=coverage)
        played = [bench.play(case) for case in cases]

    wrong = [f"{one.case.file}: {one.failure or one.differences}" for one in played if not one.holds]
    assert not wrong
    missing = [str(rule) for rule in coverage.missing(configuration) if not rule.name.startswith(NOT_EXERCISED)]
    assert not missing


def test_every_step_of_a_shipped_case_says_what_it_expects() -> None:
    silent = [case.file for case in read_cases(PROJECT) if any(step.expected is None for step in case.steps)]
    assert not silent

"""Case files: every problem by its line, in words that say what would be right."""

import pytest

from tests.case.sample import A04, read, step, text


def problems(content: str) -> list[str]:
    return [str(one) for one in read(content)[1]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("about: x\n", "1:1: a case has steps; write `steps:` and `- message: |` below it [steps-missing]"),
        ("steps:\n  - expect: {}\n", "2:5: a step is one message, payment, void or refund"),
        ("steps:\n  - message: hello\n", "2:5: a message begins with MSH"),
        ("steps:\n  - payment: {accounts: {9001: 25}}\n", "2:14: `tender` is missing"),
        ("steps:\n  - payment: {accounts: {9001: much}, tender: visa}\n", "2:32: an amount is not one; as 25.00"),
        ("steps:\n  - void: {payment: tx_1, tender: visa}\n", "`tender` is no option here"),
        ("steps:\n  - void: {payment: tx_1}\n    reply: XX\n", "3:12: `reply` does not fit"),
        ("step: []\n", "`step` is no option here; did you mean `steps`?"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(content: str, told: str) -> None:
    assert any(told in one for one in problems(content)), problems(content)


def test_an_expectation_that_is_misspelt_is_told() -> None:
    (found,) = problems(text(step(A04, "pacients: {}")))
    assert "`pacients` is no option here; did you mean `patients`" in found


def test_others_takes_any_alone() -> None:
    (found,) = problems(text(step(A04, "others: some")))
    assert "write `others: any`, or leave it out" in found

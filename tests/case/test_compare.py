"""Expected beside happened: what is not written must not happen, unless the case says that others are welcome."""

import pytest

from interface.app.cases import Bench
from tests.case.sample import A04, case, inside, last, play, step, text, told

WHOLE = """
    answer: AA
    patients:
      "7001": {identifiers: [north|MR|7001], family: BRANDT, given: OLIVIA, birth_date: 1984-05-19, sex: F, phone: 1-608-5550134}
    accounts:
      "9001":
        identifiers: [north|AN|9001]
        patient: "7001"
        facility: NORTH
        currency: USD
        due: 125.00 USD
        stated: 125.00 USD
        stated_as_of: 2026-03-04T15:15:00Z
    encounters:
      "5001": {identifiers: [north|VN|5001], patient: "7001", account: "9001", facility: NORTH, class: O, location: CARD, state: in-progress}
"""  # noqa: E501 - a table is a line


def differences(bench: Bench, expect: str) -> list[str]:
    return told(play(case(text(step(A04, expect))), bench))


def test_what_happened_as_written_is_no_difference(bench: Bench) -> None:
    assert differences(bench, WHOLE) == []


def test_a_value_that_differs_is_told_by_its_path(bench: Bench) -> None:
    assert differences(bench, WHOLE.replace("sex: F", "sex: M")) == ["patients[7001].sex=M/F"]


def test_what_is_not_written_must_not_happen(bench: Bench) -> None:
    assert differences(bench, WHOLE.replace(", sex: F", "")) == ["patients[7001].sex=None/F"]


def test_what_is_written_must_happen(bench: Bench) -> None:
    expected = WHOLE.replace("sex: F", "sex: F, city: MADISON")
    assert differences(bench, expected) == ["patients[7001].city=MADISON/None"]


def test_others_any_looks_at_what_is_written_alone(bench: Bench) -> None:
    assert differences(bench, 'patients: {"7001": {sex: F}}\nothers: any') == []


def test_others_any_still_finds_what_differs(bench: Bench) -> None:
    expected = 'patients: {"7001": {sex: M, city: X}}\nothers: any'
    assert differences(bench, expected) == ["patients[7001].sex=M/F", "patients[7001].city=X/None"]


def test_others_any_counts_from_where_it_stands(bench: Bench) -> None:
    expected = 'patients: {"7001": {sex: F, others: any}}'
    found = differences(bench, expected)
    assert found
    assert not [one for one in found if one.startswith("patients")]


@pytest.mark.parametrize("written", ["~", ""])
def test_nothing_is_written_as_a_tilde(bench: Bench, written: str) -> None:
    quoted = written or '""'
    found = differences(bench, f'patients: {{"7001": {{city: {quoted}}}}}\nothers: any')
    assert bool(found) is (written == "")


def test_a_list_differs_item_by_item(bench: Bench) -> None:
    expected = WHOLE.replace("identifiers: [north|MR|7001]", "identifiers: [north|MR|7002, north|PI|1]")
    assert differences(bench, expected) == [
        "patients[7001].identifiers[1]=north|MR|7002/north|MR|7001",
        "patients[7001].identifiers[2]=north|PI|1/None",
    ]


def test_a_difference_names_the_line_of_its_expectation(bench: Bench) -> None:
    content = text(step(A04, WHOLE.replace("sex: F", "sex: M")))
    (found,) = play(case(content), bench).differences[1]
    assert '"7001": {' in content.splitlines()[found.mark.line - 1]


def test_a_step_without_an_expectation_is_to_be_processed(bench: Bench) -> None:
    filtered = A04.replace("ADT^A04^ADT_A01", "ADT^A60").replace("EVN|A04", "EVN|A60")
    assert told(play(case(text(step(A04))), bench)) == []
    assert told(play(case(text(step(filtered))), bench)) == ["state=processed/filtered"]


def test_a_message_that_is_sent_differs_field_by_field_and_a_star_stands_for_anything(bench: Bench) -> None:
    paid = "- payment: {accounts: {9001: 25.00}, tender: visa}\n"
    sent = str(inside(last(play(case(text(step(A04), paid)), bench)), "sent", 0, "message"))
    assert "|25.00&USD|" in sent
    lines = "\n".join(f"        {line}" for line in sent.replace("|25.00&USD|", "|20.00&USD|", 1).splitlines())
    expect = f"  expect:\n    others: any\n    sent:\n    - message: |\n{lines}\n"

    assert told(play(case(text(step(A04), paid, expect)), bench)) == ["sent[1].message.FT1-11=20.00&USD/25.00&USD"]
    starred = expect.replace("|20.00&USD|", "|*|")
    assert told(play(case(text(step(A04), paid, starred)), bench)) == []

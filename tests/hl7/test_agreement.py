"""Counts and totals of a batch: what agrees passes, and no damage does."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.hl7.agreement import Agreement, Totals, difference
from interface.hl7.batch import split
from interface.hl7.money import MoneyFormat
from tests.hl7.batches import Made, bhs, bts, dft, fhs, files, fts

ONE, TWO = dft("M1", "10.00", "-2.50"), dft("M2", "20.00")
PAID = dft("M3", "-5.00", kind="PY")
SIGNED = Agreement()
BY_TYPE = Agreement(totals=Totals.BY_TYPE, types=("CG", "PY"))


def told(raw: bytes, agreed: Agreement = SIGNED) -> tuple[str, str, str]:
    found = difference(split(raw), agreed)
    return (found.code, found.place, found.text) if found else ("", "", "")


@given(files())
def test_what_is_right_agrees(made: Made) -> None:
    assert difference(split(made.raw), SIGNED) is None


@given(files(), st.data())
def test_a_message_lost_or_doubled_is_seen(made: Made, data: st.DataObject) -> None:
    messages = [message for group in made.groups for message in group]
    assume(messages)
    one = data.draw(st.sampled_from(messages))
    damaged = made.raw.replace(one, data.draw(st.sampled_from([b"", one + one])))
    assert is_seen(damaged, SIGNED)


@given(files(), st.data())
def test_a_file_that_is_cut_is_seen_where_trailers_are_required(made: Made, data: st.DataObject) -> None:
    # Only the last line end may go: nothing of the last trailer is lost with it.
    kept = data.draw(st.integers(1, len(made.raw) - 2))
    assert is_seen(made.raw[:kept], replace(SIGNED, needs_trailers=True))


@given(files(), st.data())
def test_an_amount_that_changed_is_seen(made: Made, data: st.DataObject) -> None:
    places = [place for place in range(len(made.raw)) if made.raw[place : place + 5] == b"99213"]
    assume(places)
    place = made.raw.index(b".", data.draw(st.sampled_from(places))) + 1
    digit = made.raw[place : place + 1]
    other = data.draw(st.sampled_from([each for each in b"0123456789" if bytes([each]) != digit]))
    changed = made.raw[:place] + bytes([other]) + made.raw[place + 1 :]
    # -0.00 and 0.00 are one amount, and so nothing changed.
    assert is_seen(changed, SIGNED)


def is_seen(raw: bytes, agreed: Agreement) -> bool:
    try:
        return difference(split(raw), agreed) is not None
    except MessageError:
        return True


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (bhs() + ONE + bts(2), ("batch-count-differs", "BTS-1", "it says 2 messages, and there are 1")),
        (bhs() + ONE + bts("two"), ("batch-count-differs", "BTS-1", "what it says is no count; there are 1 messages")),
        (
            bhs() + ONE + bts(1) + bhs() + TWO + bts(2),
            ("batch-count-differs", "BTS[2]-1", "it says 2 messages, and there are 1"),
        ),
        (
            fhs() + bhs() + ONE + bts(1) + fts(2),
            ("batch-count-differs", "FTS-1", "it says 2 batches, and there are 1"),
        ),
        (
            bhs() + ONE + TWO + bts(2, "30.00"),
            ("batch-total-differs", "BTS-3[1]", "it says 30.00, and the amounts add up to 27.50"),
        ),
        (
            bhs() + ONE + bts(1, "7.50~7.50"),
            ("batch-total-differs", "BTS-3[2]", "2 totals are given, and 1 agreed"),
        ),
        (
            bhs() + ONE + bts(1, "much"),
            (
                "batch-total-differs",
                "BTS-3[1]",
                "what it says is no amount in the format decimal; the amounts add up to 7.50",
            ),
        ),
        (
            bhs() + dft("M1", "ten") + bts(1, "10.00"),
            ("batch-total-differs", "BTS-3[1]", "an amount of message 1 cannot be read, so that nothing adds up"),
        ),
        (
            bhs() + ONE + bts(1) + TWO + bts(2),
            ("batch-count-differs", "BTS[2]-1", "it says 2 messages, and there are 1"),
        ),
    ],
)
def test_what_differs_is_told_with_its_place(raw: bytes, expected: tuple[str, str, str]) -> None:
    assert told(raw) == expected


def test_what_is_not_said_is_not_compared() -> None:
    assert told(bhs() + ONE + bts()) == ("", "", "")
    assert told(bhs() + ONE) == ("", "", "")
    assert told(bhs() + dft("M1", "ten") + bts(1)) == ("", "", "")


def test_absolute_totals_leave_signs_out() -> None:
    absolute = replace(SIGNED, totals=Totals.ABSOLUTE)
    assert told(bhs() + ONE + TWO + bts(2, "32.50"), absolute) == ("", "", "")
    assert told(bhs() + ONE + TWO + bts(2, "27.50"), absolute)[1] == "BTS-3[1]"


def test_totals_that_nobody_agreed_on_are_not_looked_at() -> None:
    assert told(bhs() + ONE + bts(1, "1.00"), replace(SIGNED, totals=Totals.NONE)) == ("", "", "")


def test_by_type_each_total_has_its_place() -> None:
    assert told(bhs() + ONE + PAID + bts(2, "7.50~-5.00"), BY_TYPE) == ("", "", "")
    assert told(bhs() + ONE + PAID + bts(2, "7.50~5.00"), BY_TYPE)[1] == "BTS-3[2]"
    assert told(bhs() + ONE + PAID + bts(2, "7.50"), BY_TYPE)[1] == "BTS-3[2]"
    assert told(bhs() + ONE + bts(1, "7.50"), BY_TYPE) == ("", "", ""), "what adds up to nothing need not be given"


def test_by_type_a_transaction_of_another_type_is_in_no_total() -> None:
    refund = dft("M4", "1.00", kind="AJ")
    assert told(bhs() + refund + bts(1, "0.00~0.00"), BY_TYPE)[0] == "batch-total-differs"


def test_totals_of_old_versions_stand_in_components() -> None:
    assert told(bhs() + ONE + PAID + bts(2, "7.50^-5.00"), BY_TYPE) == ("", "", "")


def test_amounts_and_totals_are_written_in_the_channels_format() -> None:
    implied = replace(SIGNED, amount_format=MoneyFormat.IMPLIED)
    assert told(bhs() + dft("M1", "1250") + bts(1, "1250"), implied) == ("", "", "")
    assert told(bhs() + dft("M1", "1250") + bts(1, "12.50"), implied)[0] == "batch-total-differs"


def test_required_trailers_are_missed() -> None:
    required = replace(SIGNED, needs_trailers=True)
    assert told(bhs() + ONE, required)[:2] == ("batch-trailer-missing", "BTS-1")
    assert told(fhs() + bhs() + ONE + bts(1), required)[:2] == ("batch-trailer-missing", "FTS-1")
    assert told(fhs() + bhs() + ONE + bts(1) + fts(1), required) == ("", "", "")


def test_more_messages_than_agreed_are_told() -> None:
    found = told(bhs() + ONE + TWO + bts(2), replace(SIGNED, max_messages=1))
    assert found == ("batch-too-large", "", "it holds 2 messages, and the channel takes 1 at once")

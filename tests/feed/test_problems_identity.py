"""Problems 15, 17 and 19: numbers that are used again for others, guarantors that move and change numbers, test traffic."""

import pytest

from interface.message import MessageState
from tests.engine.wire import answered, code
from tests.feed.conftest import Desk, last_state, numbers, warnings_of
from tests.feed.said import adt, at, dft, person

# ---------------------------------------------------------------- 15: visit and account numbers used again


@pytest.mark.parametrize(
    ("field", "cause"), [("account", "account-of-another-patient"), ("visit", "visit-of-another-patient")]
)
def test_problem_15_a_number_that_is_another_patients_is_held_and_nothing_is_overwritten(
    desk: Desk, field: str, cause: str
) -> None:
    (first, second), one, other = numbers(2), person(), person()
    desk.tell(adt(first, one, event="A04", family="FIRST", balance="80.00"))
    content = adt(second, other, event="A04", family="SECOND", balance="9.00", happened=at(12))
    reused = content.replace(getattr(other, field).encode(), getattr(one, field).encode())
    assert code(desk.tell(reused)) == "AA"
    shown = desk.show(second)
    assert (*last_state(shown), shown["hold"]) == ("held", cause, "person")
    (item,) = desk.worklist(cause=cause, message=shown["id"])
    assert (item["kind"], item["acts"]) == ("identity", ["amend", "release", "skip"])
    assert desk.patient(one.account).value("name", "family") == "FIRST"
    assert desk.account(one.account)["due_minor"] == 8000
    assert desk.visit(one.account).patient_id == desk.patient(one.account).id


def test_problem_15_money_under_a_number_of_another_patient_is_held_too(desk: Desk) -> None:
    ids, one, other = numbers(3), person(), person()
    desk.tell(adt(ids[0], one, event="A04"))
    desk.tell(adt(ids[1], other, event="A04"))
    wrong = dft(ids[2], other, "66.00", line=ids[2]).replace(other.account.encode(), one.account.encode())
    assert code(desk.tell(wrong)) == "AA"
    assert last_state(desk.show(ids[2])) == ("held", "account-of-another-patient")
    assert desk.account(one.account)["charges_minor"] == 0


def test_problem_15_the_same_numbers_at_another_facility_are_somebody_elses(desk: Desk) -> None:
    (here, there), who = numbers(2), person()
    elsewhere = adt(there, who, event="A04", family="ELSEWHERE").replace(b"NORTH", b"ROOMY")
    desk.tell(adt(here, who, event="A04", family="HERE"))
    assert code(desk.tell(elsewhere, "roomy")) == "AA"
    assert last_state(desk.show(there, "roomy")) == ("processed", "")
    facilities = {line["facility"] for line in desk.call("accounts").lines if who.account in line["numbers"]}
    assert facilities == {"NORTH", "ROOMY"}


# ---------------------------------------------------------------- 17: guarantors


def gt1(place: int, number: str, given: str, born: str = "19610504") -> str:
    """A GT1 segment at a place, under a number."""
    identifier = f"{number}^^^NORTH^GN" if number else ""
    return f"GT1|{place}|{identifier}|PAYER^{given}||2 TEST ST^^EXAMPLE^IL^60601|||{born}"


def responsible(desk: Desk, account: str) -> list[str]:
    """Given names of the account's guarantors, by priority."""
    return [one.value("name", "given") for one in desk.story(account).guarantors]


def test_problem_17_guarantors_that_are_reordered_are_matched_by_number_and_never_by_place(desk: Desk) -> None:
    (first, second), who = numbers(2), person()
    numbered = [(f"GA{who.number}", "PAULA"), (f"GB{who.number}", "PETER")]
    desk.tell(adt(first, who, event="A04", happened=at(9), more=tuple(gt1(1, *one) for one in numbered)))
    before = {one.public_id for one in desk.story(who.account).guarantors}
    again = tuple(gt1(1, *one) for one in reversed(numbered))
    assert code(desk.tell(adt(second, who, happened=at(10), more=again))) == "AA"
    shown = desk.show(second)
    assert (*last_state(shown), warnings_of(shown)) == ("processed", "", [])
    assert responsible(desk, who.account) == ["PETER", "PAULA"]
    assert {one.public_id for one in desk.story(who.account).guarantors} == before


def test_problem_17_a_guarantor_number_that_changes_with_every_message_is_a_suggestion_for_a_person(desk: Desk) -> None:
    ids, who = numbers(4), person()
    for hour, number in enumerate(ids, start=9):
        more = (gt1(1, f"GC{number}", "PAULA"),)
        assert code(desk.tell(adt(number, who, happened=at(hour), more=more))) == "AA"
    assert [warnings_of(desk.show(number)) for number in ids[1:]] == [["guarantor-renumbered guarantor[1]"]] * 3
    (item,) = desk.worklist(cause="guarantor-renumbered", subject="channel:epic")
    assert (item["kind"], item["acts"], item["count"]) == ("guarantor", ["close"], 3)
    assert desk.call("worklist", str(item["id"]), "--close", "--reason", "asked the site").code == 0


def test_problem_17_a_guarantor_without_number_is_never_matched_by_likeness(desk: Desk) -> None:
    (first, second), who = numbers(2), person()
    desk.tell(adt(first, who, event="A04", happened=at(9), more=(gt1(1, f"GD{who.number}", "PAULA"),)))
    assert code(desk.tell(adt(second, who, happened=at(10), more=(gt1(1, "", "PAULA"),)))) == "AA"
    shown = desk.show(second)
    assert warnings_of(shown) == ["guarantor-without-number guarantor[1]", "guarantor-unnumbered guarantor"]
    found = desk.call("messages", "--channel", "epic", "--warning", "guarantor-unnumbered").lines
    assert [one["id"] for one in found] == [shown["id"]]
    (item,) = desk.worklist(cause="guarantor-unnumbered", subject="channel:epic")
    assert responsible(desk, who.account) == ["PAULA"]
    assert desk.call("worklist", str(item["id"]), "--close", "--reason", "asked the site").code == 0


# ---------------------------------------------------------------- 19: test traffic


def test_problem_19_a_message_of_a_test_system_is_refused_by_msh_11(desk: Desk) -> None:
    (number,), who = numbers(1), person()
    reply = desk.ask(adt(number, who, event="A04").replace(b"|P|2.5.1", b"|T|2.5.1"))
    assert (code(reply), answered(reply)) == ("AR", number)
    assert (reply.field("ERR", 2), reply.field("ERR", 3)[:3]) == ("MSH^1^11", "202")
    assert last_state(desk.show(number)) == ("refused", "not-production")
    assert desk.call("show", f"account:{who.account}").code == 1


@pytest.mark.parametrize(
    ("written", "other", "place"),
    [(b"|EPICADT|", b"|LABSYS|", "MSH^1^3"), (b"|HP24ENG|HP24|", b"|HP24ENG|HP24TEST|", "MSH^1^6")],
    ids=["another sender", "another receiver"],
)
def test_problem_19_what_was_meant_for_somebody_else_is_refused_with_its_place(
    desk: Desk, written: bytes, other: bytes, place: str
) -> None:
    (number, right), who = numbers(2), person("STRICT")
    reply = desk.ask(adt(number, who, event="A04").replace(written, other, 1), "strict")
    assert (code(reply), answered(reply)) == ("AR", number)
    assert (reply.field("ERR", 2), reply.field("ERR", 3)[:3]) == (place, "204")
    assert "does not expect" in reply.field("ERR", 8)
    desk.engine.await_state(number, MessageState.REFUSED, channel="strict")
    assert last_state(desk.show(number, "strict")) == ("refused", "not-expected")
    assert desk.call("show", f"account:{who.account}").code == 1
    assert code(desk.ask(adt(right, who, event="A04"), "strict")) == "AA"


def test_problem_19_a_test_patient_is_let_pass_by_with_the_filters_reason(desk: Desk) -> None:
    (number,), who = numbers(1), person("STRICT")
    assert code(desk.tell(adt(number, who, event="A04", family="ZZTEST", balance="5.00"), "strict")) == "AA"
    shown = desk.show(number, "strict")
    assert (*last_state(shown), shown["runs"][-1]["text"]) == (
        "filtered",
        "filtered",
        "test patients are not billed",
    )
    assert desk.call("show", f"account:{who.account}").code == 1

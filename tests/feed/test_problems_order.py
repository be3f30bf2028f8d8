"""Problems 3, 4 and 5: another order than things happened in, merges of people whom nobody knows, money too early."""

from interface.message import MessageState
from tests.engine.processes import wait_until
from tests.engine.wire import code
from tests.feed.conftest import Desk, last_state, numbers, warnings_of
from tests.feed.said import adt, at, dft, merge, person

# ---------------------------------------------------------------- 3: A08 before A01, A03 first


def test_problem_3_an_update_before_the_admission_opens_the_visit_and_the_late_admission_takes_nothing_back(
    desk: Desk,
) -> None:
    (update, admit), who = numbers(2), person()
    assert code(desk.tell(adt(update, who, happened=at(10), family="NEWER", phone="608-555-0110"))) == "AA"
    assert warnings_of(desk.show(update)) == ["created-by-update encounter"]
    assert code(desk.tell(adt(admit, who, event="A01", happened=at(9), family="OLDER"))) == "AA"
    assert last_state(desk.show(admit)) == ("processed", "")
    assert desk.patient(who.account).value("name", "family") == "NEWER"
    visit = desk.visit(who.account)
    assert (visit.value("state", "state"), visit.value("state", "created_by_update")) == ("in-progress", None)


def test_problem_3_a_discharge_that_comes_first_is_not_undone_by_its_admission(desk: Desk) -> None:
    (discharge, admit), who = numbers(2), person()
    assert code(desk.tell(adt(discharge, who, event="A03", happened=at(12)))) == "AA"
    assert code(desk.tell(adt(admit, who, event="A01", happened=at(9)))) == "AA"
    assert [last_state(desk.show(number)) for number in (discharge, admit)] == [("processed", "")] * 2
    assert desk.visit(who.account).value("state", "state") == "finished"


def test_problem_3_a_cancelled_visit_is_not_brought_back_by_a_late_update(desk: Desk) -> None:
    ids, who = numbers(3), person()
    desk.tell(adt(ids[0], who, event="A04", happened=at(9)))
    desk.tell(adt(ids[1], who, event="A11", happened=at(11)))
    assert code(desk.tell(adt(ids[2], who, event="A08", happened=at(10)))) == "AA"
    assert last_state(desk.show(ids[2])) == ("processed", "")
    assert desk.visit(who.account).value("state", "state") == "cancelled"


# ---------------------------------------------------------------- 4: merges


def test_problem_4_a_merge_of_two_whom_nobody_knows_is_taken_and_leads_later_messages_to_the_survivor(
    desk: Desk,
) -> None:
    (merged, later, again), survivor, retired = numbers(3), person(), person()
    assert code(desk.tell(merge(merged, survivor, retired))) == "AA"
    shown = desk.show(merged)
    assert last_state(shown) == ("processed", "")
    assert warnings_of(shown) == ["survivor-unknown merge[1]", "retired-unknown merge[1]"]
    desk.tell(adt(later, retired, event="A04"))
    assert desk.account(retired.account)["patient"] == desk.patient(retired.account).public_id
    assert survivor.mrn in {name.value for name in desk.story(retired.account).patient_names}
    assert code(desk.tell(merge(again, survivor, retired))) == "AA"
    assert (*last_state(desk.show(again)), desk.show(again)["runs"][-1]["changed"]) == ("processed", "", False)


def test_problem_4_chained_merges_lead_all_the_way(desk: Desk) -> None:
    ids, first, second, third = numbers(5), person(), person(), person()
    for number, who in zip(ids[:3], (first, second, third), strict=True):
        desk.tell(adt(number, who, event="A04"))
    desk.tell(merge(ids[3], second, first))
    assert code(desk.tell(merge(ids[4], third, second))) == "AA"
    owners = {desk.account(who.account)["patient"] for who in (first, second, third)}
    assert owners == {desk.patient(third.account).public_id}


def test_problem_4_a_merge_that_would_lead_in_a_circle_is_held_for_a_person_and_nobody_is_lost(desk: Desk) -> None:
    ids, one, other = numbers(5), person(), person()
    for number, who in zip(ids[:2], (one, other), strict=True):
        desk.tell(adt(number, who, event="A04"))
    desk.tell(merge(ids[2], one, other))
    assert code(desk.tell(merge(ids[3], other, one))) == "AA"
    shown = desk.show(ids[3])
    assert last_state(shown) == ("held", "merge-loop")
    (item,) = desk.worklist(cause="merge-loop", message=shown["id"])
    desk.tell(adt(ids[4], other, family="LATER"))  # both of them wait behind what nobody judged yet
    assert desk.show(ids[4])["parked"]
    assert desk.call("skip", str(shown["id"]), "--reason", "the first one was right").code == 0
    assert desk.await_state(ids[4], MessageState.PROCESSED)["patient"] == other.mrn
    assert item not in desk.worklist()


# ---------------------------------------------------------------- 5: money before its account


def test_problem_5_money_before_its_account_waits_is_told_in_time_and_runs_when_the_account_comes(desk: Desk) -> None:
    (early, registered), who = numbers(2), person("HASTY")
    assert code(desk.tell(dft(early, who, "70.00", line=early), "hasty")) == "AA"
    shown = desk.show(early, "hasty")
    assert (*last_state(shown), shown["hold"]) == ("held", "missing-account", "missing-account")
    assert [one["id"] for one in desk.call("messages", "--channel", "hasty", "--state", "held").lines] == [shown["id"]]
    assert desk.call("show", f"account:{who.account}").code == 1  # no account is made of it
    item = desk.await_item(cause="missing-account", message=shown["id"])
    assert item["kind"] == "held-message"
    desk.tell(adt(registered, who, event="A04"), "hasty")
    assert last_state(desk.await_state(early, MessageState.PROCESSED, "hasty")) == ("processed", "")
    assert desk.account(who.account)["charges_minor"] == 7000
    wait_until(lambda: item["id"] not in {one["id"] for one in desk.worklist()}, "the item closes by itself")


def test_problem_5_money_that_waits_holds_back_nobody_and_keeps_its_order(desk: Desk) -> None:
    ids, who, other = numbers(4), person(), person()
    desk.tell(dft(ids[0], who, "10.00", line=ids[0]))
    desk.tell(dft(ids[1], who, "20.00", line=ids[1]))
    desk.tell(adt(ids[2], other, event="A04"))
    assert last_state(desk.show(ids[2])) == ("processed", "")
    desk.tell(adt(ids[3], who, event="A04"))
    for number in ids[:2]:
        desk.await_state(number, MessageState.PROCESSED)
    assert [entry.message_id for entry in desk.story(who.account).entries] == [
        desk.engine.message(number).id for number in ids[:2]
    ]

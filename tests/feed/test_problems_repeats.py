"""Problems 1, 2, 21 and 24: the same thing comes again, as itself, in disguise, over another connection, or at a person's wish."""

from concurrent.futures import ThreadPoolExecutor

from interface.hl7.framing import wrap
from interface.view.message import MessageFilter
from tests.engine.processes import wait_until
from tests.engine.wire import answered, code
from tests.feed.conftest import Desk, last_state, numbers
from tests.feed.said import adt, at, dft, person

# ---------------------------------------------------------------- 1: a sender's counter begins anew


def test_problem_1_a_control_id_reused_for_other_content_is_a_new_message_with_a_warning(desk: Desk) -> None:
    (number,), one, other = numbers(1), person(), person()
    replies = [desk.tell(adt(number, who, family=name)) for who, name in ((one, "FIRST"), (other, "SECOND"))]
    assert [(code(reply), answered(reply)) for reply in replies] == [("AA", number)] * 2
    first, second = (desk.show_id(row.id) for row in desk.engine.messages(MessageFilter(control_id=number)))
    assert [last_state(one) for one in (first, second)] == [("processed", "")] * 2
    assert first["warnings"] == second["warnings"] == ["control-id-reused MSH-10"]
    assert (first["same_control_id"], second["same_control_id"]) == ([second["id"]], [first["id"]])
    assert [desk.patient(who.account).value("name", "family") for who in (one, other)] == ["FIRST", "SECOND"]


def test_problem_1_the_same_bytes_again_get_the_same_answer_and_are_one_message(desk: Desk) -> None:
    (number,), who = numbers(1), person()
    before = desk.call("status").json["channels"]["epic"]["duplicates"]
    assert [code(desk.tell(adt(number, who))) for _ in range(3)] == ["AA"] * 3
    shown = desk.show(number)
    assert (len(shown["arrivals"]), len(shown["runs"]), shown["warnings"]) == (3, 1, [])
    assert desk.call("status").json["channels"]["epic"]["duplicates"] == before + 2


# ---------------------------------------------------------------- 2: a resend tool writes a new MSH-7 and MSH-10


def test_problem_2_money_resent_under_another_control_id_is_booked_once(desk: Desk) -> None:
    (adt_id, first, again), who = numbers(3), person()
    desk.tell(adt(adt_id, who, event="A04"))
    assert code(desk.tell(dft(first, who, "40.00", line=f"L{first}"))) == "AA"
    assert code(desk.tell(dft(again, who, "40.00", line=f"L{first}", sent=at(11)))) == "AA"
    shown = desk.show(again)
    assert (*last_state(shown), shown["runs"][-1]["changed"]) == ("processed", "", False)
    assert desk.account(who.account)["charges_minor"] == 4000


def test_problem_2_without_a_transaction_id_what_looks_resent_is_held_for_a_person(desk: Desk) -> None:
    (adt_id, first, again), who = numbers(3), person()
    desk.tell(adt(adt_id, who, event="A04"))
    desk.tell(dft(first, who, "41.00"))
    assert code(desk.tell(dft(again, who, "41.00", sent=at(11)))) == "AA"
    shown = desk.show(again)
    assert last_state(shown) == ("held", "suspected-repeat")
    (item,) = desk.worklist(cause="suspected-repeat", message=shown["id"])
    assert (item["amount_minor"], item["acts"]) == (4100, ["amend", "release", "skip"])
    assert desk.account(who.account)["charges_minor"] == 4100


def test_problem_2_an_update_resent_under_another_control_id_changes_nothing(desk: Desk) -> None:
    (first, again), who = numbers(2), person()
    desk.tell(adt(first, who, event="A04"))
    assert code(desk.tell(adt(again, who, event="A04", sent=at(11)))) == "AA"
    shown = desk.show(again)
    assert (*last_state(shown), shown["runs"][-1]["changed"]) == ("processed", "", False)


# ---------------------------------------------------------------- 21: connections flap, two sources interleave


def test_problem_21_what_a_second_connection_repeats_while_the_first_lives_is_one_message(desk: Desk) -> None:
    ids, who = numbers(6), person()
    messages = [adt(number, who, event="A04", happened=at(9, minute)) for minute, number in enumerate(ids)]
    with desk.wire() as first, desk.wire() as second, ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda wire: [code(wire.ask(one)) for one in messages], (first, second)))
    assert told == [["AA"] * 6] * 2
    desk.settle()
    shown = [desk.show(number) for number in ids]
    assert [(*last_state(one), len(one["arrivals"]), len(one["runs"])) for one in shown] == [
        ("processed", "", 2, 1)
    ] * 6


def test_problem_21_a_connection_that_dies_after_its_message_loses_nothing(desk: Desk) -> None:
    (number,), who = numbers(1), person()
    with desk.wire() as dying:
        dying.write(wrap(adt(number, who, event="A04")))
    wait_until(lambda: bool(desk.engine.state_of(number)), "what was written whole is stored")
    assert code(desk.tell(adt(number, who, event="A04"))) == "AA"  # the sender, who got no answer, sends it again
    shown = desk.show(number)
    assert (*last_state(shown), len(shown["arrivals"]), len(shown["runs"])) == ("processed", "", 2, 1)


def test_problem_21_two_sources_with_the_same_numbers_keep_apart(desk: Desk) -> None:
    (number,), one, other = numbers(1), person(), person()
    with desk.wire() as first, desk.wire() as second:
        second_source = adt(number, other, event="A04").replace(b"EPICADT", b"EPICFIN")
        assert [code(first.ask(adt(number, one, event="A04"))), code(second.ask(second_source))] == ["AA", "AA"]
    desk.settle()
    rows = desk.engine.messages(MessageFilter(control_id=number))
    assert [(row.state, desk.show_id(row.id)["warnings"]) for row in rows] == [("processed", [])] * 2
    assert desk.patient(one.account) is not None and desk.patient(other.account) is not None


# ---------------------------------------------------------------- 24: somebody replays yesterday


def test_problem_24_a_replay_changes_nothing_books_nothing_and_sends_nothing(desk: Desk) -> None:
    till = desk.ward.tills["again"]
    who = person("AGAIN")
    adt_id, charge_id = numbers(2)
    desk.tell(adt(adt_id, who, event="A04", balance="90.00"), "again")
    desk.tell(dft(charge_id, who, "90.00", line=charge_id), "again")
    paid = desk.call(
        *("pay", "--account", who.account, "--amount", "30.00", "--method", "visa:tok_feed24", "--last4", "4242")
    )
    assert paid.code == 0
    wait_until(lambda: till.booked() == 1, "the payment is booked by the EHR")
    before = desk.account(who.account)
    preview = desk.call("replay", "--channel", "again", "--preview").json
    done = desk.call("replay", "--channel", "again", "--reason", "yesterday once more")
    assert done.code == 0
    shown = desk.show(charge_id, "again")
    wait_until(lambda: len(desk.show(charge_id, "again")["runs"]) == 2, "the replay has run")
    shown = desk.show(charge_id, "again")
    assert [(run["trigger"], run["changed"]) for run in shown["runs"]] == [("received", True), ("replay", False)]
    assert preview is not None
    assert desk.account(who.account) | {"at_healthpay24": None} == before | {"at_healthpay24": None}
    assert till.booked() == 1


def test_problem_24_a_sender_that_sends_yesterdays_file_again_is_answered_and_nothing_runs(desk: Desk) -> None:
    ids, who = numbers(3), person()
    file = [adt(ids[0], who, event="A04"), *(dft(number, who, "5.00", line=number) for number in ids[1:])]
    for _ in range(2):
        with desk.wire() as wire:
            assert [code(wire.ask(one)) for one in file] == ["AA"] * 3
        desk.settle()
    assert [len(desk.show(number)["runs"]) for number in ids] == [1, 1, 1]
    assert desk.account(who.account)["charges_minor"] == 1000

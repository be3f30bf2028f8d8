"""Cases run through the engine's own stages: what waits, what is refused, what is sent, and nothing of it stays."""

import pytest

from interface.app.cases import Bench
from interface.errors import InterfaceError
from tests.case.sample import A04, case, inside, last, play, step, text

DFT = r"""
MSH|^~\&|EPICFIN|NORTH|HP24ENG|HP24|20260304101500-0600||DFT^P03^DFT_P03|N2|P|2.5.1
EVN|P03|20260304101500-0600
PID|1||7001^^^NORTH^MR||BRANDT^OLIVIA|||||||||||||9001^^^NORTH^AN
FT1|1|C1|B1|20260304100000-0600|20260304|CG|99213|||1|120.00&USD
"""
PAY = "- payment: {accounts: {9001: 25.00}, tender: visa}\n"
NO_CHANNEL = "about: a try\nchannel: {facility: SOUTH, timezone: UTC, mapping: hl7v2}\n"


def test_money_before_its_account_waits_and_runs_with_it(bench: Bench) -> None:
    first, second = play(case(text(step(DFT), step(A04))), bench).outcomes
    assert (first["state"], first["reason"]) == ("held", "missing-account")
    assert second["then"] == {"1": "processed"}


def test_the_same_message_twice_is_a_repeat(bench: Bench) -> None:
    assert last(play(case(text(step(A04), step(A04))), bench)) == {"state": "repeated", "answer": "AA"}


def test_a_trial_leaves_nothing_to_the_next(bench: Bench) -> None:
    one = case(text(step(A04), PAY))
    assert play(one, bench).outcomes == play(one, bench).outcomes


def test_a_payment_is_told_by_what_is_sent_and_posted(bench: Bench) -> None:
    outcome = last(play(case(text(step(A04), PAY)), bench))
    assert inside(outcome, "payments", "tx_1", "parts") == [
        {"account": "9001", "amount": "25.00 USD", "wire_id": "W1", "posting": "accepted"}
    ]


@pytest.mark.parametrize(("reply", "posting"), [("AE", "rejected"), ("none", "ambiguous"), ("AA", "accepted")])
def test_the_ehr_answers_as_the_case_says(bench: Bench, reply: str, posting: str) -> None:
    outcome = last(play(case(text(step(A04), PAY + f"  reply: {reply}\n")), bench))
    assert inside(outcome, "payments", "tx_1", "parts", 0, "posting") == posting


def test_what_healthpay24_is_refused_is_told_with_the_rule(bench: Bench) -> None:
    refund = "- refund: {payment: tx_1, accounts: {9001: 30.00}}\n"
    assert last(play(case(text(step(A04), PAY, refund)), bench)) == {"state": "rejected", "reason": "more-than-taken"}


def test_a_case_declares_a_channel_of_its_own(bench: Bench) -> None:
    outcome = last(play(case(text(step(A04), head=NO_CHANNEL)), bench))
    assert inside(outcome, "accounts", "9001", "facility") == "SOUTH"


def test_a_sender_that_waits_gets_the_outcome(bench: Bench) -> None:
    head = NO_CHANNEL.replace("mapping: hl7v2", "mapping: hl7v2, ack: {mode: processed}")
    broken = A04.replace("7001^^^NORTH^MR", '""')
    outcome = last(play(case(text(step(broken), head=head)), bench))
    assert (outcome["state"], outcome["answer"]) == ("refused", "AE 102 PID-3")


def test_a_later_arrival_is_told_by_at(bench: Bench) -> None:
    early = A04.replace("20260304091500-0600", "20260304101500-0600")
    outcome = last(play(case(text(step(early) + "  at: 20260304091500-0600\n")), bench))
    assert outcome["warnings"] == ["event-time-capped EVN-2"]


def test_a_channel_that_nobody_knows_is_told_with_its_place(bench: Bench) -> None:
    played = bench.play(case(text(step(A04), head="channel: epik\n")))
    assert isinstance(played.failure, InterfaceError)
    assert "there is no channel `epik`; did you mean `epic`?" in played.failure.sentence()


def test_a_visit_that_is_gone_says_that_it_had_ended(bench: Bench) -> None:
    ended, cancelled = (
        A04.replace("ADT^A04^ADT_A01|N1", f"ADT^{event}^ADT_A03|N{number}").replace(
            "20260304091500", f"202603041{number}"
        )
        for event, number in (("A03", "11500"), ("A11", "21500"))
    )
    outcome = last(play(case(text(step(A04), step(ended), step(cancelled))), bench))
    assert inside(outcome, "encounters", "5001") == {"state": "cancelled", "ended": "yes"}


def test_a_reference_that_no_journal_keeps_is_told(bench: Bench) -> None:
    paid = DFT.replace("|CG|99213|||1|120.00&USD", f"|PY|VISA|||1|25.00&USD{'|' * 19}R77")
    outcome = last(play(case(text(step(A04), step(paid))), bench))
    assert outcome["transactions"] == {"FT1[1]": {"reference": "R77"}}
    assert "transactions" not in last(play(case(text(step(A04), step(DFT))), bench))

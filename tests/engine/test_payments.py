"""Payments to an EHR that misbehaves: it never holds one twice unreported, and what is unclear is one item for a person."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from interface.message import DeliveryState, PostingState
from interface.operate.act import By
from interface.operate.posting import Verdict, resolve
from interface.simulate.behaviour import Behaviour
from interface.simulate.outbox import Outbox
from interface.simulate.receiver import Receiver
from tests.engine.cashier import EhrTill, paying
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.ports import free_ports

BY = By("tester", "looked into the EHR's own screens")
# Facility of each test's channel: what one EHR does to its payments does not touch another's.
FACILITIES = ("WELL", "MUTE", "LATE", "AERR", "AREJ", "WRNG", "SHUT", "TWIN", "APPL", "KEPT")
CHANNELS = {name: name.lower() for name in FACILITIES}
POSTED_WHEN = {"APPL": "application"}


@pytest.fixture(scope="module")
def tills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, EhrTill]]:
    folder = tmp_path_factory.mktemp("tills")
    ports = dict(zip(FACILITIES, free_ports(len(FACILITIES)), strict=True))
    with ExitStack() as stack:
        # An EHR that would book every line that reaches it: nobody but the engine keeps it from booking one twice.
        ehrs = {name: stack.enter_context(Receiver(deduplicates=name == "TWIN")) for name in FACILITIES}
        more = {
            CHANNELS[name]: paying(
                name,
                ports[name],
                ehrs[name].port,
                posted_when=POSTED_WHEN.get(name, "accept"),
                deduplicates=name == "TWIN",
            )
            for name in FACILITIES
        }
        engine = stack.enter_context(running_engine(folder / "home", make_root(folder / "root", more=more)))
        for port in ports.values():
            engine.await_listening(port)
        yield {name: EhrTill(engine, CHANNELS[name], name, ports[name], ehrs[name]) for name in FACILITIES}


def destination(till: EhrTill, engine: Engine) -> int:
    """When the destination was suspended; 0 where it is not."""
    with engine.app.store.snapshot() as reader:
        return reader.destination_state(f"{till.channel}/dft").suspended_at


def await_probed(till: EhrTill) -> None:
    wait_until(lambda: not destination(till, till.engine), "a probe resumes the destination")


def test_a_payment_that_is_acknowledged_is_booked_once_and_posted(tills: dict[str, EhrTill]) -> None:
    till = tills["WELL"]
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.POSTED)
    assert (till.booked(), till.booked_twice(), till.items()) == (1, 0, [])


def test_a_silent_ehr_leaves_one_item_and_the_rest_goes_out_once_a_probe_is_answered(tills: dict[str, EhrTill]) -> None:
    till = tills["MUTE"]
    accounts = [till.open_account() for _ in range(4)]
    till.ehr.behave(Behaviour.SILENT)  # it books what it does not answer
    references = [till.pay(account) for account in accounts]
    till.await_posting(references[0], PostingState.AMBIGUOUS)
    wait_until(lambda: till.ehr.record.received.get("NMQ^N01", 0) >= 1, "the silent destination is probed")
    assert [kind for kind, _cause in till.items()] == ["ambiguous-delivery"]
    till.ehr.behave(Behaviour.ACCEPT)
    for reference in references[1:]:
        till.await_posting(reference, PostingState.POSTED)
    assert [kind for kind, _cause in till.items()] == ["ambiguous-delivery"]
    assert (till.booked(), till.booked_twice()) == (4, 0)
    assert [one.amount for one in till.ehr.record.journal.posted] == [2500] * 4


def test_what_a_person_found_posted_is_never_sent_again(tills: dict[str, EhrTill]) -> None:
    till = tills["SHUT"]
    till.ehr.behave(Behaviour.CLOSE, count=1)  # it books, and hangs up instead of answering
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.AMBIGUOUS)
    await_probed(till)
    delivery = till.delivery(reference)
    assert delivery is not None
    assert till.items() == [("ambiguous-delivery", "connection-lost")]
    resolve(till.engine.app.store, till.engine.app.clock, BY, delivery.id, Verdict.POSTED)
    following = till.pay(till.open_account())
    till.await_posting(following, PostingState.POSTED)
    assert till.items() == []
    assert (till.booked(), till.booked_twice()) == (2, 0)


def test_a_late_acknowledgement_settles_what_was_ambiguous(tills: dict[str, EhrTill]) -> None:
    till = tills["LATE"]
    till.ehr.behave(Behaviour.LATE, count=1, secs=2.5)
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.AMBIGUOUS)
    till.await_posting(reference, PostingState.POSTED)
    await_probed(till)
    assert till.items() == []
    assert (till.booked(), till.booked_twice()) == (1, 0)


def test_an_error_for_content_is_rejected_and_not_sent_again(tills: dict[str, EhrTill]) -> None:
    till = tills["AERR"]
    till.ehr.behave(Behaviour.ERROR, count=1)
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.REJECTED)
    following = till.pay(till.open_account())
    till.await_posting(following, PostingState.POSTED)
    delivery = till.delivery(reference)
    assert delivery is not None
    assert (delivery.state, len(delivery.attempts)) == (DeliveryState.REJECTED, 1)
    assert till.items() == [("rejected-delivery", "AE")]
    assert till.booked() == 1


def test_a_rejection_goes_to_a_person(tills: dict[str, EhrTill]) -> None:
    till = tills["AREJ"]
    till.ehr.behave(Behaviour.REJECT, count=1)
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.REJECTED)
    assert till.items() == [("rejected-delivery", "AR")]
    assert till.booked() == 0


def test_an_answer_about_another_message_proves_nothing(tills: dict[str, EhrTill]) -> None:
    till = tills["WRNG"]
    till.ehr.behave(Behaviour.WRONG_CONTROL_ID, count=1)
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.AMBIGUOUS)
    await_probed(till)
    assert till.items() == [("ambiguous-delivery", "reply-timeout")]
    assert (till.booked(), till.booked_twice()) == (1, 0)


def test_an_ehr_that_recognises_repeats_gets_the_same_bytes_again_and_no_person_is_asked(
    tills: dict[str, EhrTill],
) -> None:
    till = tills["TWIN"]
    till.ehr.behave(Behaviour.SILENT, count=1)
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.POSTED)
    assert till.ehr.record.journal.redelivered == 1
    assert (till.booked(), till.booked_twice(), till.items()) == (1, 0, [])


def test_an_application_acknowledgement_on_our_listener_posts_the_payment(tills: dict[str, EhrTill]) -> None:
    till = tills["APPL"]
    with Outbox("127.0.0.1", till.port) as replies:
        till.ehr.replies = replies
        reference = till.pay(till.open_account())
        allocation = till.await_posting(reference, PostingState.POSTED)
        assert replies.wait_empty(30)
        till.ehr.replies = None
    assert allocation.accepted_at is not None
    delivery = till.delivery(reference)
    assert delivery is not None
    assert {reply.code for reply in delivery.replies} | {attempt.code for attempt in delivery.attempts} == {"CA", "AA"}
    assert (till.booked(), till.items()) == (1, [])


def test_later_money_of_an_account_does_not_overtake_a_payment_that_is_unclear(tills: dict[str, EhrTill]) -> None:
    till = tills["KEPT"]
    account, other = till.open_account(), till.open_account()
    till.ehr.behave(Behaviour.CLOSE, count=1, books=False)
    unclear = till.pay(account)
    till.await_posting(unclear, PostingState.AMBIGUOUS)
    later, elsewhere = till.pay(account, 100), till.pay(other, 200)
    till.await_posting(elsewhere, PostingState.POSTED)
    held_back = till.delivery(later)
    assert held_back is not None
    assert held_back.state is DeliveryState.QUEUED
    delivery = till.delivery(unclear)
    assert delivery is not None
    resolve(till.engine.app.store, till.engine.app.clock, BY, delivery.id, Verdict.NOT_POSTED)
    till.await_posting(unclear, PostingState.POSTED)
    till.await_posting(later, PostingState.POSTED)
    assert [one.amount for one in till.ehr.record.journal.posted] == [200, 2500, 100]
    assert till.booked_twice() == 0

"""Messages are found by whom they are about: also while they are stuck, before they ever ran, and where they only name money."""

from interface.ledger.reading import Meaning, PaymentAllocation, PaymentSaid, Reading
from interface.operate.hold import release
from interface.view.message import MessageFilter
from tests.operate.desk import BROKEN, BY, Desk
from tests.pipeline.spoken import merge, update


def found(desk: Desk, **wanted: str) -> list[int]:
    with desk.store.snapshot() as reader:
        return [row.id for row in reader.messages(MessageFilter(**wanted))]  # type: ignore[arg-type] - of text alone


def shown(desk: Desk, message_id: int) -> tuple[str, str, str]:
    (row,) = desk.rows(message_id)
    return (row.patient, row.account, row.family)


def pay(desk: Desk, *accounts: str) -> int:
    shares = tuple(PaymentAllocation(None, desk.story(one).account.public_id, 500) for one in accounts)
    at = desk.clock.now()
    said = PaymentSaid("T1", 500 * len(shares), "USD", shares, "visa", taken_at=at)
    (number,) = desk.receive(Reading(Meaning.PAYMENT, at, payment=said))
    desk.run()
    return number


def test_a_message_that_the_mapping_stops_is_found_by_its_patient(desk: Desk) -> None:
    (stopped,) = desk.receive(BROKEN, owner="ada")
    desk.run()
    assert desk.state(stopped) == "held"
    assert found(desk, patient="ada") == [stopped]
    assert shown(desk, stopped) == ("ada", "", "")


def test_what_waits_behind_it_is_found_before_it_ever_ran(desk: Desk) -> None:
    (stopped,) = desk.receive(BROKEN, owner="ada")
    (behind,) = desk.receive(update("ada", "A1", family="Quillfeather"))
    desk.run()
    assert desk.state(behind) == "parked"
    assert found(desk, patient="ada") == [stopped, behind]
    assert found(desk, account="A1", family="quillfeather") == [behind]
    assert shown(desk, behind) == ("ada", "A1", "Quillfeather")


def test_what_a_later_run_reads_counts_before_what_was_read_when_it_was_parked(desk: Desk) -> None:
    (stopped,) = desk.receive(BROKEN, owner="ada")
    (behind,) = desk.receive(update("ada", "A1"))
    desk.run()
    desk.mend(stopped, update("ada"))
    desk.mend(behind, update("ada", "A2"))
    release(desk.store, BY, [stopped])
    desk.run()
    assert shown(desk, behind)[:2] == ("ada", "A2")


def test_a_payment_is_found_by_the_account_and_patient_that_it_is_for(desk: Desk) -> None:
    (opened,) = desk.hear(("ada", update("ada", "A1", family="Quillfeather")))
    paid = pay(desk, "A1")
    assert shown(desk, paid) == ("ada", "A1", "Quillfeather")
    assert found(desk, account="A1") == [opened, paid]
    assert found(desk, patient="ada", family="Quillfeather") == [opened, paid]


def test_a_payment_over_several_accounts_is_found_by_each(desk: Desk) -> None:
    desk.hear(("ada", update("ada", "A1")), ("ben", update("ben", "B1")))
    paid = pay(desk, "A1", "B1")
    assert shown(desk, paid)[:2] == ("ada", "A1")
    for wanted in ({"account": "B1"}, {"patient": "ben"}):
        assert paid in found(desk, **wanted)


def test_what_takes_back_all_of_a_payment_is_found_by_its_account(desk: Desk) -> None:
    desk.hear(("ada", update("ada", "A1")))
    pay(desk, "A1")
    said = PaymentSaid("V1", 500, "USD", (), "visa", taken_at=desk.clock.now(), original="T1")
    (void,) = desk.receive(Reading(Meaning.VOID, said.taken_at, payment=said))
    desk.run()
    assert shown(desk, void)[:2] == ("ada", "A1")


def test_a_payment_that_waits_is_found_by_its_account(desk: Desk) -> None:
    desk.hear(("ada", update("ada", "A1")))
    desk.receive(BROKEN, owner="ada")
    paid = pay(desk, "A1")
    assert desk.state(paid) == "parked"
    assert paid in found(desk, account="A1")


def test_a_payment_after_a_merge_is_found_by_the_surviving_patient(desk: Desk) -> None:
    desk.hear(("ada", update("ada")), ("ben", update("ben", "B1")))
    desk.hear(("ada", merge("ada", "ben")))
    assert shown(desk, pay(desk, "B1"))[:2] == ("ada", "B1")

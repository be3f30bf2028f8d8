"""One engine for Epic, Cerner and athena at once: each hospital's morning, and its payments, end as its own books say."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from interface.app.pay import hosted
from interface.app.played import PlayedOverMllp, play
from interface.healthpay24.protocol import Done, PaymentOrder, ReturnOrder, Share
from interface.message import PostingState
from interface.simulate.hospital import Vendor
from interface.simulate.record import take_record
from interface.view.money import AccountStory, PaymentStory
from tests.engine.harness import Engine, running_engine
from tests.engine.morning import account_differences, accounts_of
from tests.engine.processes import wait_until
from tests.engine.root import make_root

PATIENTS = 10
every_vendor = pytest.mark.parametrize("vendor", Vendor)


@dataclass(frozen=True, slots=True)
class Town:
    """A running engine and the hospitals around it, whose mornings it has processed. All number their patients alike."""

    engine: Engine
    hospitals: dict[Vendor, PlayedOverMllp]
    refused: int


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with ExitStack() as stack:
        hospitals = {vendor: stack.enter_context(play(vendor, 31, PATIENTS)) for vendor in Vendor}
        environ = {name: value for one in hospitals.values() for name, value in one.environ().items()}
        root = make_root(folder / "root", vendors=tuple(Vendor))
        engine = stack.enter_context(running_engine(folder / "home", root, environ))
        for one in hospitals.values():
            engine.await_listening(one.port)
        with ThreadPoolExecutor(len(hospitals)) as threads:
            list(threads.map(lambda one: one.send(2, lambda: None), hospitals.values()))
        engine.await_idle()
        yield Town(engine, hospitals, sum(one.refused for one in hospitals.values()))


def owing(town: Town, vendor: Vendor) -> AccountStory:
    """An account of the vendor's hospital that something is owed on."""
    truths = take_record(town.hospitals[vendor].hospital).accounts
    stories = accounts_of(town.engine, town.hospitals[vendor].hospital.site.facility)
    return next(one for one in stories if truths[one.names[0].value].due > 500)


def payment(town: Town, reference: str) -> PaymentStory | None:
    with town.engine.app.store.snapshot() as reader:
        return reader.payment(reference)


def await_posted(town: Town, reference: str, parts: int) -> None:
    """Wait until so many parts of the payment, voids among them, stand in the EHR's books."""

    def posted() -> bool:
        story = payment(town, reference)
        found = [one.posting is PostingState.POSTED for one in story.allocations] if story else []
        return len(found) == parts and all(found)

    wait_until(posted, f"{parts} parts are posted; see {town.engine.log}")


def await_quiet(town: Town, vendor: Vendor) -> None:
    """Wait until the EHR has said what it has to say, and the engine has heard it."""
    assert town.hospitals[vendor].echo.outbox.wait_empty(30)
    town.engine.await_idle()


@every_vendor
def test_every_message_is_processed_or_let_pass_by(town: Town, vendor: Vendor) -> None:
    await_quiet(town, vendor)
    truths, counts = take_record(town.hospitals[vendor].hospital), town.engine.counts(vendor.value)
    assert town.refused == 0
    assert (counts["held"], counts["failed"]) == (0, 0)
    assert counts["processed"] + counts["filtered"] == counts["received"]
    assert counts["filtered"] == truths.of_no_interest


@every_vendor
def test_a_payment_and_its_void_are_posted_in_the_vendors_own_way(town: Town, vendor: Vendor) -> None:
    hospital, healthpay24 = town.hospitals[vendor], hosted(town.engine.app)
    account = owing(town, vendor)
    order = PaymentOrder((Share(account.account.public_id, 500),), "USD", "visa", f"tok_{vendor}01", "4242")
    paid = healthpay24.pay(order, key=f"{vendor}-1", actor="tester")
    assert isinstance(paid, Done)
    await_posted(town, paid.reference, 1)
    voided = healthpay24.void(ReturnOrder(paid.reference, "USD"), key=f"{vendor}-2", actor="tester")
    assert isinstance(voided, Done)
    await_posted(town, paid.reference, 2)
    journal = hospital.ehr.record.journal
    assert [one.amount for one in journal.posted] == [500, -500]
    assert journal.duplicates == ()


@every_vendor
def test_the_ledger_ends_as_the_hospital_says(town: Town, vendor: Vendor) -> None:
    await_quiet(town, vendor)
    hospital = town.hospitals[vendor]
    truths = take_record(hospital.hospital)
    assert list(account_differences(town.engine, truths, hospital.hospital.site.facility)) == []
    assert town.engine.work_items() == []

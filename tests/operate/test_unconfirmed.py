"""An acknowledgement is no proof: a payment that is not seen to be posted in time is told to a person, once."""

from dataclasses import replace

import pytest

from interface.errors import ActRefusedError
from interface.message import DeliveryState, PostingState
from interface.operate.posting import Verdict, resolve
from interface.pipeline.unconfirmed import tell_unconfirmed
from interface.row.delivery import PostingFact
from interface.view.count import DestinationCount
from interface.view.work import WorkItemRow
from tests.operate.desk import BY, Desk, Till, wire_id
from tests.pipeline.spoken import DESTINATION, SECOND

HOUR_SECS = 3600


def open_till(desk: Desk, hours: float = 48, accounts: int = 1) -> Till:
    till = Till.open(desk, accounts, posted_when="echo")
    desk.destinations = {DESTINATION: replace(desk.destinations[DESTINATION], unconfirmed_secs=hours * HOUR_SECS)}
    return till


def look(desk: Desk) -> int:
    return tell_unconfirmed(desk.store, desk.plan(), desk.clock)


def items(desk: Desk) -> list[WorkItemRow]:
    with desk.store.snapshot() as reader:
        return reader.work_items(only_open=True, beyond_id=0, limit=100)


def counted(desk: Desk) -> DestinationCount:
    with desk.store.snapshot() as reader:
        (count,) = reader.destination_counts()
    return count


def oldest_at(desk: Desk) -> int:
    return counted(desk).oldest_unconfirmed_at


def confirm(till: Till) -> None:
    (allocation,) = till.desk.story("A0").allocations
    with till.desk.store.turn("test") as turn:
        turn.posting_facts([PostingFact(allocation.id, PostingState.POSTED, till.desk.clock.now())])


def test_before_its_time_only_its_age_is_told(desk: Desk) -> None:
    till = open_till(desk)
    till.pay("TX1")
    till.send("AA")
    accepted_at = till.desk.story("A0").allocations[0].accepted_at
    desk.clock.at += 47 * HOUR_SECS * SECOND
    assert (look(desk), items(desk), oldest_at(desk)) == (0, [], accepted_at)


def test_after_its_time_a_person_is_told_once_with_the_money_at_stake(desk: Desk) -> None:
    till = open_till(desk)
    till.pay("TX1")
    till.send("AA")
    desk.clock.at += 49 * HOUR_SECS * SECOND
    assert (look(desk), look(desk)) == (1, 0)
    (item,) = items(desk)
    (delivery,) = till.deliveries()
    assert (item.kind, item.subject, item.cause) == ("unconfirmed-posting", f"delivery:{delivery.id}", "unconfirmed")
    assert (item.amount_minor, item.currency, item.acts) == (500, "USD", ("resolve",))


def test_each_payment_is_told_by_itself(desk: Desk) -> None:
    till = open_till(desk, accounts=3)
    for number in range(3):
        till.pay(f"TX{number}", f"A{number}")
        till.send("AA")
    desk.clock.at += 49 * HOUR_SECS * SECOND
    assert look(desk) == 3
    assert len({item.subject for item in items(desk)}) == 3


def test_those_that_a_person_was_told_of_are_counted_until_they_are_settled(desk: Desk) -> None:
    till = open_till(desk, accounts=2)
    for number in range(2):
        till.pay(f"TX{number}", f"A{number}")
        till.send("AA")
    desk.clock.at += 49 * HOUR_SECS * SECOND
    before = counted(desk).unconfirmed
    look(desk)
    told = counted(desk).unconfirmed
    resolve(desk.store, desk.clock, BY, till.deliveries()[0].id, Verdict.POSTED)
    assert (before, told, counted(desk).unconfirmed) == (0, 2, 1)


def test_where_the_channel_does_not_ask_nobody_is_told(desk: Desk) -> None:
    till = open_till(desk, hours=0)
    till.pay("TX1")
    till.send("AA")
    desk.clock.at += 1000 * HOUR_SECS * SECOND
    assert look(desk) == 0


def test_its_item_closes_when_its_posting_is_known(desk: Desk) -> None:
    till = open_till(desk)
    till.pay("TX1")
    till.send("AA")
    desk.clock.at += 49 * HOUR_SECS * SECOND
    look(desk)
    confirm(till)
    assert (items(desk), till.postings(), oldest_at(desk), look(desk)) == ([], ["posted"], 0, 0)


def test_a_person_who_found_it_posted_settles_it(desk: Desk) -> None:
    till = open_till(desk)
    till.pay("TX1")
    till.send("AA")
    desk.clock.at += 49 * HOUR_SECS * SECOND
    look(desk)
    (delivery,) = till.deliveries()
    resolve(desk.store, desk.clock, BY, delivery.id, Verdict.POSTED)
    assert (items(desk), till.postings(), till.states()) == ([], ["posted"], [DeliveryState.DELIVERED])


def test_what_a_person_did_not_find_is_sent_again_under_its_number(desk: Desk) -> None:
    till = open_till(desk)
    till.pay("TX1")
    first = till.send("AA")
    desk.clock.at += 49 * HOUR_SECS * SECOND
    look(desk)
    (delivery,) = till.deliveries()
    resolve(desk.store, desk.clock, BY, delivery.id, Verdict.NOT_POSTED)
    assert (items(desk), till.postings(), till.states()) == ([], ["pending"], [DeliveryState.QUEUED])
    assert wire_id(till.send("AA")) == wire_id(first)
    assert till.postings() == ["accepted"]


def test_what_a_person_withdraws_is_withdrawn(desk: Desk) -> None:
    till = open_till(desk)
    till.pay("TX1")
    till.send("AA")
    (delivery,) = till.deliveries()
    resolve(desk.store, desk.clock, BY, delivery.id, Verdict.WITHDRAWN)
    assert (till.postings(), till.states()) == (["withdrawn"], [DeliveryState.WITHDRAWN])


def test_what_is_known_to_be_posted_is_not_for_a_person_to_decide(desk: Desk) -> None:
    till = open_till(desk)
    till.pay("TX1")
    till.send("AA")
    confirm(till)
    (delivery,) = till.deliveries()
    with pytest.raises(ActRefusedError, match="nothing to decide"):
        resolve(desk.store, desk.clock, BY, delivery.id, Verdict.NOT_POSTED)

"""What a batch changed in the ledger comes back as it was saved, through any of its names."""

from dataclasses import asdict, replace

from interface.ledger.change import (
    Confirmation,
    LedgerChanges,
    Loaded,
    PaymentMoved,
    Retirement,
)
from interface.ledger.entity import Confirmed, Entity
from interface.ledger.journal import Balance, Book, MoneyMark, Observation
from interface.ledger.needs import Needs
from interface.ledger.noun import Identifier, Noun, public
from interface.ledger.payment import AllocationKind, PostingConfirmed
from interface.ledger.reading import MoneyKind
from interface.message import PaymentState, PostingState
from interface.store.store import SqlStore
from tests.store.given import (
    HAR,
    MR,
    START,
    account,
    allocation,
    entry,
    finish,
    group,
    named,
    patient,
    payment,
    received,
    run,
)

VN = Identifier("north", "VN", "V-9")
GN = Identifier("north", "GN", "G-4")


def save(store: SqlStore, changes: LedgerChanges) -> None:
    sealed = store.seal(changes)
    with store.turn("process") as turn:
        turn.save(sealed, 1)


def load(store: SqlStore, **needs: object) -> Loaded:
    with store.snapshot() as reader:
        loaded = reader.load(Needs(**needs))  # type: ignore[arg-type]  # by name
    loaded.entities.sort(key=lambda one: (one.noun, one.id))
    return loaded


def plain(*rows: Entity) -> list[dict[str, object]]:
    """Rows by what they hold: an entity is equal to itself alone."""
    return [asdict(row) for row in rows]


def registered(store: SqlStore) -> tuple[Entity, Entity]:
    """A patient with an account, saved."""
    person, owned = patient(), account()
    save(
        store,
        LedgerChanges(created=[person, owned], identifiers=[named(Noun.PATIENT, MR, 1), named(Noun.ACCOUNT, HAR, 1)]),
    )
    return person, owned


def taken(store: SqlStore) -> None:
    """A payment on the account, saved."""
    registered(store)
    (message,) = received(store, 1)
    save(
        store,
        LedgerChanges(
            entries=[entry(1, message)],
            balance_deltas=[Balance(1, Book.RECEIVABLE, "patient", "USD", -2500)],
            payments=[payment(message)],
            allocations=[allocation()],
        ),
    )


def test_an_account_brings_its_patient(store: SqlStore) -> None:
    person, owned = registered(store)
    found = load(store, identifiers={(Noun.ACCOUNT, HAR)})
    assert plain(*found.entities) == plain(owned, person)
    assert found.identifiers == [named(Noun.ACCOUNT, HAR, 1)]


def test_an_identifier_counts_with_its_authority_and_noun(store: SqlStore) -> None:
    registered(store)
    assert load(store, identifiers={(Noun.PATIENT, MR._replace(authority="south"))}).entities == []
    assert load(store, identifiers={(Noun.GUARANTOR, MR)}).entities == []


def test_an_account_is_found_by_its_public_id(store: SqlStore) -> None:
    person, owned = registered(store)
    assert plain(*load(store, account_public_ids={"acc_1", "acc_9"}).entities) == plain(owned, person)


def test_a_public_id_is_an_identifier_of_its_row(store: SqlStore) -> None:
    person, owned = registered(store)
    own, nobody = (public(one) for one in (owned.public_id, "acc_9"))
    found = load(
        store, identifiers={(Noun.ACCOUNT, own), (Noun.ACCOUNT, nobody), (Noun.PATIENT, own), (Noun.ACCOUNT, HAR)}
    )
    assert plain(*found.entities) == plain(owned, person)
    assert {(one.noun, one.identifier, one.entity_id) for one in found.identifiers} == {
        (Noun.ACCOUNT, own, owned.id),
        (Noun.ACCOUNT, HAR, owned.id),
    }


def test_a_visit_brings_account_and_patient(store: SqlStore) -> None:
    person, owned = registered(store)
    visit = Entity(Noun.ENCOUNTER, 1, "enc_1", START, START, patient_id=1, account_id=1, facility="north")
    save(store, LedgerChanges(created=[visit], identifiers=[named(Noun.ENCOUNTER, VN, 1)]))
    assert plain(*load(store, identifiers={(Noun.ENCOUNTER, VN)}).entities) == plain(owned, visit, person)


def test_a_changed_row_replaces_the_old_one(store: SqlStore) -> None:
    person, _owned = registered(store)
    moved = replace(
        person, updated_at=START + 9, groups={"name": group({"family": "Brackwater", "given": None}, START + 9)}
    )
    save(store, LedgerChanges(changed=[moved]))
    assert plain(*load(store, identifiers={(Noun.PATIENT, MR)}).entities) == plain(moved)


def test_a_confirmation_moves_the_stamp_only(store: SqlStore) -> None:
    person, _owned = registered(store)
    seen = Confirmed(START + 5, 7, frozenset({"name", "birth"}))
    save(store, LedgerChanges(confirmations=[Confirmation(Noun.PATIENT, 1, seen)]))
    assert plain(*load(store, identifiers={(Noun.PATIENT, MR)}).entities) == plain(replace(person, confirmed=seen))


def test_a_retired_identifier_leads_to_the_old_row_and_on_to_the_survivor(store: SqlStore) -> None:
    old, _owned = registered(store)
    survivor = patient(2)
    gone = replace(old, survivor_id=2)
    save(
        store,
        LedgerChanges(
            created=[survivor],
            changed=[gone],
            identifiers=[named(Noun.PATIENT, MR._replace(value="777002"), 2)],
            retirements=[Retirement(Noun.PATIENT, MR, START + 3)],
        ),
    )
    found = load(store, identifiers={(Noun.PATIENT, MR)})
    assert plain(*found.entities) == plain(gone, survivor)
    assert [known.retired_at for known in found.identifiers] == [START + 3]


def test_a_retired_identifier_can_be_given_again(store: SqlStore) -> None:
    registered(store)
    save(store, LedgerChanges(retirements=[Retirement(Noun.PATIENT, MR, START + 3)]))
    save(store, LedgerChanges(created=[patient(2)], identifiers=[named(Noun.PATIENT, MR, 2)]))
    found = load(store, identifiers={(Noun.PATIENT, MR)})
    assert sorted((known.entity_id, known.retired_at) for known in found.identifiers) == [(1, START + 3), (2, None)]


def test_rows_that_are_new_in_one_batch_may_point_to_each_other_in_any_order(store: SqlStore) -> None:
    chain = [replace(patient(number), survivor_id=number + 1) for number in (1, 2)]
    save(store, LedgerChanges(created=[*chain, patient(3)], identifiers=[named(Noun.PATIENT, MR, 1)]))
    assert [one.id for one in load(store, identifiers={(Noun.PATIENT, MR)}).entities] == [1, 2, 3]


def test_balances_add_up(store: SqlStore) -> None:
    registered(store)
    delta = Balance(1, Book.RECEIVABLE, "patient", "USD", 700)
    save(store, LedgerChanges(balance_deltas=[delta]))
    save(store, LedgerChanges(balance_deltas=[replace(delta, amount_minor=-200)]))
    visit = Entity(Noun.ENCOUNTER, 1, "enc_1", START, START, patient_id=1, account_id=1)
    save(store, LedgerChanges(created=[visit], identifiers=[named(Noun.ENCOUNTER, VN, 1)]))
    assert load(store, money_of={(Noun.ENCOUNTER, VN)}).balances == [replace(delta, amount_minor=500)]


def test_an_observation_replaces_the_former_one(store: SqlStore) -> None:
    registered(store)
    (message,) = received(store, 1)
    first = Observation(1, 20_000, "USD", START, 1, message)
    newer = replace(first, amount_minor=-300, as_of=START + 9)
    save(store, LedgerChanges(observations=[first]))
    save(store, LedgerChanges(observations=[newer]))
    assert load(store, observed={HAR}).observations == [newer]


def test_a_booked_transaction_is_recognised_and_brings_its_account(store: SqlStore) -> None:
    _person, owned = registered(store)
    (message,) = received(store, 1)
    key = "id\x1fFT-1\x1fCG\x1f+"
    mark = MoneyMark(
        look_up=key,
        source="epic",
        account_id=1,
        message_id=message,
        ordinal=0,
        entry_id=None,
        kind=MoneyKind.CHARGE,
        amount_minor=4200,
        currency="USD",
        responsibility="unknown",
        code="99213",
        occurred_on="2026-01-01",
    )
    save(store, LedgerChanges(money=[mark]))
    found = load(store, money={key, "id\x1fother"})
    assert found.money == [mark]
    assert plain(owned)[0] in plain(*found.entities)
    save(store, LedgerChanges(money=[replace(mark, amount_minor=4300)]))
    assert [one.amount_minor for one in load(store, money_of_messages={message}).money] == [4300]


def test_a_payment_is_found_by_its_wire_id_reference_or_transaction(store: SqlStore) -> None:
    taken(store)
    for needs in ({"wire_ids": {"0LABC1"}}, {"wire_ids": {"R1"}}, {"transaction_ids": {"tx_1"}}):
        found = load(store, **needs)
        assert found.allocations == [allocation()]
        assert [one.token for one in found.payments] == ["tok_secret"]
        assert {one.noun for one in found.entities} == {Noun.ACCOUNT, Noun.PATIENT}
    assert load(store, wire_ids={"0LABC2"}).payments == []


def test_an_echo_confirms_and_posts_once(store: SqlStore) -> None:
    taken(store)
    save(store, LedgerChanges(confirmed_postings=[PostingConfirmed(1, START + 4, START + 6, 1)]))
    save(store, LedgerChanges(confirmed_postings=[PostingConfirmed(1, START + 8, START + 9, 2)]))
    (found,) = load(store, wire_ids={"0LABC1"}).allocations
    assert (found.posting, found.confirmed_at, found.posted_at) == (PostingState.POSTED, START + 4, START + 6)
    assert found.echo_message_id == 1


def test_a_void_is_an_allocation_that_names_what_it_takes_back(store: SqlStore) -> None:
    taken(store)
    void = allocation(2, kind=AllocationKind.VOID, reverses=1, transaction_id="tx_2")
    save(store, LedgerChanges(allocations=[void], payment_moves=[PaymentMoved(1, PaymentState.VOIDED)]))
    found = load(store, transaction_ids={"tx_2"})
    assert found.allocations == [allocation(), void]
    assert [one.state for one in found.payments] == [PaymentState.VOIDED]


def test_an_account_is_shown_with_all_that_moved_on_it(store: SqlStore) -> None:
    taken(store)
    with store.snapshot() as reader:
        by_number, by_public_id = reader.account(HAR.value), reader.account("acc_1")
        page = reader.accounts(0, 10)
    assert by_number is not None and by_public_id is not None
    assert asdict(by_number) == asdict(by_public_id)
    assert by_number.names == (HAR,)
    assert by_number.patient is not None and by_number.patient_names == (MR,)
    assert by_number.balances == (Balance(1, Book.RECEIVABLE, "patient", "USD", -2500),)
    assert by_number.entries == (entry(1, 1),)
    assert [one.public_id for one in by_number.payments] == ["pay_1"]
    assert by_number.allocations == (allocation(),)
    assert [asdict(story) for story in page] == [asdict(replace(by_number, entries=()))]


def test_a_merged_account_is_shown_as_its_survivor(store: SqlStore) -> None:
    registered(store)
    survivor = account(2, 1)
    other = HAR._replace(value="H-5002")
    save(store, LedgerChanges(created=[survivor], identifiers=[named(Noun.ACCOUNT, other, 2)]))
    save(
        store,
        LedgerChanges(
            changed=[replace(account(), survivor_id=2)], retirements=[Retirement(Noun.ACCOUNT, HAR, START + 3)]
        ),
    )
    with store.snapshot() as reader:
        story = reader.account(HAR.value)
        assert [one.account.id for one in reader.accounts(0, 10)] == [2]
    assert story is not None
    assert (story.account.id, story.names, story.merged_ids) == (2, (other, HAR), (1,))


def test_a_number_that_several_accounts_have_shows_none(store: SqlStore) -> None:
    registered(store)
    save(
        store, LedgerChanges(created=[account(2, 1)], identifiers=[named(Noun.ACCOUNT, HAR._replace(authority="s"), 2)])
    )
    with store.snapshot() as reader:
        assert reader.account(HAR.value) is None
        assert reader.account("unknown") is None


def test_visits_and_guarantors_stand_with_their_account(store: SqlStore) -> None:
    registered(store)
    visit = Entity(Noun.ENCOUNTER, 1, "enc_1", START, START, patient_id=1, account_id=1)
    payer = Entity(Noun.GUARANTOR, 1, "gua_1", START, START, groups={"name": group({"family": "Quillfeather"})})
    liable = account(groups={"guarantors": group({"guarantors": [{"guarantor": 1, "priority": 1}]})})
    save(store, LedgerChanges(created=[visit, payer], changed=[liable], identifiers=[named(Noun.GUARANTOR, GN, 1)]))
    with store.snapshot() as reader:
        story = reader.account("acc_1")
    assert story is not None
    assert plain(*story.visits, *story.guarantors) == plain(visit, payer)


def test_a_patient_is_shown_with_its_lane_its_names_and_its_accounts(store: SqlStore) -> None:
    person, owned = registered(store)
    with store.snapshot() as reader:
        found = reader.patient(MR.value)
        assert reader.patient("unknown") is None
    assert found is not None
    assert (found.public_id, found.lane) == (person.public_id, person.lane)
    assert (MR in found.names, found.account_ids) == (True, (owned.public_id,))


def test_a_payment_is_shown_by_any_of_its_names(store: SqlStore) -> None:
    taken(store)
    with store.snapshot() as reader:
        stories = [reader.payment(name) for name in ("pay_1", "tx_1", "0LABC1")]
        assert reader.payment("unknown") is None
        assert reader.payments_of_allocations([1]) == [stories[0]]
        assert reader.payments(0, 10) == [stories[0]]
    assert stories[0] is not None and stories[0] == stories[1] == stories[2]
    assert stories[0].account_public_ids == {1: "acc_1"}


def test_the_whole_ledger_is_read_as_it_was_saved(store: SqlStore) -> None:
    taken(store)
    with store.snapshot() as reader:
        image = reader.image()
        assert plain(*image.entities) == plain(patient(), account())
        assert sorted(image.identifiers, key=lambda known: known.noun) == [
            named(Noun.ACCOUNT, HAR, 1),
            named(Noun.PATIENT, MR, 1),
        ]
        assert list(image.entries) == [entry(1, 1)]
        assert list(image.balances) == [Balance(1, Book.RECEIVABLE, "patient", "USD", -2500)]
        assert [one.public_id for one in image.payments] == ["pay_1"]
        assert list(image.allocations) == [allocation()]
        assert list(image.observations) == []


def test_runs_are_read_in_the_order_in_which_they_ended(store: SqlStore) -> None:
    ids = received(store, 3)
    finish(store, *(run(number) for number in (ids[2], ids[0], ids[1])))
    with store.snapshot() as reader:
        first = reader.runs(0, 2)
        assert [one.message_id for one in first] == [ids[2], ids[0]]
        assert [one.message_id for one in reader.runs(first[-1].id, 2)] == [ids[1]]

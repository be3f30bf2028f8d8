"""Where the engine's own code changed, a proof begins with the ledger as it stood then."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from interface.app import baseline
from interface.app.compose import App
from interface.app.pay import hosted
from interface.app.verify import Proof, verify
from interface.channel import loader
from interface.healthpay24.protocol import Done, PaymentOrder, Share
from interface.mapping.function import FUNCTIONS
from interface.pipeline.receive import Listening, examine, store_batch
from interface.simulate.traffic import morning
from tests.app.test_preview import app, call_charges_credits, replay, run, shout_family_names

__all__ = ["app"]  # the fixture


def prove(opened: App) -> Proof:
    return verify(opened, lambda _done, _total: None)


def feed(opened: App, seed: int) -> None:
    """Another morning, of other people and of some that are known."""
    at = opened.clock.now()
    contents = [one.content for one in morning(seed, 12)]
    store_batch(opened.store, [examine(one, Listening("epic"), peer="t:1", at=at) for one in contents])
    run(opened)


def pay(opened: App, key: str) -> None:
    with opened.store.snapshot() as reader:
        (story,) = reader.accounts(0, 1)
    order = PaymentOrder((Share(story.account.public_id, 1500),), "USD", "visa", "tok_1")
    assert isinstance(hosted(opened).pay(order, key=key, actor="desk"), Done)
    run(opened)


@pytest.fixture(autouse=True)
def _own_functions() -> Iterator[None]:
    """What a test compiled with functions of its own is no other test's."""
    yield
    loader.forget_compiled()


def spell_phones_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer engine, whose function reads the same bytes in another way."""
    changed = replace(FUNCTIONS["phone"], build=lambda _setting: lambda _er7, _scope: "+1 555")
    monkeypatch.setitem(FUNCTIONS, "phone", changed)  # type: ignore[arg-type]  # read-only to the engine
    loader.forget_compiled()  # another engine is another process


def test_code_that_reads_otherwise_is_found_out_without_a_baseline(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    spell_phones_otherwise(monkeypatch)
    assert {one.group for one in prove(app).differences} == {"phone"}


def test_from_a_baseline_on_newer_code_proves_what_it_made_itself(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    pay(app, "before")
    app.store.take_baseline("older code")
    spell_phones_otherwise(monkeypatch)
    feed(app, 8)
    pay(app, "after")
    assert prove(app).holds
    call_charges_credits(app)
    replay(app, force_money=True)
    shout_family_names(app)
    replay(app)
    assert prove(app).holds


def test_a_ledger_that_was_tampered_with_since_its_baseline_is_found_out(app: App) -> None:
    app.store.take_baseline("older code")
    with app.store.snapshot() as reader:
        (story,) = reader.accounts(0, 1)
    stolen = replace(story.account, facility="ELSEWHERE")
    with app.store.snapshot() as reader:
        changes = next(one for one in reader.baseline_changes() if one.created)
    changes.created, changes.changed = [], [stolen]
    sealed = app.store.seal(changes)
    with app.store.turn("process") as turn:
        turn.save(sealed, 1)
    assert [one.group for one in prove(app).differences] == ["links"]


def test_a_baseline_is_taken_once_for_each_code(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    for digest in ("one", "one", "two"):
        monkeypatch.setattr(baseline, "functions_digest", lambda digest=digest: digest)
        baseline.keep_baseline(app.store)
        with app.store.snapshot() as reader:
            taken.append(reader.baseline())
    first, again, newer = taken
    assert first == again != newer
    assert newer is not None and newer.functions == "two"


def test_a_large_ledger_is_copied_in_several_turns(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interface.store.baseline.CHUNK", 3)
    pay(app, "before")
    app.store.take_baseline("older code")
    assert prove(app).holds
    with app.store.snapshot() as reader:
        copied = [one for changes in reader.baseline_changes() for one in changes.created]
        live = list(reader.image().entities)
    assert sorted((one.noun, one.id) for one in copied) == sorted((one.noun, one.id) for one in live)


def test_the_digest_names_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = baseline.functions_digest()
    monkeypatch.setattr(baseline, "_READ_AND_APPLY", ("interface.hl7", "interface.mapping"))
    assert baseline.functions_digest() != whole

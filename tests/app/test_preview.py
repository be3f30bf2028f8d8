"""What a preview says is what the replay then does; and under the same configuration a replay changes nothing."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.app.compose import App, open_app
from interface.app.plan import plan_of
from interface.app.preview import preview
from interface.app.verify import verify
from interface.ledger.entity import Entity
from interface.ledger.noun import Noun
from interface.operate.act import By
from interface.operate.replay import choose, progress, request
from interface.pipeline.process import ProcessStage, drain
from interface.pipeline.receive import Listening, examine, store_batch
from interface.simulate.traffic import morning
from interface.view.message import MessageFilter
from tests.engine.root import make_root

BY = By("tester", "try")
FAMILY = "family: PID-5.1"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[App]:
    root = make_root(tmp_path / "root")
    environ = {"HP24_KEY_FILE": str(tmp_path / "test.key"), "HP24_DATABASE_URL": database_url}
    with open_app(tmp_path / "home", root, environ) as opened:
        opened.publish(opened.edited(), "tester")
        at = opened.clock.now()
        examined = [examine(one.content, Listening("epic"), peer="t:1", at=at) for one in morning(7, 10)]
        store_batch(opened.store, examined)
        run(opened)
        yield opened


def run(app: App) -> None:
    drain(ProcessStage(app.store, plan_of(*app.active()), app.clock), 32)


def everything(app: App) -> tuple[int, ...]:
    return choose(app.store, MessageFilter()).ids


def replay(app: App, *, force_money: bool = False) -> int:
    """Replay everything; gives how many messages changed the ledger."""
    number = request(app.store, BY, choose(app.store, MessageFilter()), force_money=force_money)
    run(app)
    done = progress(app.store, number)
    assert (done.done, done.failed) == (done.total, 0)
    return done.changed


def rows(app: App) -> dict[tuple[Noun, int], Entity]:
    with app.store.snapshot() as reader:
        return {(row.noun, row.id): row for row in reader.image().entities}


def differing(before: dict[tuple[Noun, int], Entity], after: dict[tuple[Noun, int], Entity]) -> Counter[str]:
    found: Counter[str] = Counter()
    for key, row in after.items():
        for group, held in row.groups.items():
            if before[key].groups[group].values != held.values:
                found[f"{row.noun}.{group}"] += 1
    return found


def shout_family_names(app: App) -> None:
    """Edit the mapping as an analyst would, and make the new version active."""
    for path in (app.root / "mappings").glob("*.yaml"):
        path.write_text(path.read_text(encoding="utf-8").replace(FAMILY, f"{FAMILY} | upper"), encoding="utf-8")
    app.publish(app.edited(), "tester")


def call_charges_credits(app: App) -> None:
    """A wrong edit that an analyst may make, and make active."""
    table = app.root / "mappings" / "tables" / "transaction_kind.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("CG,charge", "CG,credit"), encoding="utf-8")
    app.publish(app.edited(), "tester")


def test_under_the_same_configuration_nothing_changes(app: App) -> None:
    before = rows(app)
    found = preview(app, everything(app), lambda _done, _total: None)
    assert (found.changed_messages, found.groups, found.entries) == (0, Counter(), Counter())
    assert replay(app) == 0
    assert differing(before, rows(app)) == Counter()


def test_a_preview_tells_what_the_replay_then_does(app: App) -> None:
    before = rows(app)
    shout_family_names(app)
    found = preview(app, everything(app), lambda _done, _total: None)
    assert found.groups["patient.name"] > 0
    assert differing(before, rows(app)) == Counter(), "looking changes nothing"
    assert replay(app) == found.changed_messages
    assert differing(before, rows(app)) == found.groups


def test_the_ledger_is_proven_after_a_replay_under_a_newer_version(app: App) -> None:
    shout_family_names(app)
    replay(app)
    proof = verify(app, lambda _done, _total: None)
    assert (proof.differences, proof.endings, proof.holds) == ([], [], True)


def test_money_that_stays_as_it_is_booked_is_counted_alike_by_preview_and_replay(app: App) -> None:
    call_charges_credits(app)
    found = preview(app, everything(app), lambda _done, _total: None)
    number = request(app.store, BY, choose(app.store, MessageFilter()))
    run(app)
    done = progress(app.store, number)
    (left,) = found.unrestated
    assert (left.currency, left.booked_minor, left.said_minor) == ("USD", -left.said_minor, -left.booked_minor)
    assert left.booked_minor > 0
    assert (done.unrestated_messages, done.unrestated) == (found.unrestated_messages, found.unrestated)
    with app.store.snapshot() as reader:
        warned = [one for one in reader.runs(0, 10_000) if any("money-not-restated" in each for each in one.warnings)]
    assert found.unrestated_messages == len(warned) > 0
    assert (done.failed, done.failures) == (found.failed, tuple(found.failures)) == (0, ())


def test_forced_money_leaves_nothing_as_it_was(app: App) -> None:
    call_charges_credits(app)
    found = preview(app, everything(app), lambda _done, _total: None, force_money=True)
    assert (found.unrestated_messages, found.unrestated) == (0, ())


def test_what_cannot_be_run_again_is_named_alike_by_preview_and_replay(app: App) -> None:
    table = app.root / "mappings" / "tables" / "transaction_kind.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("CG,charge", "XX,charge"), encoding="utf-8")
    app.publish(app.edited(), "tester")
    found = preview(app, everything(app), lambda _done, _total: None)
    number = request(app.store, BY, choose(app.store, MessageFilter()))
    run(app)
    done = progress(app.store, number)
    assert done.failed == found.failed == len(found.failures) > 5
    assert done.failures == tuple(found.failures)
    assert {one.cause for one in done.failures} == {"code-unknown"}


@pytest.mark.parametrize("force_money", [False, True])
def test_the_ledger_is_proven_where_a_newer_version_would_book_other_money(app: App, force_money: bool) -> None:
    call_charges_credits(app)
    changed = replay(app, force_money=force_money)
    assert (changed > 0) is force_money
    proof = verify(app, lambda _done, _total: None)
    assert (proof.differences, proof.endings, proof.holds) == ([], [], True)


def test_the_ledger_is_proven_after_several_forced_replays(app: App) -> None:
    call_charges_credits(app)
    replay(app, force_money=True)
    shout_family_names(app)
    replay(app, force_money=True)
    proof = verify(app, lambda _done, _total: None)
    assert (proof.differences, proof.endings, proof.holds) == ([], [], True)

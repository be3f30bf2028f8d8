"""What the edited files would make of stored traffic is counted exactly, money first, and nothing is changed by looking."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.app import diff as module
from interface.app.compose import App, open_app
from interface.app.diff import Alike, TrafficDiff, diff
from interface.app.plan import plan_of
from interface.operate.replay import choose
from interface.pipeline.process import ProcessStage, drain
from interface.pipeline.receive import Listening, examine, store_batch
from interface.simulate.traffic import morning
from interface.view.message import MessageFilter
from tests.engine.root import make_root
from tests.engine.wire import adt, charge

CONTENTS = [sent.content for sent in morning(7, 10)]


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[App]:
    root = make_root(tmp_path / "root")
    environ = {"HP24_KEY_FILE": str(tmp_path / "test.key"), "HP24_DATABASE_URL": database_url}
    with open_app(tmp_path / "home", root, environ) as opened:
        opened.publish(opened.edited(), "tester")
        feed(opened, *CONTENTS)
        yield opened


def feed(app: App, *contents: bytes) -> None:
    at = app.clock.now()
    store_batch(app.store, [examine(raw, Listening("epic"), peer="t:1", at=at) for raw in contents])
    drain(ProcessStage(app.store, plan_of(*app.active()), app.clock), 32)


def edit(app: App, file: str, old: str, new: str) -> None:
    path = app.root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def compare(app: App) -> TrafficDiff:
    ids = choose(app.store, MessageFilter()).ids
    found = diff(app, ids, lambda _done, _total: None)
    assert found.messages == len(ids)
    return found


def named(found: TrafficDiff) -> dict[tuple[str, str], Alike]:
    return {(one.shape.what, one.shape.how): one for one in found.grouped()}


def with_guarantor_phone() -> list[int]:
    """Places in the traffic of messages whose GT1-6 holds a number."""
    return [
        place
        for place, raw in enumerate(CONTENTS)
        if any(one.name == "GT1" and one.get("GT1-6.1") for one in segments(raw))
    ]


class Segment:
    """One segment, read by splitting alone: nothing of what is tested."""

    def __init__(self, line: str) -> None:
        self.fields = line.split("|")
        self.name = self.fields[0]

    def get(self, path: str) -> str:
        number = int(path.partition("-")[2].partition(".")[0])
        return self.fields[number] if number < len(self.fields) else ""


def segments(raw: bytes) -> list[Segment]:
    return [Segment(line) for line in raw.decode().split("\r") if line]


def charged(raw: bytes) -> int:
    """Cents of the charges of a message."""
    lines = [one.fields for one in segments(raw) if one.name == "FT1" and one.fields[6] == "CG"]
    return sum(int(fields[11].partition("&")[0].replace(".", "")) for fields in lines)


def test_the_same_files_make_the_same(app: App) -> None:
    found = compare(app)
    assert (found.differing, found.shapes) == (0, {})


def test_exactly_the_messages_that_lose_a_phone_are_counted(app: App) -> None:
    edit(app, "mappings/hl7v2.yaml", "  phone: GT1-6[.3 != 'Internet' and .2 != 'NET'] | phone\n", "")
    expected = with_guarantor_phone()
    (one,) = compare(app).grouped()
    assert (one.shape.what, one.shape.how, one.shape.money) == ("guarantor.phone", "now empty", "")
    ids = choose(app.store, MessageFilter()).ids
    assert (one.messages, one.first_id) == (len(expected), ids[expected[0]])
    assert one.messages > 5


def test_a_charge_that_is_read_as_a_credit_is_an_amount_with_its_exact_sum(app: App) -> None:
    edit(app, "mappings/tables/transaction_kind.csv", "CG,charge", "CG,credit")
    charges = [charged(raw) for raw in CONTENTS if b"|DFT^P03" in raw]
    found = compare(app)
    amounts = named(found)["amount", "changed"]
    assert amounts.messages == sum(1 for one in charges if one)
    assert dict(amounts.sums) == {"USD": -2 * sum(charges)}
    assert named(found)["transaction.kind", "changed"].messages == amounts.messages
    assert found.grouped()[0].shape.money


def test_a_code_that_is_known_no_more_is_another_state(app: App) -> None:
    edit(app, "mappings/tables/transaction_kind.csv", "CG,charge", "XX,charge")
    held = named(compare(app))
    (key,) = [key for key in held if key[0] == "state"]
    assert key[1] == "processed -> failed [code-unknown]"
    assert held[key].messages == sum(b"|CG|" in raw for raw in CONTENTS)
    assert held[key].shape.money


def test_what_a_mended_rule_would_let_pass_is_seen_though_it_blocks_now(app: App) -> None:
    feed(app, adt("D1", event="A04"), charge("D2", "12.00").replace(b"|CG|", b"|ZZ|"), charge("D3", "5.00"))
    edit(app, "mappings/tables/transaction_kind.csv", "CG,charge", "CG,charge\nZZ,charge")
    found = named(compare(app))
    (key,) = [key for key in found if key[0] == "state"]
    assert key[1].endswith("-> processed")
    assert found[key].messages == 1
    assert dict(found["amount", "changed"].sums) == {"USD": 1200}


def test_looking_changes_nothing_and_forgets_in_time(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(app, "mappings/hl7v2.yaml", "family: PID-5.1", "family: PID-5.1 | upper")
    whole = compare(app)
    monkeypatch.setattr(module, "_PAGE", 7)
    monkeypatch.setattr(module, "_TOGETHER", 14)
    assert compare(app).shapes == whole.shapes
    with app.store.snapshot() as reader:
        assert all(one.config_id == 1 for one in reader.runs(0, 10_000))


def test_broken_off_it_tells_what_was_found_by_then(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAGE", 10)

    def interrupt(done: int, _total: int) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    found = diff(app, choose(app.store, MessageFilter()).ids, interrupt)
    assert (found.is_broken_off, found.messages) == (True, 20)

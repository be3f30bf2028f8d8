"""What the edited files would send of stored payments is told field by field, money first, and nothing is sent by looking."""

import pytest

from interface.app import diff_sent as module
from interface.app.compose import App
from interface.app.diff_sent import WHOLE, SentDiff, sent_diff
from interface.app.pay import hosted
from interface.app.plan import plan_of
from interface.healthpay24.protocol import Done, PaymentOrder, Share
from interface.pipeline.process import ProcessStage, drain
from tests.app.test_diff import app, edit

__all__ = ["app"]  # the fixture


@pytest.fixture
def paid(app: App) -> App:
    """Three payments on three accounts, queued for the EHR."""
    with app.store.snapshot() as reader:
        stories = reader.accounts(0, 3)
    for number, story in enumerate(stories):
        order = PaymentOrder((Share(story.account.public_id, 1500),), "USD", "visa", "tok_1")
        assert isinstance(hosted(app).pay(order, key=f"k{number}", actor="desk"), Done)
    drain(ProcessStage(app.store, plan_of(*app.active()), app.clock), 32)
    return app


def told(found: SentDiff) -> list[tuple[str, str, str, int]]:
    return [(one.shape.destination, one.shape.place, one.shape.how, one.payments) for one in found.grouped()]


def test_unedited_files_send_the_same(paid: App) -> None:
    found = sent_diff(paid, since=0)
    assert (found.payments, found.differing, found.shapes) == (3, 0, {})


def test_a_changed_field_is_counted_in_all_payments(paid: App) -> None:
    edit(paid, "channels/epic.yaml", "receives:", "department: CARD\n    receives:")
    found = sent_diff(paid, since=0)
    assert told(found) == [("epic/dft", "FT1-13", "now filled", 3)]
    (one,) = found.grouped()
    assert (one.shape.money, one.example) == ("transactions (FT1)", ("", "CARD"))


def test_what_touches_money_comes_first(paid: App) -> None:
    edit(paid, "channels/epic.yaml", "sign_of_payment: positive", "sign_of_payment: negative")
    edit(paid, "channels/epic.yaml", "receiving_application: EPICFIN", "receiving_application: OTHER")
    places = [(one.shape.place, bool(one.shape.money)) for one in sent_diff(paid, since=0).grouped()]
    assert places[0][1]
    assert places[-1] == ("MSH-5", False)


def test_what_cannot_be_written_any_more_is_told_by_its_code(paid: App) -> None:
    edit(paid, "mappings/epic-dft.yaml", "FT1-3: payment.batch_id", "FT1-3: now | datetime")
    assert told(sent_diff(paid, since=0)) == [("epic/dft", WHOLE, "is written -> fails: value-too-long", 3)]


def test_a_destination_that_is_gone_is_told(paid: App) -> None:
    text = (paid.root / "channels" / "epic.yaml").read_text(encoding="utf-8")
    (paid.root / "channels" / "epic.yaml").write_text(text.partition("destinations:")[0], encoding="utf-8")
    assert told(sent_diff(paid, since=0)) == [("epic/dft", WHOLE, "its destination is gone", 3)]


OVER_HTTP = """destinations:
  dft:
    fhir:
      base_url: https://fhir.example.org/r4
      shape: payment-reconciliation
"""


def over_http(app: App) -> None:
    """Edit epic, so that its payments go out as FHIR."""
    path = app.root / "channels" / "epic.yaml"
    path.write_text(path.read_text(encoding="utf-8").partition("destinations:")[0] + OVER_HTTP, encoding="utf-8")


def test_another_wire_is_one_difference(paid: App) -> None:
    over_http(paid)
    assert told(sent_diff(paid, since=0)) == [("epic/dft", WHOLE, "HL7 -> payment-reconciliation", 3)]


def test_what_a_request_would_say_otherwise_is_told_value_by_value_and_touches_money(paid: App) -> None:
    over_http(paid)
    paid.publish(paid.edited(), "tester")
    edit(paid, "channels/epic.yaml", "shape:", "methods_by_tender: {visa: DEBC}\n      shape:")
    (one,) = sent_diff(paid, since=0).grouped()
    assert (one.shape.place, one.shape.money) == ("extension.valueCodeableConcept.coding.code", "transactions (FT1)")
    assert one.example == ("CCCA", "DEBC")


def test_the_newest_and_those_of_a_channel_can_be_asked_for(paid: App) -> None:
    assert sent_diff(paid, since=0, limit=1).payments == 1
    assert sent_diff(paid, since=0, channel="cerner").payments == 0
    assert sent_diff(paid, since=paid.clock.now() + 1).payments == 0


def test_broken_off_it_gives_what_was_found(paid: App, monkeypatch: pytest.MonkeyPatch) -> None:
    compare = module._compare

    def interrupted(found: SentDiff, *given: object) -> None:
        if found.payments:
            raise KeyboardInterrupt
        compare(found, *given)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(module, "_compare", interrupted)
    found = sent_diff(paid, since=0)
    assert (found.payments, found.is_broken_off) == (1, True)

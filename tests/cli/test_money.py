"""The verbs that move money, and a payment's way from the command line to its delivery."""

import pytest

from interface.app.compose import open_app
from interface.app.wires import runnable
from interface.errors import UnansweredError
from interface.pipeline.deliver import DeliverStage
from interface.pipeline.process import ProcessStage, drain
from tests.cli.conftest import CHANNEL, Home, Hp24, feed
from tests.conftest import PROJECT

DESTINATION = f"{CHANNEL}/dft"


def post(home: Home, *codes: str) -> None:
    """Process what waits, then send what is due; each delivery gets the next answer ("" = none)."""
    with open_app(home.folder, PROJECT, home.environ) as app:
        ready = runnable(*app.active())
        drain(ProcessStage(app.store, ready.plan, app.clock), 64)
        render, plan = ready.senders[DESTINATION].render, ready.plan.destinations[DESTINATION]
        stage = DeliverStage(app.store, plan, render, app.clock, lambda: 0.5)
        for code in codes:
            delivery = stage.next_due()
            assert delivery is not None
            sending = stage.begin(delivery)
            assert sending is not None
            if code:
                stage.answered(sending, code, "", b"")
            else:
                stage.failed(sending, UnansweredError("reply-timeout", "no answer in time"))


def number(hp24: Hp24, place: int = 0) -> str:
    return str(hp24("accounts", "--json").lines[place]["numbers"][0])


def test_a_payment_is_taken_delivered_and_followed(home: Home, hp24: Hp24) -> None:
    account = number(hp24)
    told = hp24("pay", "--account", account, "--amount", "25.00", "--method", "visa:tok_1a2b", "--key", "k1", "--json")
    assert told.code == 0, told.err
    assert told.json["outcome"] == "done"
    post(home, "CA")
    trail = hp24("trace", told.json["reference"], "--json").json
    payment = hp24("show", trail["subject"].partition(":")[2], "--json").json
    assert payment["parts"][0]["posting"] == "accepted", "this channel wants an echo before it calls a payment posted"
    status = hp24("status", "--json").json["destinations"][DESTINATION]
    assert (status["accepted"], status["posted"], status["queued"]) == (1, 0, 0)
    (line,) = [line for line in hp24("accounts", "--json").lines if account in line["numbers"]]
    assert (line["paid_minor"], line["posted_minor"]) == (2500, 0)
    assert "25.00 USD" in hp24("show", payment["id"]).out


def test_a_payment_says_what_was_taken_and_is_found_by_any_of_its_names(home: Home, hp24: Hp24) -> None:
    account = number(hp24)
    told = hp24("pay", "--account", account, "--amount", "25.00", "--method", "visa:tok_1", "--key", "k9")
    assert "25.00 USD" in told.out
    assert account in told.out
    reference = next(word for word in told.out.split() if word.startswith("tx_"))
    waiting = hp24("show", reference)
    assert (waiting.code, "its message is waiting" in waiting.err) == (1, True)
    assert hp24("trace", reference).err == waiting.err
    post(home, "CA")
    payment = hp24("show", reference, "--json").json
    wire = payment["parts"][0]["wire_id"]
    shown = [hp24("show", name, "--json").json for name in (payment["id"], wire, f"payment:{wire}")]
    assert shown == [payment] * 3
    traced = [hp24("trace", name, "--json").json["subject"] for name in (payment["id"], reference, wire)]
    assert traced == [f"payment:{payment['id']}"] * 3
    again = hp24("pay", "--account", account, "--amount", "25.00", "--method", "visa:tok_1", "--key", "k9", "--json")
    assert (again.json["payment"], again.json["amount_minor"]) == (payment["id"], 2500)
    assert hp24("refund", wire).code == 0


def test_what_is_stated_of_merged_accounts_is_shown_part_by_part(home: Home, hp24: Hp24) -> None:
    visits = [
        _message(
            "A04",
            minute,
            f"PID|1||7009^^^NORTH^MR||BRANDT^OLIVIA|||||||||||||{number}^^^NORTH^AN",
            f"PV1|1|O{'|' * 44}{owed}",
        )
        for minute, number, owed in ((1, "90091", "50.00"), (2, "90092", "30.00"))
    ]
    merged = _message(
        "A41", 3, "PID|1||7009^^^NORTH^MR|||||||||||||||90091^^^NORTH^AN", "MRG|7009^^^NORTH^MR||90092^^^NORTH^AN"
    )
    with open_app(home.folder, PROJECT, home.environ) as app:
        feed(app, *visits, merged)
    (name,) = [line["id"] for line in hp24("accounts", "--json").lines if "90091" in line["numbers"]]
    shown = hp24("show", name, "--json").json
    assert [(one["number"], one["amount_minor"]) for one in shown["stated"]] == [("90091", 5000), ("90092", 3000)]
    assert shown["due_minor"] == 8000
    text = hp24("show", name).out
    assert all(part in text for part in ("the EHR states", "50.00 USD", "30.00 USD", "80.00 USD"))


def _message(event: str, minute: int, *segments: str) -> bytes:
    at = f"2026030409{minute:02d}00-0600"
    head = f"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|{at}||ADT^{event}|M{minute}|P|2.5.1"
    return "\r".join((head, f"EVN|{event}|{at}", *segments, "")).encode()


def test_the_same_key_takes_money_once(home: Home, hp24: Hp24) -> None:
    order = ("pay", "--account", number(hp24), "--amount", "5.00", "--method", "cash", "--key", "k2", "--json")
    first, second = hp24(*order).json, hp24(*order).json
    assert first["reference"] == second["reference"]
    assert (first["repeat"], second["repeat"]) == (False, True)


def test_one_payment_may_be_spread_over_accounts(home: Home, hp24: Hp24) -> None:
    parts = [f"{number(hp24, 0)}=10.00", f"{number(hp24, 1)}=2.50"]
    told = hp24("pay", "--allocate", parts[0], "--allocate", parts[1], "--method", "check", "--json")
    post(home, "AA", "AA")
    subject = hp24("trace", told.json["reference"], "--json").json["subject"]
    payment = hp24("show", subject.partition(":")[2], "--json").json
    assert sorted(part["amount_minor"] for part in payment["parts"]) == [250, 1000]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--amount", "25", "--method", "visa:4242424242424242"), 1, "card-number"),
        (("--amount", "25", "--method", "gold:tok"), 1, "tender-unknown"),
        (("--amount", "0.00", "--method", "cash"), 1, "amount-not-positive"),
        (("--amount", "1,5", "--method", "cash"), 2, "25.00"),
        (("--method", "cash"), 2, "--allocate"),
    ],
)
def test_a_payment_that_cannot_be_taken_is_refused(
    home: Home, hp24: Hp24, arguments: tuple[str, ...], code: int, word: str
) -> None:
    told = hp24("pay", "--account", number(hp24), *arguments)
    assert told.code == code
    assert word in told.err
    assert "4242424242424242" not in told.err


def test_doubt_waits_in_the_worklist_until_it_is_resolved(home: Home, hp24: Hp24) -> None:
    hp24("pay", "--account", number(hp24), "--amount", "25.00", "--method", "cash")
    post(home, "")
    (item,) = hp24("worklist", "--json").lines
    assert item["kind"] == "ambiguous-delivery"
    delivery = item["subject"].partition(":")[2]
    assert hp24("resolve", delivery, "--posted").code == 1, "money needs a reason"
    assert hp24("resolve", delivery, "--reason", "x").code == 2
    told = hp24("resolve", delivery, "--posted", "--reason", "seen in the EHR", "--json")
    assert told.json["state"] == "delivered"
    assert hp24("worklist", "--json").lines == []
    assert "delivered" in hp24("show", f"delivery:{delivery}").out


@pytest.mark.parametrize("verdicts", [("--posted", "--not-posted"), ("--not-posted", "--withdraw")])
def test_two_verdicts_at_once_are_wrong_usage_and_send_nothing(
    home: Home, hp24: Hp24, verdicts: tuple[str, str]
) -> None:
    hp24("pay", "--account", number(hp24), "--amount", "25.00", "--method", "cash")
    post(home, "")
    (item,) = hp24("worklist", "--json").lines
    told = hp24("resolve", item["subject"].partition(":")[2], *verdicts, "--reason", "x")
    assert (told.code, "one of" in told.err) == (2, True)
    assert [one["id"] for one in hp24("worklist", "--json").lines] == [item["id"]]


def test_a_resend_shows_first_what_it_would_double(home: Home, hp24: Hp24) -> None:
    hp24("pay", "--account", number(hp24), "--amount", "25.00", "--method", "cash")
    post(home, "AA")
    told = hp24("resend", "--destination", DESTINATION, "--preview", "--json")
    preview = told.json
    assert [one["amount_minor"] for one in preview["would_double"]] == [2500]
    assert (told.code, preview["would_send"]) == (1, [])
    assert hp24("resend", "--destination", DESTINATION, "--preview").out.startswith(
        "0 would be sent: the EHR has 1 of 1"
    )
    refused = hp24("resend", str(preview["asked"][0]), "--reason", "again")
    assert (refused.code, "would-double-post" in refused.err) == (1, True)
    forced = hp24("resend", str(preview["asked"][0]), "--reason", "lost by the EHR", "--force", "--json").json
    assert len(forced["queued"]) == 1


def test_a_payment_is_refunded_in_part(home: Home, hp24: Hp24) -> None:
    account = number(hp24)
    taken = hp24("pay", "--account", account, "--amount", "25.00", "--method", "visa:tok_1a2b", "--json").json
    post(home, "AA")
    back = hp24("refund", taken["reference"], "--allocate", f"{account}=10.00", "--json")
    assert back.code == 0, back.err
    post(home, "AA")
    subject = hp24("trace", taken["reference"], "--json").json["subject"]
    payment = hp24("show", subject.partition(":")[2], "--json").json
    assert payment["state"] == "partly-refunded"
    assert [(part["kind"], part["amount_minor"]) for part in payment["parts"]] == [("payment", 2500), ("refund", 1000)]


def test_what_two_refunds_at_once_make_impossible_is_told_with_its_money_and_its_message(
    home: Home, hp24: Hp24
) -> None:
    account = number(hp24)
    taken = hp24("pay", "--account", account, "--amount", "25.00", "--method", "visa:tok_1a2b", "--json").json
    post(home, "AA")
    order = ("refund", taken["reference"], "--allocate", f"{account}=20.00", "--json")
    assert (hp24(*order).code, hp24(*order).code) == (0, 0), "neither has run yet"
    post(home, "AA")
    third = hp24(*order)
    assert (third.code, "[more-than-taken]" in third.err) == (1, True)
    (item,) = hp24("worklist", "--json").lines
    assert (item["amount_minor"], item["currency"], item["acts"]) == (2000, "USD", ["release", "skip"])
    told = hp24("worklist", str(item["id"])).out
    assert f"hp24 skip {item['message']}" in told
    assert "asking anew" in told
    assert hp24("skip", str(item["message"]), "--reason", "refunded already").code == 0
    assert hp24("worklist", "--json").lines == []
    assert item["message"] in [one["id"] for one in hp24("messages", "--account", account, "--json").lines]


def test_a_payment_is_voided_whole(home: Home, hp24: Hp24) -> None:
    taken = hp24("pay", "--account", number(hp24), "--amount", "25.00", "--method", "visa:tok_1a2b", "--json").json
    post(home, "AA")
    back = hp24("void", taken["reference"], "--json")
    assert back.code == 0, back.err
    post(home, "AA")
    subject = hp24("trace", taken["reference"], "--json").json["subject"]
    assert hp24("show", subject.partition(":")[2], "--json").json["state"] == "voided"
    again = hp24("void", taken["reference"])
    assert (again.code, "[nothing-left]" in again.err) == (1, True)


def test_a_payment_is_settled_and_shown_so(home: Home, hp24: Hp24) -> None:
    taken = hp24("pay", "--account", number(hp24), "--amount", "25.00", "--method", "visa:tok_1a2b", "--json").json
    post(home, "AA")
    order = ("settle", taken["reference"], "--batch", "B-17", "--key", "s1", "--json")
    told = hp24(*order)
    assert told.code == 0, told.err
    post(home)
    payment = hp24("show", told.json["payment"], "--json").json
    assert (payment["settlement_batch"], payment["settled_at"] > payment["taken_at"]) == ("B-17", True)
    assert "batch B-17" in hp24("show", told.json["payment"]).out
    marks = [mark["text"] for mark in hp24("trace", told.json["payment"], "--json").json["marks"]]
    assert "settled in batch B-17" in marks
    assert any(text.startswith("HP24^settlement") for text in marks), "the message that told it"
    assert hp24(*order).json["repeat"] is True
    refused = hp24("void", taken["reference"])
    assert (refused.code, "[payment-settled]" in refused.err) == (1, True)
    assert hp24("verify", "--json").json["holds"] is True


def test_an_account_that_is_not_there_is_refused(home: Home, hp24: Hp24) -> None:
    told = hp24("pay", "--account", "H-NOBODY", "--amount", "25.00", "--method", "cash")
    assert (told.code, told.err) == (1, "account: there is no such account; check the id [not-found]\n")

"""Five conventions of signs, types and codes, for each vendor: what we send, what the site's own means, ours coming back."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import yaml

from interface.channel.feed import Feed
from interface.channel.loader import load, read_files
from interface.errors import MappingError
from interface.hl7.parser import parse
from interface.ledger.noun import Identifier
from interface.ledger.payment import Allocation, AllocationKind
from interface.ledger.reading import Meaning, MoneyKind, PaymentAllocation, PaymentSaid, Reading, Said, Transaction
from interface.mapping.posting import Posting
from interface.message import PostingState
from tests.conftest import PROJECT
from tests.ledger.memory import MemoryStore

NOW = 1_741_123_812_000_000
DAY = 86_400_000_000
VENDORS = ("epic", "cerner", "athena")
KINDS = ("payment", "void", "refund")
SAME_CODE = dict.fromkeys(KINDS, "{code}")


@dataclass(frozen=True, slots=True)
class Convention:
    """`money` of the channel; of payment, void and refund: FT1-6, FT1-7.1, FT1-10, FT1-11, and what the site means by them."""

    money: dict[str, Any]
    worded: tuple[tuple[str, str, str, str], ...]
    meant: tuple[MoneyKind, ...] = (MoneyKind.PAYMENT, MoneyKind.REVERSAL, MoneyKind.REFUND)


CONVENTIONS = {
    "the code says it, amounts have no sign": Convention(
        {"reversal_style": "code"},
        (("PY", "VISA", "1", "25.00"), ("PY", "VISAREV", "1", "25.00"), ("PY", "VISAREF", "1", "25.00")),
    ),
    "signed by what it does to the receivable": Convention(
        {"sign_of_payment": "negative", "types_by_kind": {"payment": "PY", "void": "PY", "refund": "AJ"}},
        (("PY", "VISA", "1", "-25.00"), ("PY", "VISAREV", "1", "25.00"), ("AJ", "VISAREF", "1", "25.00")),
    ),
    "a payment negated": Convention(
        {"codes_by_kind": SAME_CODE},
        (("PY", "VISA", "1", "25.00"), ("PY", "VISA", "1", "-25.00"), ("PY", "VISA", "1", "-25.00")),
        (MoneyKind.PAYMENT, MoneyKind.REVERSAL, MoneyKind.REVERSAL),
    ),
    "the quantity is negative": Convention(
        {"reversal_style": "quantity", "codes_by_kind": SAME_CODE},
        (("PY", "VISA", "1", "25.00"), ("PY", "VISA", "-1", "25.00"), ("PY", "VISA", "-1", "25.00")),
        (MoneyKind.PAYMENT, MoneyKind.REVERSAL, MoneyKind.REVERSAL),
    ),
    "credit against charge": Convention(
        {
            "reversal_style": "type",
            "types_by_kind": {"payment": "CD", "void": "CG", "refund": "CG"},
            "codes_by_kind": SAME_CODE,
        },
        (("CD", "VISA", "1", "25.00"), ("CG", "VISA", "1", "25.00"), ("CG", "VISA", "1", "25.00")),
        (MoneyKind.PAYMENT, MoneyKind.REVERSAL, MoneyKind.REVERSAL),
    ),
}
every_vendor = pytest.mark.parametrize("vendor", VENDORS)
every_convention = pytest.mark.parametrize("name", CONVENTIONS)
every_kind = pytest.mark.parametrize("kind", KINDS)


@cache
def agreed(vendor: str, name: str) -> Feed:
    """The vendor's shipped channel, with other money agreed, and no event let pass by."""
    files = dict(read_files(PROJECT))
    spec = yaml.safe_load(files[f"channels/{vendor}.yaml"])
    spec["money"] = {"codes_by_tender": {"visa": "VISA", "check": "CHECK"}, **CONVENTIONS[name].money}
    spec.pop("filters", None)
    wanted = {path: text for path, text in files.items() if not path.startswith("channels/")}
    return load({**wanted, f"channels/{vendor}.yaml": yaml.safe_dump(spec)}, {}).feeds[vendor]


def identifiers(feed: Feed) -> tuple[Identifier, Identifier]:
    """Patient and account as this vendor numbers them: at athena the account has the patient's number."""
    authority = feed.context.facility.casefold()
    account = "7001" if feed.spec.channel == "athena" else "9001"
    return Identifier(authority, "MR", "7001"), Identifier(authority, "AN", account)


def sent(feed: Feed, kind: str, wire_id: str = "P00000000009", original: str = "") -> bytes:
    """What we send of 25.00."""
    patient, account = identifiers(feed)
    posting = Posting(
        kind=kind,
        wire_id=wire_id,
        amount_minor=2500,
        currency="USD",
        tender="visa",
        taken_at=NOW,
        original_wire_id=original,
        family="TESTER",
        patient=patient,
        account=account,
    )
    return feed.outlets["dft"].render(posting, control_id="HP1", now=NOW)


def understood(feed: Feed, raw: bytes) -> Reading:
    found = feed.read(feed.parse(raw), NOW + DAY)
    assert isinstance(found, Reading)
    return found


def only(feed: Feed, raw: bytes) -> Transaction:
    (found,) = understood(feed, raw).transactions
    return found


@every_vendor
@every_convention
def test_what_we_send_is_worded_as_agreed(vendor: str, name: str) -> None:
    feed, paths = agreed(vendor, name), ("FT1-6", "FT1-7.1", "FT1-10", "FT1-11.1.1")
    messages = [parse(sent(feed, kind)) for kind in KINDS]
    assert tuple(tuple(one.text(path) for path in paths) for one in messages) == CONVENTIONS[name].worded


@every_vendor
@every_convention
def test_what_the_site_sends_in_the_same_words_is_understood(vendor: str, name: str) -> None:
    feed = agreed(vendor, name)
    found = [only(feed, sent(feed, kind)) for kind in KINDS]
    assert tuple(one.kind for one in found) == CONVENTIONS[name].meant
    assert {(one.amount_minor, one.currency) for one in found} == {(2500, "USD")}


@every_vendor
@every_convention
@pytest.mark.parametrize(("type_code", "kind"), [("CG", MoneyKind.CHARGE), ("CD", MoneyKind.CREDIT)])
def test_a_charge_stays_a_charge_under_every_convention(
    vendor: str, name: str, type_code: str, kind: MoneyKind
) -> None:
    feed = agreed(vendor, name)
    raw = _reworded(sent(feed, "payment"), type_code, "99213", "250.00")
    assert only(feed, raw).kind is kind


@every_vendor
@every_convention
@every_kind
def test_ours_is_recognised_when_it_comes_back(vendor: str, name: str, kind: str) -> None:
    feed, store = agreed(vendor, name), MemoryStore()
    store.tell(_admitted(feed))
    store.tell(_said(feed, Meaning.PAYMENT, "T1", 1))
    if kind != "payment":
        store.tell(_said(feed, Meaning(kind), "T2", 2, original="T1"))
    ours = _part(store, kind)
    original = "" if kind == "payment" else _part(store, "payment").wire_id
    store.tell(understood(feed, sent(feed, kind, ours.wire_id, original)))
    told = _part(store, kind)
    assert (told.posting, told.confirmed_at is not None) == (PostingState.POSTED, True)
    assert len(store.entries) == (1 if kind == "payment" else 2)  # taken here, and nothing booked a second time
    assert store.work_items == []


@every_vendor
def test_a_code_that_takes_back_with_the_sign_of_a_payment_is_held(vendor: str) -> None:
    feed = agreed(vendor, "signed by what it does to the receivable")
    with pytest.raises(MappingError) as held:
        only(feed, _reworded(sent(feed, "payment"), "PY", "VISAREV", "-25.00"))
    assert held.value.code == "sign-not-agreed"


def _reworded(raw: bytes, type_code: str, code: str, amount: str) -> bytes:
    """The message with another transaction in its FT1."""
    head, _, line = raw.decode().partition("\rFT1|")
    fields = line.rstrip("\r").split("|")
    fields[1:2], fields[5], fields[6], fields[9], fields[10] = ["S1"], type_code, code, "1", amount
    return f"{head}\rFT1|{'|'.join(fields)}\r".encode()


def _admitted(feed: Feed) -> Reading:
    patient, account = identifiers(feed)
    return Reading(
        Meaning.REGISTER,
        NOW,
        facility=feed.context.facility,
        patient=Said((patient,)),
        account=Said((account,)),
    )


def _said(feed: Feed, meaning: Meaning, transaction_id: str, minutes: int, *, original: str = "") -> Reading:
    at = NOW + minutes * 60_000_000
    parts = (PaymentAllocation(identifiers(feed)[1], "", 2500),)
    said = PaymentSaid(transaction_id, 2500, "USD", parts, "visa", last4="1111", taken_at=at, original=original)
    return Reading(meaning, at, facility=feed.context.facility, payment=said)


def _part(store: MemoryStore, kind: str) -> Allocation:
    (found,) = (one for one in store.allocations.values() if one.kind is AllocationKind(kind))
    return found

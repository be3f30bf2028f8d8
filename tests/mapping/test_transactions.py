"""FT1 segments as money: kinds, signs and amounts by the conventions agreed with a site, and nothing guessed."""

from dataclasses import replace

import pytest

from interface.errors import MappingError
from interface.hl7.money import MoneyFormat
from interface.ledger.noun import Identifier
from interface.ledger.reading import MoneyKind, Transaction
from interface.mapping.booking import UnknownTransactionError
from interface.mapping.money import MoneyConventions, PaymentSign, ReversalStyle
from interface.mapping.scope import Context, UnfitMessageError
from tests.mapping.sample import A04, DFT, NORTH, listing, read, shipped, site, table, with_field


def only(text: str, context: Context = NORTH) -> Transaction:
    """What the first FT1 says, alone in its message."""
    (found,) = read(text.rsplit("FT1|2", 1)[0], context).transactions
    return found


def test_a_charge_and_a_payment_are_read_in_full() -> None:
    charge, payment = read(DFT).transactions
    assert charge == Transaction(
        kind=MoneyKind.CHARGE,
        amount_minor=25000,
        currency="USD",
        id="C0001",
        type_code="CG",
        sign=1,
        code="99213",
        occurred_at=1_741_123_790_000_000,
        occurred_on="2025-03-04",
        account=Identifier("north", "AN", "9001001"),
        visit=Identifier("north", "VN", "5550007"),
        place="FT1[1]",
    )
    assert (payment.kind, payment.amount_minor, payment.reference, payment.place) == (
        MoneyKind.PAYMENT,
        12500,
        "TX8F2K1",
        "FT1[2]",
    )


def test_money_brings_identifiers_and_no_demographics() -> None:
    reading = read(DFT)
    assert reading.patient is not None and reading.account is not None and reading.encounter is not None
    assert (reading.patient.groups, reading.account.groups, reading.encounter.groups) == ({}, {}, {})


def test_money_may_come_without_a_patient() -> None:
    assert read(with_field(DFT, "PID-3", "")).patient is None


@pytest.mark.parametrize(
    ("type_code", "amount", "kind"),
    [
        ("CG", "10.00", MoneyKind.CHARGE),
        ("CG", "-10.00", MoneyKind.CREDIT),
        ("CD", "10.00", MoneyKind.CREDIT),
        ("PY", "10.00", MoneyKind.PAYMENT),
        ("PY", "-10.00", MoneyKind.REVERSAL),
        ("CO", "10.00", MoneyKind.PAYMENT),
        ("AJ", "10.00", MoneyKind.ADJUSTMENT),
    ],
)
def test_type_and_sign_make_the_kind(type_code: str, amount: str, kind: MoneyKind) -> None:
    found = only(with_field(with_field(DFT, "FT1-6", type_code), "FT1-11", amount))
    assert (found.kind, found.amount_minor) == (kind, 1000)
    assert found.sign == (-1 if amount.startswith("-") else 1)


def test_signed_by_effect_a_payment_is_negative() -> None:
    context = replace(NORTH, money=MoneyConventions(sign_of_payment=PaymentSign.NEGATIVE))
    paid = only(with_field(with_field(DFT, "FT1-6", "PY"), "FT1-11", "-10.00"), context)
    taken_back = only(with_field(with_field(DFT, "FT1-6", "PY"), "FT1-11", "10.00"), context)
    assert (paid.kind, taken_back.kind) == (MoneyKind.PAYMENT, MoneyKind.REVERSAL)
    assert only(DFT, context).kind is MoneyKind.CHARGE


@pytest.mark.parametrize(
    ("type_code", "style", "amount", "quantity"),
    [
        ("PY", ReversalStyle.CODE, "-10.00", "1"),
        ("PY", ReversalStyle.TYPE, "-10.00", "1"),
        ("PY", ReversalStyle.NEGATE, "10.00", "-1"),
        ("PY", ReversalStyle.QUANTITY, "-10.00", "1"),
        ("CG", ReversalStyle.NEGATE, "10.00", "-1"),
    ],
)
def test_a_sign_that_nobody_agreed_on_is_held(type_code: str, style: ReversalStyle, amount: str, quantity: str) -> None:
    context = replace(NORTH, money=MoneyConventions(reversal_style=style))
    text = with_field(with_field(with_field(DFT, "FT1-6", type_code), "FT1-11", amount), "FT1-10", quantity)
    with pytest.raises(UnknownTransactionError) as held:
        only(text, context)
    assert held.value.code == "sign-not-agreed"


def test_a_negative_quantity_takes_a_payment_back() -> None:
    context = replace(NORTH, money=MoneyConventions(reversal_style=ReversalStyle.QUANTITY))
    text = with_field(with_field(DFT, "FT1-6", "PY"), "FT1-10", "-1")
    assert only(text, context).kind is MoneyKind.REVERSAL


def test_a_site_may_tell_reversals_and_refunds_by_their_code() -> None:
    rules = """
        identifiers: {account: PID-18}
        transactions:
          each: FT1
          kind: FT1-7.1 | table(codes) ?? FT1-6 | table(types)
          amount: FT1-11 | money
        """
    codes = table("codes", "in,out,note\nVISAREV,reversal,\nVISAREF,refund,\n*,,the type decides\n")
    mapping = site(rules, {"codes": codes, "types": listing(PY="payment", CG="charge")})

    def kind(code: str) -> MoneyKind:
        text = with_field(with_field(DFT, "FT1-6", "PY"), "FT1-7", code)
        return read(text, NORTH, mapping).transactions[0].kind

    assert [kind(code) for code in ("VISA", "VISAREV", "VISAREF")] == [
        MoneyKind.PAYMENT,
        MoneyKind.REVERSAL,
        MoneyKind.REFUND,
    ]


def test_a_negative_adjustment_waits_for_an_agreement() -> None:
    with pytest.raises(UnknownTransactionError) as held:
        only(with_field(with_field(DFT, "FT1-6", "AJ"), "FT1-11", "-10.00"))
    assert (held.value.code, held.value.place) == ("sign-not-agreed", "FT1[1]-11")


def test_an_unknown_type_is_refused_by_the_table() -> None:
    with pytest.raises(UnfitMessageError) as refused:
        only(with_field(DFT, "FT1-6", "QQ"))
    assert (refused.value.code, refused.value.hl7_code, refused.value.place) == ("code-unknown", "103", "FT1[1]-6")
    assert "transaction_kind" in refused.value.advice


def test_without_any_kind_the_message_is_held_for_the_mapping() -> None:
    with pytest.raises(MappingError) as held:
        only(with_field(DFT, "FT1-6", ""))
    assert held.value.code == "transaction-kind-unknown"


@pytest.mark.parametrize("amount", ["$1,250.00", "(25.00)", "25.00-", "ten", "1.2.3", "12,50", "0.001"])
def test_an_amount_in_another_format_is_refused_never_guessed(amount: str) -> None:
    with pytest.raises(UnfitMessageError) as refused:
        only(with_field(DFT, "FT1-11", amount))
    assert (refused.value.code, refused.value.hl7_code, refused.value.place) == (
        "amount-unreadable",
        "102",
        "FT1[1]-11",
    )


@pytest.mark.parametrize(
    ("amount", "how", "minor"),
    [
        ("125.00&USD", MoneyFormat.DECIMAL, 12500),
        ("125.00^USD", MoneyFormat.DECIMAL, 12500),
        ("125", MoneyFormat.DECIMAL, 12500),
        ("$1,250.00", MoneyFormat.ACCOUNTING, 125000),
        ("12500", MoneyFormat.IMPLIED, 12500),
        ("1250&JPY", MoneyFormat.DECIMAL, 1250),
    ],
)
def test_amounts_are_read_in_the_agreed_format(amount: str, how: MoneyFormat, minor: int) -> None:
    context = replace(NORTH, money=MoneyConventions(how))
    assert only(with_field(DFT, "FT1-11", amount), context).amount_minor == minor


def test_a_charge_may_leave_its_price_open() -> None:
    reading = read(with_field(DFT, "FT1-11", ""))
    assert [one.place for one in reading.transactions] == ["FT1[2]"]
    assert reading.warnings == ("charge-without-amount FT1[1]-11",)


def test_a_payment_needs_an_amount() -> None:
    with pytest.raises(UnfitMessageError) as refused:
        only(with_field(with_field(DFT, "FT1-6", "PY"), "FT1-11", ""))
    assert (refused.value.code, refused.value.hl7_code, refused.value.place) == ("amount-missing", "101", "FT1[1]-11")


def test_money_names_the_insurance_where_ft1_does() -> None:
    assert only(with_field(DFT, "FT1-14", "PLAN9")).responsibility == "insurance"
    assert only(DFT).responsibility == "unknown"


def test_fields_that_are_read_as_identifiers_are_declared() -> None:
    assert {"PID-3", "PID-18", "PV1-19", "GT1-2", "MRG-1"} <= shipped().mappings["epic"].identifier_fields
    assert read(A04).transactions == ()


def test_a_message_of_money_without_a_transaction_says_so() -> None:
    reading = read(DFT.partition("FT1|")[0])
    assert (reading.transactions, reading.warnings) == ((), ("transactions-missing FT1",))


def test_transactions_that_the_mapping_leaves_out_are_not_missing() -> None:
    reading = read(with_field(DFT.rsplit("FT1|2", 1)[0], "FT1-11", ""))
    assert reading.warnings == ("charge-without-amount FT1[1]-11",)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.hl7.money import Money, MoneyFormat, parse_money, read_money, write_money
from interface.hl7.segment import Element

DECIMAL, IMPLIED, ACCOUNTING = MoneyFormat.DECIMAL, MoneyFormat.IMPLIED, MoneyFormat.ACCOUNTING


@pytest.mark.parametrize(
    ("how", "text", "minor"),
    [
        (DECIMAL, "125.00", 12500),
        (DECIMAL, "125", 12500),
        (DECIMAL, "125.5", 12550),
        (DECIMAL, "125.", 12500),
        (DECIMAL, ".5", 50),
        (DECIMAL, "-125.00", -12500),
        (DECIMAL, "+125.00", 12500),
        (DECIMAL, "0125.00", 12500),
        (DECIMAL, "125.0000", 12500),
        (DECIMAL, "-0.00", 0),
        (DECIMAL, " 125.00 ", 12500),
        (DECIMAL, "12500", 1250000),
        (IMPLIED, "12500", 12500),
        (IMPLIED, "-5", -5),
        (ACCOUNTING, "$1,250.00", 125000),
        (ACCOUNTING, "1,234,567.89", 123456789),
        (ACCOUNTING, "(25.00)", -2500),
        (ACCOUNTING, "($25.00)", -2500),
        (ACCOUNTING, "25.00-", -2500),
        (ACCOUNTING, "-$25.00", -2500),
        (ACCOUNTING, "$-25.00", -2500),
        (ACCOUNTING, "125.00", 12500),
    ],
)
def test_amounts_are_read_in_the_format_declared(how: MoneyFormat, text: str, minor: int) -> None:
    assert parse_money(text, how, "USD") == Money(minor, "USD")


@pytest.mark.parametrize(
    ("how", "text"),
    [
        *(
            (DECIMAL, text)
            for text in ("", ".", "-", "$5.00", "1,250.00", "(25.00)", "25.00-", "1.250", "125.005", "1e3", "٣", "--5")
        ),
        *((IMPLIED, text) for text in ("", "125.00", "1,250", "$5", "(5)", "5-", "5.")),
        *(
            (ACCOUNTING, text)
            for text in (
                "",
                "1,25.00",
                "12,50",
                "(25.00",
                "25.00)",
                "(-25.00)",
                "-25.00-",
                "1.250",
                "1.250,00",
                "$",
                "USD 5",
            )
        ),
        (DECIMAL, "9" * 16),
    ],
)
def test_what_does_not_fit_the_format_is_refused_without_its_value(how: MoneyFormat, text: str) -> None:
    with pytest.raises(MessageError) as raised:
        parse_money(text, how, "USD", "FT1-11")
    assert (raised.value.code, raised.value.place) == ("money-malformed", "FT1-11")


@pytest.mark.parametrize(
    ("currency", "text", "minor"),
    [("JPY", "1250", 1250), ("JPY", "1250.00", 1250), ("KWD", "1.250", 1250), ("KWD", "1.5", 1500)],
)
def test_decimal_places_are_those_of_the_currency(currency: str, text: str, minor: int) -> None:
    assert parse_money(text, DECIMAL, currency).minor == minor


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDX", "$"])
def test_a_currency_is_three_letters(currency: str) -> None:
    with pytest.raises(MessageError) as raised:
        parse_money("5", DECIMAL, currency)
    assert raised.value.code == "currency-malformed"


@pytest.mark.parametrize(
    ("er7", "expected"),
    [
        ("125.00&USD", Money(12500, "USD")),
        ("125.00^USD", Money(12500, "USD")),
        ("125.00&cad^TP", Money(12500, "CAD")),
        ("125.00^TP", Money(12500, "EUR")),
        ("125.00", Money(12500, "EUR")),
        ("", None),
        ('""', None),
        ("&USD", None),
    ],
)
def test_the_currency_is_the_message_s_or_the_channel_s(er7: str, expected: Money | None) -> None:
    assert read_money(Element(er7), DECIMAL, "EUR") == expected


@given(st.integers(-(10**14), 10**14), st.sampled_from(["USD", "JPY", "KWD"]))
def test_what_is_written_reads_as_the_same_amount(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert parse_money(write_money(money), DECIMAL, currency) == money


@pytest.mark.parametrize(("minor", "text"), [(5, "0.05"), (-5, "-0.05"), (12500, "125.00"), (0, "0.00")])
def test_every_decimal_place_is_written(minor: int, text: str) -> None:
    assert write_money(Money(minor, "USD")) == text

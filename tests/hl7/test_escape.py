import pytest
from hypothesis import given

from interface.errors import MessageError
from interface.hl7.delimiters import STANDARD, UNUSED, Delimiters
from interface.hl7.escape import escape, unescape
from tests.hl7 import strategy


@given(strategy.texts, strategy.delimiters)
def test_escaped_text_comes_back_whatever_the_delimiters(text: str, delimiters: Delimiters) -> None:
    assert unescape(escape(text, delimiters), delimiters) == text


@given(strategy.texts, strategy.delimiters)
def test_escaped_text_splits_nothing_and_ends_no_segment_or_frame(text: str, delimiters: Delimiters) -> None:
    written = escape(text, delimiters)
    forbidden = {delimiters.field, delimiters.component, delimiters.repetition, delimiters.subcomponent}
    assert not forbidden & set(written)
    assert not {"\r", "\n", "\x0b", "\x1c"} & set(written)


@pytest.mark.parametrize(
    ("er7", "text"),
    [
        (r"A\F\B\S\C\T\D\R\E\E\F", r"A|B^C&D~E\F"),
        (r"one\.br\two", "one\ntwo"),
        (r"\X0D0A\x", "\r\nx"),
        (r"\X41 42\x", "ABx"),
        (r"\X\ \X4\ \XZZ\ ", r"\X\ \X4\ \XZZ\ "),
        (r"\H\bold\N\ \Z12\ \C2842\ \.in+4\ ", r"\H\bold\N\ \Z12\ \C2842\ \.in+4\ "),
        (r"C:\TEMP", r"C:\TEMP"),
        ("end\\", "end\\"),
        (r"\P\x", r"\P\x"),
        (r"\F\\F\\", "||\\"),
    ],
)
def test_sequences_are_undone_and_unknown_ones_kept(er7: str, text: str) -> None:
    assert unescape(er7, STANDARD) == text


def test_truncation_is_known_where_it_is_declared() -> None:
    assert unescape(r"\P\x", Delimiters(truncation="#")) == "#x"


def test_bytes_in_hex_are_of_the_messages_charset() -> None:
    assert unescape(r"M\XFC\ller", STANDARD, "iso8859-1") == "Müller"
    assert unescape(r"M\XC3BC\ller", STANDARD, "utf-8") == "Müller"
    assert unescape(r"M\XFC\ller", STANDARD, "utf-8") == r"M\XFC\ller"


def test_without_an_escape_character_nothing_is_escaped_and_delimiters_are_refused() -> None:
    bare = Delimiters(escape=UNUSED, subcomponent=UNUSED)
    assert escape("C:\\TEMP & x", bare) == "C:\\TEMP & x"
    assert unescape(r"\F\x", bare) == r"\F\x"
    with pytest.raises(MessageError) as raised:
        escape("a|b", bare)
    assert raised.value.code == "escape-impossible"

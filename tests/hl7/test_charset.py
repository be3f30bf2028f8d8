import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.hl7.charset import codec_of, decode, encode


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("UNICODE UTF-8", "Grüße ŝ 患者"),
        ("UNICODE", "Grüße"),
        ("8859/1", "Grüße"),
        ("8859/2", "Žižka"),
        ("8859/15", "5 €"),
        ("GB 18030-2000", "患者"),
        ("KS X 1001", "환자"),
        ("BIG-5", "病人"),
        ("ISO IR87", "患者"),
        ("ISO IR14", "ｶﾝｼﾞｬ"),
        ("windows-1252", "5 € ok"),
    ],
)
def test_names_of_table_0211_decode_and_encode(name: str, text: str) -> None:
    decoded = decode(encode(text, name), None, name)
    assert (decoded.text, decoded.charset, decoded.warnings) == (text, codec_of(name), ())


def test_the_channel_is_stronger_than_the_message() -> None:
    assert decode("ü".encode(), "UNICODE UTF-8", "8859/1").text == "ü"


@pytest.mark.parametrize("msh18", ["", "ASCII", "NO SUCH SET", "BIG-5"])
def test_undeclared_utf8_is_read_as_such_with_a_warning(msh18: str) -> None:
    decoded = decode("Grüße".encode(), None, msh18)
    assert (decoded.text, decoded.charset) == ("Grüße", "utf-8")
    assert [warning.place for warning in decoded.warnings] == ["MSH-18"]


@pytest.mark.parametrize("msh18", ["", "UNICODE UTF-8"])
def test_what_is_not_as_declared_is_read_as_windows_1252_with_a_warning(msh18: str) -> None:
    decoded = decode(b"Gr\xfc\xdfe \x80 5", None, msh18)
    assert (decoded.text, decoded.charset, len(decoded.warnings)) == ("Grüße € 5", "cp1252", 1)


def test_latin_1_with_control_bytes_is_windows_1252() -> None:
    decoded = decode(b"\x935\x94", None, "8859/1")
    assert (decoded.text, decoded.charset, len(decoded.warnings)) == ("“5”", "cp1252", 1)


@pytest.mark.parametrize("name", ["UNICODE UTF-16", "base64", "", "rot13"])
def test_only_sets_that_can_carry_er7_are_codecs(name: str) -> None:
    assert codec_of(name) in (None, "ascii")


def test_ascii_bytes_keep_the_declared_set_for_what_is_written_later() -> None:
    assert decode(b"plain", None, "UNICODE UTF-8").charset == "utf-8"


@pytest.mark.parametrize(("text", "told"), [("MÃ¼ller", "encoded twice"), ("M\ufffdller", "lost letters")])
def test_damage_done_by_others_is_flagged(text: str, told: str) -> None:
    (warning,) = decode(text.encode(), None, "UNICODE UTF-8").warnings
    assert told in warning.text


@given(st.binary(), st.sampled_from(["", "ASCII", "UNICODE UTF-8", "8859/1", "8859/7", "WINDOWS-1252", "NONSENSE"]))
def test_no_byte_is_lost(raw: bytes, msh18: str) -> None:
    decoded = decode(raw, None, msh18)
    assert encode(decoded.text, decoded.charset) == raw


@given(st.binary(), st.sampled_from(["", "ASCII", "UNICODE UTF-8", "8859/1", "ISO IR87", "BIG-5", "NONSENSE"]))
def test_text_is_such_as_any_store_can_keep(raw: bytes, msh18: str) -> None:
    assert decode(raw, None, msh18).text.encode("utf-8") or not raw


def test_bytes_that_windows_1252_leaves_open_are_written_back_and_nowhere_else() -> None:
    raw = b"Gr\xfc\xdfe \x81\x8d\x8f\x90\x9d"
    decoded = decode(raw)
    assert encode(decoded.text, decoded.charset) == raw
    with pytest.raises(MessageError):
        encode(decoded.text, "ASCII")


def test_what_cannot_be_encoded_is_told_by_position_only() -> None:
    with pytest.raises(MessageError, match="position 2 ") as raised:
        encode("ab患", "8859/1")
    assert raised.value.code == "character-unmappable"
    assert "患" not in str(raised.value)


def test_an_unknown_set_is_refused_for_writing() -> None:
    with pytest.raises(MessageError) as raised:
        encode("a", "UNICODE UTF-16")
    assert raised.value.code == "charset-unknown"

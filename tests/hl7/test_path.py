import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import MappingError
from interface.hl7.parser import parse
from interface.hl7.path import EVERY, Condition, Path
from tests.hl7 import strategy
from tests.hl7.sample import ADT_A01

numbers = st.integers(1, 99)
indexes = st.one_of(st.none(), st.just(EVERY), numbers)
conditions = st.builds(Condition, numbers, numbers, st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
paths = st.builds(
    lambda path, choice, sub: Path(
        path.segment,
        path.field,
        path.occurrence,
        None if choice else path.repetition,
        tuple(choice),
        path.component,
        sub if path.component else None,
    ),
    st.builds(Path, strategy.names, numbers, indexes, indexes, st.just(()), st.one_of(st.none(), numbers), st.none()),
    st.lists(conditions, max_size=2),
    st.one_of(st.none(), numbers),
)


@given(paths)
def test_a_path_written_is_the_path_parsed(path: Path) -> None:
    assert Path.parse(str(path)) == path


@pytest.mark.parametrize(
    "text",
    [
        "PID-3",
        "PID-3[1].4",
        "GT1[2]-3.1",
        "PID-5.1.2",
        "OBX[*]-5",
        "ZAB-1[*].2",
        "PID-3[.5 = 'MR'].1",
        "PID-3[.4.2 = '1.2' and .5 = 'O''X']",
    ],
)
def test_paths_are_written_as_they_were(text: str) -> None:
    assert str(Path.parse(text)) == text


def test_blanks_inside_a_choice_are_free() -> None:
    assert Path.parse("PID-3[.5='MR'].1") == Path.parse("PID-3[ .5 =  'MR' ].1")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "path-malformed"),
        ("PID", "path-malformed"),
        ("PID-", "path-malformed"),
        ("pid-3", "path-malformed"),
        ("PIDX-3", "path-malformed"),
        ("PID.3", "path-malformed"),
        ("PID-3.1.1.1", "path-malformed"),
        ("PID-3[x]", "path-malformed"),
        ("PID-3[.5]", "path-malformed"),
        ("PID-3[.5 = MR]", "path-malformed"),
        ("PID-3[.5 = 'MR' or .4 = 'X']", "path-malformed"),
        ("PID-3[.5 = 'MR' and ]", "path-malformed"),
        ("PID-0", "path-out-of-range"),
        ("PID[0]-3", "path-out-of-range"),
        ("PID-3[0]", "path-out-of-range"),
        ("PID-3.0", "path-out-of-range"),
        ("PID-3[.0 = 'x']", "path-out-of-range"),
        ("PID-100000", "path-out-of-range"),
    ],
)
def test_what_is_no_path_is_refused(text: str, code: str) -> None:
    with pytest.raises(MappingError) as raised:
        Path.parse(text)
    assert raised.value.code == code


IDS = parse(
    b"MSH|^~\\&|A|B|C|D|1||ADT^A08|1|P|2.5\r"
    b"PID|1||1^^^N&1.2^MR~2^^^S^MR~3^^^N^PI\r"
    b"OBX|1||||a~b\rOBX|2||||\rOBX|3||||c\r"
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("PID-3[.5 = 'PI'].1", "3"),
        ("PID-3[.5 = 'MR' and .4 = 'S'].1", "2"),
        ("PID-3[.4.2 = '1.2']", "1"),
        ("PID-3[.5 = 'XX']", ""),
        ("OBX[3]-5", "c"),
        ("OBX[*]-5", "a"),
        ("OBX-5[2]", "b"),
        ("OBX[4]-5", ""),
    ],
)
def test_one_value_is_chosen(path: str, text: str) -> None:
    assert IDS.text(path) == text == IDS.value(path).text


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("PID-3", ["1", "2", "3"]),
        ("PID-3[*]", ["1", "2", "3"]),
        ("PID-3[2]", ["2"]),
        ("PID-3[.5 = 'MR'].1", ["1", "2"]),
        ("PID-3.4.2", ["1.2", "", ""]),
        ("OBX[*]-5", ["a", "b", "c"]),
        ("OBX-5", ["a", "b", "c"]),
        ("OBX[1]-5", ["a", "b"]),
        ("OBX-5[1]", ["a", "c"]),
        ("OBX[2]-5", []),
        ("ZZZ-1", []),
    ],
)
def test_all_values_are_given_in_order(path: str, texts: list[str]) -> None:
    assert [value.text for value in IDS.values(path)] == texts


def test_a_path_is_evaluated_against_one_segment_too() -> None:
    third = IDS.segments("OBX")[2]
    assert Path.parse("OBX-5").text(third) == "c"
    assert Path.parse("OBX-5").all(third)[0].text == "c"
    assert Path.parse("PID-3").text(third) == ""
    assert Path.parse("OBX[2]-5").text(third) == ""


def test_elements_are_whole_repetitions() -> None:
    assert [element.er7 for element in IDS.elements("PID-3[.5 = 'MR'].1")] == ["1^^^N&1.2^MR", "2^^^S^MR"]
    element = parse(ADT_A01).element("PID-3")
    assert element is not None
    assert element.part(4).text(2) == "2.16.840.1.113883.3.9999.1"
    assert IDS.element("PID-99") is None


def test_the_place_says_no_more_than_segment_and_field() -> None:
    assert Path.parse("PID-3[.5 = 'MR'].1").place == "PID-3"

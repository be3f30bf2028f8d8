"""Wrong edits that people really make: what they are told is what to type instead."""

from pathlib import Path

import pytest

from tests.cli.conftest import Hp24
from tests.cli.test_map import message
from tests.mapping.sample import DFT


def edited(root: Path, file: str, old: str, new: str) -> int:
    """Change a line of a file and give its number."""
    path = root / file
    lines = path.read_text().splitlines()
    number = lines.index(old)
    lines[number] = new
    path.write_text("\n".join(lines) + "\n")
    return number + 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "  family: PID-5.1",
            "  family: PDI-5.1",
            "11: HL7 has no segment PDI; did you mean `PID-5.1`? [unknown-segment]",
        ),
        (
            "  family: PID-5.1",
            "  family: PID5.1",
            "11: cannot read this expression at `PID5.1`; write a path as PID-5.1 [malformed-expression]",
        ),
        (
            "  sex: PID-8 | table(sex)",
            "  sex: PID-8 | table(sexes)",
            "16: there is no table `sexes`; did you mean `sex`? [missing-table]",
        ),
        (
            "  family: PID-5.1",
            "  famly: PID-5.1",
            "3: `famly` is no target here; did you mean `family`? [unknown-target]",
        ),
        (
            "  given: PID-5.2",
            "   given: PID-5.2",
            "4: `given` is indented by 3 blanks, and the keys beside it by 2; put 2 blanks before `given` [bad-indentation]",
        ),
        (
            "  given: PID-5.2",
            "given: PID-5.2",
            "1: `given` is indented not at all, and the keys beside it by 2; put 2 blanks before `given` [bad-indentation]",
        ),
        (
            "  family: PID-5.1",
            "    family: PID-5.1",
            "5: `family` is indented by 4 blanks, and the keys beside it by 2; put 2 blanks before `family` [bad-indentation]",
        ),
        (
            "  given: PID-5.2",
            "\tgiven: PID-5.2",
            "1: the line is indented with a tab; indent with blanks, two for each level [tab]",
        ),
    ],
)
def test_check_says_what_to_type_instead(root: Path, hp24: Hp24, old: str, new: str, told: str) -> None:
    line = edited(root, "mappings/hl7v2.yaml", old, new)
    assert hp24("check").out.splitlines() == [f"mappings/hl7v2.yaml:{line}:{told}"]


def test_a_code_that_the_table_lacks_is_told_with_the_row_to_add(root: Path, hp24: Hp24) -> None:
    file = root / "mappings" / "tables" / "transaction_kind.csv"
    rows = [row for row in file.read_text().splitlines() if not row.startswith("PY,")]
    file.write_text("\n".join(rows) + "\n")
    (one,) = hp24("map", message(root, DFT), "--json").json["messages"]
    (rule,) = one["to_blame"]
    assert (one["code"], one["place"], rule["target"]) == ("code-unknown", "FT1[2]-6", "transactions.kind")
    assert rule["steps"][-1]["note"] == (
        f"not listed, and the row * at mappings/tables/transaction_kind.csv:{len(rows)} refuses it; "
        "add a row `PY,` with one of adjustment, charge, credit, payment"
    )

"""What README.md shows is there: its channel stands in the shipped file, its commands exist, its libraries are those declared."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache

from interface.cli.main import VERBS
from interface.ledger.outcome import Cause, Caution
from tests.house.source import PROJECT
from tests.house.test_errors import documented_codes


@cache
def read(path: str) -> str:
    return (PROJECT / path).read_text(encoding="utf-8")


def test_the_channel_shown_is_the_one_shipped() -> None:
    found = re.search(r"```yaml\n(.*?)```", read("README.md"), re.DOTALL)
    assert found
    shown = [line for line in found[1].splitlines() if line.strip()]
    shipped = iter(read("channels/epic.yaml").splitlines())
    assert [line for line in shown if line not in shipped] == []  # an iterator: the lines stand there in this order


def shell_words() -> Iterator[str]:
    """What stands behind `hp24` and `make` wherever a README writes a command."""
    for path in ("README.md", "interface/README.md"):
        yield from re.findall(r"(?:^|`|= |&& )((?:hp24|make) [a-z]+)(?=[ `\n])", read(path), re.MULTILINE)


def test_every_verb_and_target_shown_exists() -> None:
    targets = re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)
    known = {f"hp24 {verb}" for verb in VERBS} | {f"make {target}" for target in targets}
    shown = set(shell_words())
    assert shown
    assert shown <= known, shown - known


def test_every_library_of_the_product_is_explained() -> None:
    declared = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    names = {re.split(r"[\[><=; ]", one, maxsplit=1)[0] for one in declared}
    explained = {row.split(" ")[0].lower() for row in re.findall(r"^\| ([^|]+) \|", read("README.md"), re.MULTILINE)}
    assert names <= explained, names - explained


def test_every_link_leads_somewhere() -> None:
    for path in ("README.md", "CHANGELOG.md", "interface/README.md", "channels/TUTORIAL.md"):
        folder = (PROJECT / path).parent
        links = re.findall(r"\]\((?!https?:)([^)#]+)", read(path))
        assert [link for link in links if not (folder / link).exists()] == []


def test_every_reason_that_the_ledger_gives_is_documented() -> None:
    codes = documented_codes()
    assert [cause.value for cause in Cause if cause.value not in codes] == []
    assert [note.value for note in Caution if f"`{note.value}`" not in read("interface/README.md")] == []

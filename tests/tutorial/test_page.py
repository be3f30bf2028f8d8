"""What is wrong in a tutorial is found, by the line where it stands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tutorial.page import Command, File, PageError, steps_of
from tests.tutorial.shell import Shell, TutorialError
from tests.tutorial.test_tutorial import environ

PAGE = """\
# A page

```csv title="tables/sex.csv"
in,out
F,female
```

```console
$ cd tables
$ cat sex.csv
in,out
F,female
$ echo 'a    b  17 c'; echo d; echo e
a b ... c
...
e
```

```yaml
only: to look at
```

```console fails
$ cat nothing.csv
cat: nothing.csv: ...
```
"""


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Shell(tmp_path, environ(tmp_path)) as running:
        yield running


def follow(shell: Shell, page: str) -> None:
    for step in steps_of(page):
        shell.follow(step)


def test_files_and_commands_are_read_with_their_lines() -> None:
    file, first, second, third, last = steps_of(PAGE)
    assert file == File(4, "tables/sex.csv", "in,out\nF,female\n")
    assert first == Command(9, "cd tables")
    assert second == Command(10, "cat sex.csv", ("in,out", "F,female"))
    assert isinstance(third, Command)
    assert (third.line, len(third.output)) == (13, 3)
    assert last == Command(24, "cat nothing.csv", ("cat: nothing.csv: ...",), fails=True)


def test_a_page_that_is_right_is_followed_to_its_end(shell: Shell) -> None:
    follow(shell, PAGE)


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("F,female\n$", "F,femal\n$", 12),  # another text
        ("F,female\n$", "$", 11),  # a line too few
        ("F,female\n$", "F,female\nM,male\n$", 13),  # a line too many
        ("a b ... c", "a b ... d", 14),  # another text behind what may be anything
        ("...\ne", "...\nf", 16),  # another text behind lines that may be any
        ("cd tables", "cd table", 9),  # a command that fails and should not
        ("$ cat nothing.csv", "$ echo cat: nothing.csv: is there", 24),  # a command that should fail and does not
        ("console fails", "console", 24),
    ],
)
def test_a_page_that_is_wrong_is_told_by_its_line(shell: Shell, right: str, wrong: str, line: int) -> None:
    assert right in PAGE
    with pytest.raises(TutorialError, match=f"line {line}: "):
        follow(shell, PAGE.replace(right, wrong))


def test_what_was_started_in_the_background_ends_with_the_shell(tmp_path: Path) -> None:
    with Shell(tmp_path, environ(tmp_path)) as shell:
        shell.type("sleep 1000 &")
    # its end of the pipe is closed, or the block above would not have ended


def test_a_command_that_only_looks_is_typed_again_until_it_shows_what_is_written(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "hp24").write_text("#!/bin/sh\necho x >> looked; wc -l < looked\n")
    (tmp_path / "hp24").chmod(0o755)
    shell.type(f"PATH={tmp_path}:$PATH")
    shell.follow(Command(1, "hp24 accounts", ("3",)))
    with pytest.raises(TutorialError, match="line 3: "):
        shell.follow(Command(2, "hp24 pay", ("5",)))


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("```console\n$ ls\n", "line 1: this block is not closed"),
        ("```console\nls\n```\n", "line 2: a console begins with a command"),
        ('```yaml titel="a.yaml"\n```\n', "line 1: `yaml titel"),
    ],
)
def test_a_fence_that_means_nothing_is_told(page: str, told: str) -> None:
    with pytest.raises(PageError, match=told):
        steps_of(page)

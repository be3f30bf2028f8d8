"""The tutorial is done as its reader does it: the same files, the same commands, over real sockets."""

import os
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.ports import free_ports
from tests.tutorial.page import steps_of
from tests.tutorial.shell import Shell

PORTS = ("2601", "2602")  # of the page; somebody else may use them here, so that each becomes one that is free


def environ(home: Path) -> dict[str, str]:
    """A terminal's environment, after `source .venv/bin/activate`: without anything of HP24."""
    return {
        "HOME": str(home),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",  # what is printed and what is complained come in the order of a terminal
        "HP24_FHIR_PORT": "0",
        "HP24_HTTP_PORT": "0",  # the page does not look at it, and its port may be taken
    }


@pytest.mark.proof
def test_the_tutorial_shows_what_happens(tmp_path: Path) -> None:
    page = (PROJECT / "channels" / "TUTORIAL.md").read_text(encoding="utf-8")
    for port, free in zip(PORTS, free_ports(len(PORTS)), strict=True):
        page = page.replace(port, str(free))
    with Shell(tmp_path, environ(tmp_path)) as shell:
        for step in steps_of(page):
            shell.follow(step)

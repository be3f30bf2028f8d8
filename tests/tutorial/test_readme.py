"""What the README has its reader type over FHIR is done as it stands there, against a running engine."""

from pathlib import Path

from tests.conftest import PROJECT
from tests.ports import free_ports
from tests.tutorial.page import steps_of
from tests.tutorial.shell import Shell
from tests.tutorial.test_tutorial import environ

_PORTS = ("EPIC_MLLP_PORT", "CERNER_MLLP_PORT", "ATHENA_MLLP_PORT", "HP24_FHIR_PORT")
_READY = "curl --retry 60 --retry-connrefused --retry-delay 1 --silent --output metadata.json"


def test_the_readme_shows_what_happens_over_fhir(tmp_path: Path) -> None:
    page = (PROJECT / "README.md").read_text(encoding="utf-8")
    section = page.partition("\n## Ask and write over FHIR\n")[2].partition("\n## ")[0]
    assert section, "the README has this section"
    ports = dict(zip(_PORTS, map(str, free_ports(len(_PORTS))), strict=True))
    port = ports["HP24_FHIR_PORT"]
    with Shell(tmp_path, environ(tmp_path) | ports) as shell:
        shell.type("hp24 init site >/dev/null && cd site && (hp24 run >run.log 2>&1 &)")
        shell.type(f"{_READY} http://127.0.0.1:{port}/fhir/r4/metadata")
        for step in steps_of(section.replace("8025", port)):
            shell.follow(step)
